import sax from 'sax';
import { maxMembers } from '../common/parse-json.ts';

export type XmlReading = { readonly kind: 'read'; readonly value: Record<string, unknown> } | XmlFailure;

interface XmlFailure {
  readonly kind: 'malformed' | 'tooManyNames';
  readonly reason: string;
}

interface Element {
  readonly name: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly children: Element[];
  text: string;
}

/** Deeper than any webhook; limits the recursion below. */
const maxDepth = 64;

/** Different names of elements and attributes in a document: an object with many more takes seconds to build. */
const maxNames = maxMembers;

/**
 * Reads an XML delivery by element names, wherever its root is, since the vendor's exact shape is [unknown]: `ListID`,
 * each `Event` below `Events`, each `CustomField` with `Key` and `Value` below `CustomFields`; if the entries of these
 * two have other names, they are read as well. Unknown elements and attributes are kept. Only the five predefined
 * entities and character references are resolved; a document's own entities and external references are errors.
 */
export function readXml(text: string): XmlReading {
  const tree = parse(text);
  if ('reason' in tree) return tree;
  const way = wayTo(tree, (element) => element.children.some((child) => child.name === 'Events')) ?? [tree];
  const value: Record<string, unknown> = {};
  const [listId] = wayTo(tree, (element) => element.name === 'ListID', 'Events')?.slice(-1) ?? [];
  if (listId !== undefined) set(value, 'ListID', listId.text.trim());
  const events: unknown[] = [];
  const rest: Element[] = [];
  for (const [depth, element] of way.entries()) {
    addAttributes(value, '', element);
    for (const child of element.children) {
      if (child === way[depth + 1]) continue;
      if (child.name !== 'Events') {
        rest.push(child);
        continue;
      }
      if (!Object.hasOwn(value, 'Events')) set(value, 'Events', events);
      addAttributes(value, 'Events', child);
      const { entries, others } = entriesOf(child, 'Event');
      // One by one, here and below: there may be more than a call's maximum arguments.
      for (const entry of entries) events.push(eventOf(entry));
      for (const other of others) rest.push(other);
    }
  }
  for (const child of rest) if (child.name !== 'ListID' && child.name !== 'Events') addField(value, child);
  return { kind: 'read', value };
}

function parse(text: string): Element | XmlFailure {
  const parser = sax.parser(true, { position: true, strictEntities: true } as sax.SAXOptions);
  const root: Element = { name: '', attributes: [], children: [], text: '' };
  const open: Element[] = [root];
  const names = new Set<string>();
  let kind: XmlFailure['kind'] = 'malformed';
  // Stops at once: sax continues after an error, and compares each wrong closing tag with all open elements.
  const fail = (reason: string): never => {
    throw new Error(reason);
  };
  const count = (name: string): void => {
    names.add(name);
    if (names.size <= maxNames) return;
    kind = 'tooManyNames';
    fail(`more than ${maxNames} names of elements and attributes`);
  };
  parser.onerror = ({ message }) => fail(message);
  let attributes: [string, string][] = [];
  parser.onattribute = ({ name, value }) => {
    attributes.push([name, value]);
    count(`${(parser as { tag: { name: string } }).tag.name}@${name}`);
  };
  parser.onopentag = (tag) => {
    const element: Element = { name: tag.name.replace(/^.*:/, ''), attributes, children: [], text: '' };
    attributes = [];
    count(tag.name);
    open.at(-1)?.children.push(element);
    open.push(element);
    if (root.children.length > 1) fail('more than one root element');
    if (open.length > maxDepth) fail(`nested deeper than ${maxDepth} elements`);
  };
  parser.onclosetag = () => void open.pop();
  const append = (part: string): void => {
    const current = open.at(-1);
    if (current !== undefined) current.text += part;
  };
  parser.ontext = append;
  parser.oncdata = append;
  try {
    // In chunks: after each, sax checks the length of its buffers.
    for (let at = 0; at < text.length; at += 65_536) parser.write(text.slice(at, at + 65_536));
    parser.close();
    return root.children[0] ?? fail('no element');
  } catch (error) {
    // An attribute named hasOwnProperty causes an error in sax itself.
    const [reason = ''] = (error as Error).message.split('\n');
    return { kind, reason: `${reason} (line ${parser.line + 1}, column ${parser.column})` };
  }
}

/** The path from `element` to the first match, depth first, without entering elements named `except`. */
function wayTo(element: Element, matches: (element: Element) => boolean, except?: string): Element[] | undefined {
  if (matches(element)) return [element];
  for (const child of element.children) {
    if (child.name === except) continue;
    const way = wayTo(child, matches, except);
    if (way !== undefined) return [element, ...way];
  }
  return undefined;
}

/** The entries of a list, in order: all elements with a name below it, or else its children that have children. */
function entriesOf(list: Element, name: string): { entries: Element[]; others: Element[] } {
  const named = descendants(list, name);
  if (named.length === 0) {
    return {
      entries: list.children.filter((child) => child.children.length > 0),
      others: list.children.filter((child) => child.children.length === 0),
    };
  }
  return {
    entries: named,
    others: list.children.filter((child) => wayTo(child, (e) => e.name === name) === undefined),
  };
}

/** All elements with a name below `element`, in order, without those nested in another. */
function descendants(element: Element, name: string): Element[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : descendants(child, name)));
}

function eventOf(element: Element): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  const customFields: unknown[] = [];
  addAttributes(event, '', element);
  for (const child of element.children) {
    if (child.name !== 'CustomFields') {
      addField(event, child);
      continue;
    }
    if (!Object.hasOwn(event, 'CustomFields')) set(event, 'CustomFields', customFields);
    addAttributes(event, 'CustomFields', child);
    const { entries, others } = entriesOf(child, 'CustomField');
    for (const entry of entries) customFields.push(customFieldOf(entry));
    for (const field of others) customFields.push({ Key: field.name, Value: field.text });
  }
  return event;
}

function customFieldOf(element: Element): unknown {
  const value = valueOf(element, true);
  if (value !== null) addAttributes(value as Record<string, unknown>, '', element);
  return value;
}

/** A repeated name becomes an array. */
function addField(target: Record<string, unknown>, child: Element): void {
  const value = valueOf(child, false);
  addAttributes(target, child.name, child);
  if (!Object.hasOwn(target, child.name)) {
    set(target, child.name, value);
    return;
  }
  const present = target[child.name];
  if (Array.isArray(present)) present.push(value);
  else set(target, child.name, [present, value]);
}

function valueOf(element: Element, asObject: boolean): unknown {
  if (isNil(element)) return null;
  if (element.children.length === 0 && !asObject) return element.text;
  const value: Record<string, unknown> = {};
  for (const child of element.children) addField(value, child);
  if (element.text.trim() !== '') set(value, '#text', element.text.trim());
  return value;
}

function isNil(element: Element): boolean {
  return element.attributes.some(([name, value]) => /^(?:\w+:)?nil$/.test(name) && (value === 'true' || value === '1'));
}

/** An attribute `a` of element `Name` becomes `Name@a`; namespaces and schema hints are left out. */
function addAttributes(target: Record<string, unknown>, prefix: string, element: Element): void {
  for (const [name, value] of element.attributes) {
    if (/^xmlns(?::|$)|^xsi:/.test(name)) continue;
    set(target, `${prefix}@${name}`, value);
  }
}

/** Defines even `__proto__` as an own field, like JSON.parse. */
function set(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
