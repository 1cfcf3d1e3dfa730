/**
 * Turns captured deliveries into ones that can be shared: what is personal is replaced consistently, what says how the
 * vendor builds a delivery (structure, field order, types of values, unknown fields, dates, header names) stays.
 */
import { isIP, isIPv6 } from 'node:net';
import sax from 'sax';

/** A delivery as it was received. */
export interface Capture {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A delivery without anything personal. */
export interface AnonymisedCapture {
  readonly headers: [string, string][];
  /** `text`: the body is neither JSON nor XML; only its punctuation is kept. */
  readonly format: 'json' | 'xml' | 'text' | 'empty';
  /** The JSON value, or the XML or text. */
  readonly body: Json;
}

const masked = '********';

/** Headers whose values tell how the vendor sends and nothing about anybody. */
const openHeaders = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'cache-control',
  'connection',
  'content-encoding',
  'content-type',
  'expect',
  'pragma',
  'transfer-encoding',
  'user-agent',
]);

/**
 * Anonymises deliveries together: the same original gets the same replacement in all of them, and different ones get
 * different ones, so that "the old address equals the new one" still shows.
 *
 * Replaced: names, addresses, values and keys of custom fields, IP addresses, list ids, and the value of every field
 * that is not known, by a placeholder of the same kind (a number stays a number, a URL a URL, text beyond ASCII stays
 * beyond ASCII). Kept: names of fields, `Date` where it has a date's form, words of the vendor's own vocabulary
 * (`Type`, `State`, an `eventType`), booleans, null, zero and empty text.
 * @param captures deliveries, from Campaign Monitor or notifications of Open Connectors
 */
export function anonymise(captures: readonly Capture[]): AnonymisedCapture[] {
  const documents = captures.map((capture) => read(capture.body));
  const replacements = new Replacements();
  for (const document of documents) document.collect(replacements);
  return captures.map((capture, i) => {
    const document = documents[i] ?? unreadable('');
    return {
      headers: capture.headers.map(([name, value]): [string, string] => [
        name,
        openHeaders.has(name.toLowerCase()) && !replacements.holdsOriginal(value) ? value : masked,
      ]),
      ...document.replace(replacements),
    };
  });
}

interface Document {
  collect(replacements: Replacements): void;
  replace(replacements: Replacements): Pick<AnonymisedCapture, 'format' | 'body'>;
}

function read(bytes: Uint8Array): Document {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return { collect: () => undefined, replace: () => ({ format: 'empty', body: '' }) };
  try {
    const value = JSON.parse(text) as Json;
    // A dry run finds what is nested too deeply to walk.
    eachString(value, () => undefined);
    return {
      collect: (replacements) => eachString(value, (original, role) => replacements.note(original, role)),
      replace: (replacements) => ({
        format: 'json',
        body: replaceJson(value, replacements, { name: '', custom: false }),
      }),
    };
  } catch {
    // Not JSON.
  }
  try {
    if (text.trimStart().startsWith('<')) {
      rewriteXml(text, (original) => original);
      return {
        collect: (replacements) =>
          rewriteXml(text, (original, role) => {
            replacements.note(original, role);
            return original;
          }),
        replace: (replacements) => ({
          format: 'xml',
          body: rewriteXml(text, (original, role) => replacements.text(original, role)),
        }),
      };
    }
  } catch {
    // Not XML either.
  }
  return unreadable(text);
}

/** A body that cannot be read keeps its punctuation, so that what is wrong with its form still shows. */
function unreadable(text: string): Document {
  return {
    collect: () => undefined,
    replace: () => ({
      format: 'text',
      body: text
        .replace(/\p{L}/gu, 'x')
        .replace(/\p{N}/gu, '0')
        .replace(/[^\n\t\x20-\x7e]/gu, '?'),
    }),
  };
}

// --- what a field is ---------------------------------------------------------------------------------------------------

type Role = 'name' | 'customKey' | 'customValue' | 'word' | 'date' | 'topic' | 'value';

const wordFields = new Set(['type', 'state', 'eventtype', 'objecttype', 'elementkey', 'hubkey', 'severity', 'action']);
const dateFields = new Set(['date', 'createddate', 'polldate', 'eventdate']);

function roleOf(field: string, inCustomField: boolean): Role {
  const name = field.toLowerCase();
  if (inCustomField) return name === 'key' ? 'customKey' : 'customValue';
  if (name === 'name') return 'name';
  if (name === 'topic') return 'topic';
  if (wordFields.has(name)) return 'word';
  return dateFields.has(name) ? 'date' : 'value';
}

/** A word of a vocabulary, as in `Type` and `objectType`: states that nobody has documented must show. */
const word = /^[A-Za-z][A-Za-z-]{1,30}$/;
const date = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;
/** Java's Date.toString(), as in the platform's createdDate. */
const javaDate = /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]{3,4} \d{4}$/;
/** Values that the vendors write themselves in place of a personal one. */
const constants = new Set(['TypeManual', 'notifications@cloud-elements.com']);

const fieldName = /^[A-Za-z_$@][\w.:$-]{0,60}$/;

// --- replacements ------------------------------------------------------------------------------------------------------

/** What stands for what, in one export. */
class Replacements {
  readonly #originals = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #numbers = new Map<number, number>();
  readonly #checked = new Map<string, boolean>();
  readonly #counters = new Map<string, number>();

  /** Notes an original, so that no replacement equals one. */
  note(original: string, role: Role): void {
    if (role !== 'word' && role !== 'date' && role !== 'topic') this.#originals.add(original.toLowerCase());
  }

  /** Whether a text that would be kept holds an original of four characters or more. */
  holdsOriginal(text: string): boolean {
    let holds = this.#checked.get(text);
    if (holds === undefined) {
      const lower = text.toLowerCase();
      holds = [...this.#originals].some((original) => original.length >= 4 && lower.includes(original));
      this.#checked.set(text, holds);
    }
    return holds;
  }

  text(original: string, role: Role): string {
    if (original.trim() === '') return original === '' ? '' : ' ';
    if (constants.has(original)) return original;
    if (role === 'word' && word.test(original) && !this.#originals.has(original.toLowerCase())) return original;
    if (role === 'date' && (date.test(original) || javaDate.test(original))) return original;
    const topic = role === 'topic' ? /^instance-(\d{1,15})-campaignmonitor-events$/.exec(original)?.[1] : undefined;
    if (topic !== undefined) return `instance-${this.number(Number(topic))}-campaignmonitor-events`;
    const known = this.#texts.get(original);
    if (known !== undefined) return known;
    const replacement = this.#embedded(original) ?? this.#make(original, role);
    this.#texts.set(original, replacement);
    return replacement;
  }

  /** A number of the same kind: zero stays zero, a fraction a fraction, a negative one negative. */
  number(original: number): number {
    if (original === 0) return original;
    let replacement = this.#numbers.get(original);
    if (replacement === undefined) {
      const n = this.#next('number') + (Number.isInteger(original) ? 0 : 0.5);
      replacement = original < 0 ? -n : n;
      this.#numbers.set(original, replacement);
    }
    return replacement;
  }

  /** A field's name is kept, unless it is not what fields are named like. */
  key(original: string, inCustomField: boolean): string {
    if (inCustomField ? /^(?:key|value)$/i.test(original) : fieldName.test(original)) return original;
    return this.text(original, 'customKey');
  }

  /** JSON inside a string: a platform that passes the vendor's body on as text. */
  #embedded(original: string): string | undefined {
    if (!/^\s*[[{]/.test(original)) return undefined;
    try {
      return JSON.stringify(replaceJson(JSON.parse(original) as Json, this, { name: '', custom: false }));
    } catch {
      return undefined;
    }
  }

  #make(original: string, role: Role): string {
    const [counter, form] = placeholder(original, role);
    for (;;) {
      const candidate = form(this.#next(counter));
      if (!this.#originals.has(candidate.toLowerCase())) return candidate;
    }
  }

  #next(counter: string): number {
    const n = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, n);
    return n;
  }
}

/** The counter that numbers a placeholder, and its form: of the original's kind. */
function placeholder(original: string, role: Role): [counter: string, form: (n: number) => string] {
  if (/^[^@\s]+@[^@\s]+$/.test(original)) return ['address', (n) => `person${n}@example.org`];
  if (isIPv6(original)) return ['ipv6', (n) => `2001:db8::${n.toString(16)}`];
  if (isIP(original) !== 0) return ['ipv4', documentationAddress];
  if (/^[0-9a-f]{16,64}$/i.test(original)) {
    return ['id', (n) => n.toString(16).padStart(original.length, '0')];
  }
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(original)) {
    return ['id', (n) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`];
  }
  if (/^https?:\/\//i.test(original)) return ['url', (n) => `https://example.org/${n}`];
  if (date.test(original)) {
    const rest = original.slice(10).replace(/\d/g, '0');
    return ['date', (n) => new Date(Date.UTC(2000, 0, n)).toISOString().slice(0, 10) + rest];
  }
  const digits = /^([+-]?)\d+(?:([.,])\d+)?$/.exec(original);
  if (digits !== null) {
    const [, sign = '', point] = digits;
    return ['digits', (n) => `${sign}${n}${point === undefined ? '' : `${point}5`}`];
  }
  const ascii = /^\p{ASCII}*$/u.test(original);
  const label = labels[role][ascii ? 0 : 1];
  // Brackets around a custom field's key are a difference between the vendor's interfaces that should show.
  const bracketed = role === 'customKey' && original.startsWith('[') && original.endsWith(']');
  return [label, bracketed ? (n) => `[${label}${n}]` : (n) => `${label} ${n}`];
}

const labels: Record<Role, readonly [ascii: string, beyond: string]> = {
  name: ['Person', 'Persön'],
  customKey: ['Field', 'Fiëld'],
  customValue: ['Value', 'Välue'],
  word: ['Word', 'Wörd'],
  date: ['When', 'Whën'],
  topic: ['Topic', 'Töpic'],
  value: ['Text', 'Tëxt'],
};

/** An IPv4 address of the ranges reserved for documentation (RFC 5737); beyond them, a private one. */
function documentationAddress(n: number): string {
  const range = ['192.0.2', '198.51.100', '203.0.113'][Math.floor((n - 1) / 254)];
  if (range !== undefined) return `${range}.${((n - 1) % 254) + 1}`;
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

// --- JSON --------------------------------------------------------------------------------------------------------------

interface Place {
  /** The field that holds the value, or the list of values. */
  readonly name: string;
  readonly custom: boolean;
}

const isCustomFields = (name: string): boolean => /^CustomFields?$/i.test(name);

function replaceJson(value: Json, replacements: Replacements, place: Place): Json {
  if (typeof value === 'string') return replacements.text(value, roleOf(place.name, place.custom));
  if (typeof value === 'number') return replacements.number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => replaceJson(item, replacements, place));
  // Entries, so that a field named __proto__ stays a field.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      replacements.key(key, place.custom),
      replaceJson(item, replacements, { name: key, custom: place.custom || isCustomFields(key) }),
    ]),
  );
}

function eachString(
  value: Json,
  visit: (original: string, role: Role) => void,
  place: Place = { name: '', custom: false },
): void {
  if (typeof value === 'string') {
    visit(value, roleOf(place.name, place.custom));
  } else if (Array.isArray(value)) {
    for (const item of value) eachString(item, visit, place);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      eachString(item, visit, { name: key, custom: place.custom || isCustomFields(key) });
    }
  }
}

// --- XML ---------------------------------------------------------------------------------------------------------------

const openNamespace =
  /^(?:https?:\/\/(?:[\w-]+\.)*(?:w3\.org|createsend\.com|campaignmonitor\.com|microsoft\.com)\/[\w./-]*)$/;

/**
 * Writes XML again with its texts and attribute values replaced; elements, their order and white space stay.
 * Comments, processing instructions and the document type may hold anything: a comment says that one was there.
 * @throws where it is not well-formed
 */
function rewriteXml(text: string, replace: (original: string, role: Role) => string): string {
  const parser = sax.parser(true, { trim: false, normalize: false });
  const path: string[] = [];
  const selfClosing: boolean[] = [];
  let out = '';
  let pending = '';
  let cdata = '';
  const custom = (): boolean => path.slice(0, -1).some(isCustomFields);
  const value = (raw: string): string => {
    const inner = raw.trim();
    if (inner === '') return raw;
    const start = raw.indexOf(inner);
    const replaced = replace(inner, roleOf(path.at(-1) ?? '', custom()));
    return raw.slice(0, start) + replaced + raw.slice(start + inner.length);
  };
  const flush = (): void => {
    if (pending !== '') out += escapeXml(value(pending));
    pending = '';
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.ontext = (chunk) => {
    pending += chunk;
  };
  parser.onprocessinginstruction = ({ name, body }) => {
    flush();
    out +=
      name === 'xml' && /^(?:\s*(?:version|encoding|standalone)=["'][\w.-]{1,20}["'])*\s*$/.test(body)
        ? `<?xml ${body.trim()}?>`
        : '<!-- processing instruction removed -->';
  };
  parser.ondoctype = () => {
    flush();
    out += '<!-- document type removed -->';
  };
  parser.oncomment = () => {
    flush();
    out += '<!-- comment removed -->';
  };
  parser.onopentag = (tag) => {
    flush();
    path.push(localName(tag.name));
    selfClosing.push(tag.isSelfClosing);
    out += `<${tag.name}`;
    for (const [name, attribute] of Object.entries(tag.attributes)) {
      out += ` ${name}="${escapeXml(attributeValue(name, String(attribute), replace)).replaceAll('"', '&quot;')}"`;
    }
    out += tag.isSelfClosing ? '/>' : '>';
  };
  parser.onclosetag = (name) => {
    flush();
    // sax closes a self-closing element too.
    if (selfClosing.pop() !== true) out += `</${name}>`;
    path.pop();
  };
  parser.onopencdata = () => {
    flush();
    cdata = '';
  };
  parser.oncdata = (chunk) => {
    cdata += chunk;
  };
  parser.onclosecdata = () => {
    out += `<![CDATA[${value(cdata)}]]>`;
  };
  parser.write(text.replace(/^\ufeff/, '')).close();
  flush();
  return out;
}

function attributeValue(name: string, value: string, replace: (original: string, role: Role) => string): string {
  if (name === 'xmlns' || name.startsWith('xmlns:')) return openNamespace.test(value) ? value : replace(value, 'value');
  // The vocabulary of XML Schema: xsi:nil="true", i:type="xsd:string".
  if (/:(?:nil|type)$/.test(name) && /^(?:true|false|(?:xs|xsd):\w{1,30})$/.test(value)) return value;
  return replace(value, roleOf(name, false));
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
