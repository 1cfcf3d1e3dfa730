import sax from 'sax';

/** An XML delivery as the JSON format would write it, or why it is not well-formed. */
export type XmlReading =
  | { readonly kind: 'read'; readonly value: Record<string, unknown> }
  | { readonly kind: 'malformed'; readonly reason: string };

interface Element {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: Element[];
  text: string;
}

/** Deeper than any webhook; a bound on recursion below. */
const maxDepth = 64;

/**
 * Reads an XML delivery by element names, wherever its root is, since the vendor's exact shape is [unknown]: `ListID`,
 * each `Event` below `Events`, each `CustomField` with `Key` and `Value` below `CustomFields`. Unknown elements and
 * attributes are kept. Only the five predefined entities and character references are resolved: a document's own
 * entities and external references never are, and using one is an error.
 * @param text the document
 */
export function readXml(text: string): XmlReading {
  const tree = parse(text);
  if (typeof tree === 'string') return { kind: 'malformed', reason: tree };
  const holder = find(tree, (element) => element.children.some((child) => child.name === 'Events'));
  const top = holder ?? tree;
  const value: Record<string, unknown> = {};
  const listId = find(tree, (element) => element.name === 'ListID', 'Events');
  if (listId !== undefined) set(value, 'ListID', listId.text.trim());
  for (const child of top.children) {
    if (child.name === 'Events') set(value, 'Events', descendants(child, 'Event').map(eventOf));
    else if (child.name !== 'ListID') addField(value, child);
  }
  return { kind: 'read', value };
}

function parse(text: string): Element | string {
  const parser = sax.parser(true, { position: true, strictEntities: true } as sax.SAXOptions);
  const root: Element = { name: '', attributes: [], children: [], text: '' };
  const open: Element[] = [root];
  let failure: string | undefined;
  const fail = (reason: string): void => {
    failure ??= `${reason} (line ${parser.line + 1}, column ${parser.column})`;
  };
  parser.onerror = (error) => {
    fail(error.message.split('\n')[0] ?? 'malformed');
  };
  parser.onopentag = (tag) => {
    const attributes = Object.entries(tag.attributes).map(([name, value]) => [name, String(value)] as const);
    const element: Element = { name: tag.name.replace(/^.*:/, ''), attributes, children: [], text: '' };
    open.at(-1)?.children.push(element);
    open.push(element);
    if (open.length > maxDepth) fail(`nested deeper than ${maxDepth} elements`);
  };
  parser.onclosetag = () => void open.pop();
  const append = (part: string): void => {
    const current = open.at(-1);
    if (current !== undefined) current.text += part;
  };
  parser.ontext = append;
  parser.oncdata = append;
  // Chunks, so that a failure ends the reading early.
  for (let at = 0; at < text.length && failure === undefined; at += 65_536) parser.write(text.slice(at, at + 65_536));
  if (failure === undefined) parser.close();
  return failure ?? root.children[0] ?? 'no element';
}

/** The first element, depth first, that `matches`; `except` names elements that are not entered. */
function find(element: Element, matches: (element: Element) => boolean, except?: string): Element | undefined {
  if (matches(element)) return element;
  for (const child of element.children) {
    if (child.name === except) continue;
    const found = find(child, matches, except);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** All elements of a name below `element`, in order; what is inside one of them is its own. */
function descendants(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : descendants(child, name)));
}

function eventOf(element: Element): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  addAttributes(event, '', element);
  for (const child of element.children) {
    if (child.name === 'CustomFields') {
      set(
        event,
        'CustomFields',
        descendants(child, 'CustomField').map((field) => valueOf(field, true)),
      );
    } else addField(event, child);
  }
  return event;
}

/** Adds a child to an object: a name that repeats becomes an array. */
function addField(target: Record<string, unknown>, child: Element): void {
  const value = valueOf(child, false);
  addAttributes(target, child.name, child);
  if (!Object.hasOwn(target, child.name)) {
    set(target, child.name, value);
    return;
  }
  const present = target[child.name];
  set(target, child.name, Array.isArray(present) ? [...(present as unknown[]), value] : [present, value]);
}

function valueOf(element: Element, asObject: boolean): unknown {
  if (isNil(element)) return null;
  if (element.children.length === 0 && !asObject) return element.text;
  const value: Record<string, unknown> = {};
  for (const child of element.children) addField(value, child);
  return value;
}

function isNil(element: Element): boolean {
  return element.attributes.some(([name, value]) => /^(?:\w+:)?nil$/.test(name) && (value === 'true' || value === '1'));
}

/** An attribute `a` of element `Name` is kept as `Name@a`; namespaces and schema hints are no data. */
function addAttributes(target: Record<string, unknown>, prefix: string, element: Element): void {
  for (const [name, value] of element.attributes) {
    if (/^xmlns(?::|$)|^xsi:/.test(name)) continue;
    set(target, `${prefix}@${name}`, value);
  }
}

/** Assigns even `__proto__` as a field of its own, as JSON.parse does. */
function set(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
