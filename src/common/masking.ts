/**
 * Masks secrets: known values, and values at the positions of secrets. Both are searched for in the text itself, and in
 * the text without one and two layers of escapes.
 */
import { isUtf8 } from 'node:buffer';

/** Replaces a secret wherever one is stored, shown or exported. Open Connectors returns the same [live]. */
export const maskedValue = '********';

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MaskOptions {
  /** The text was cut off: mask the beginning of a secret at its end, too. */
  readonly cut?: boolean;
}

/**
 * Masks every known secret in these forms, and in no other: plain; percent-encoded, with `+` for spaces, escaped for
 * JSON, JavaScript or HTML, with hex digits of either case; its UTF-8 in hexadecimal, and in base64 of either alphabet
 * on one line, also as a part of what was encoded, as in `Basic …`. Each of these in up to two layers of escapes.
 * Base64 on several lines or of base64, UTF-16, compressed text, and more layers are not masked.
 */
export class SecretMask {
  readonly #secrets: readonly string[];
  #forms: readonly Form[] | undefined;

  /** @param secrets leave out short ones, which match elsewhere */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...new Set(secrets)].filter((secret) => secret !== '');
  }

  in(text: string, options: MaskOptions = {}): string {
    if (this.#secrets.length === 0) return text;
    const forms = (this.#forms ??= this.#secrets.flatMap(formsOf));
    const spans: Span[] = [];
    for (const reading of searchableReadings(text)) {
      for (const form of forms) for (const span of findForm(reading, form)) spans.push(span);
    }
    for (const whole of options.cut === true ? new Set([text, text.replace(unfinishedEscape, '')]) : []) {
      for (const reading of searchableReadings(whole)) {
        for (const form of forms) {
          const start = findBeginning(reading, form);
          if (start !== undefined) spans.push({ start, end: text.length });
        }
      }
    }
    return withMasks(text, spans);
  }

  inBytes(body: Buffer, options: MaskOptions = {}): Buffer {
    if (this.#secrets.length === 0) return body;
    const encoding = isUtf8(body) ? 'utf8' : 'latin1';
    const text = body.toString(encoding);
    const masked = this.in(text, options);
    return masked === text ? body : Buffer.from(masked, encoding);
  }
}

export interface SecretPlace {
  /** With the flags `dg`, and a group `secret`. */
  readonly pattern: RegExp;
  readonly isSecret?: (match: RegExpExecArray) => boolean;
}

export function maskPlaces(text: string, places: readonly SecretPlace[]): string {
  const spans: Span[] = [];
  for (const { text: read, placeOf } of readingsOf(text)) {
    for (const { pattern, isSecret } of places) {
      for (const match of read.matchAll(pattern)) {
        const [start, end] = match.indices?.groups?.['secret'] ?? [];
        if (start === undefined || end === undefined || isSecret?.(match) === false) continue;
        spans.push({ start: placeOf(start), end: placeOf(end) });
      }
    }
  }
  return withMasks(text, spans);
}

interface Reading {
  readonly text: string;
  readonly placeOf: (at: number) => number;
}

const maxLayers = 2;

function* readingsOf(text: string): Generator<Reading> {
  const original: Reading = { text, placeOf: (at) => at };
  yield original;
  yield* unescapedReadings(original, maxLayers);
}

/** In a form, a space is a plus, so both are searched for as one character. */
function* searchableReadings(text: string): Generator<Reading> {
  for (const reading of readingsOf(text)) yield { text: searchable(reading.text), placeOf: reading.placeOf };
}

function searchable(text: string): string {
  return text.replaceAll(' ', '+');
}

function* unescapedReadings(reading: Reading, layers: number): Generator<Reading> {
  for (const kind of layers === 0 ? [] : escapes) {
    const unescaped = unescape(reading, kind);
    if (unescaped === undefined) continue;
    yield unescaped;
    yield* unescapedReadings(unescaped, layers - 1);
  }
}

/** Of URLs and forms, of JSON and JavaScript, and of HTML. Each is resolved alone, since no encoder mixes them. */
const escapes: readonly RegExp[] = [
  /%(?<byte>[0-7][0-9a-f])|(?<utf8>%(?:[cd][0-9a-f]|e[0-9a-f]%[89ab][0-9a-f]|f[0-7]%[89ab][0-9a-f]%[89ab][0-9a-f])%[89ab][0-9a-f])/gi,
  /\\u(?<unit>[0-9a-f]{4})|\\x(?<latin>[0-9a-f]{2})|\\(?<short>[bfnrt"'/\\])/gi,
  /&#x0{0,8}(?<hex>[0-9a-f]{1,6});|&#0{0,8}(?<decimal>\d{1,7});|&(?<name>amp|lt|gt|quot|apos|sol|plus|equals|percnt|bsol|colon);/gi,
];

/** At the end of a text that was cut off, also one inside another. */
const unfinishedEscape = /(?:%[c-f].(?:%[89ab].){0,2})?(?:%(?:25)?.?|\\{1,4}(?:u.{0,3}|x.?)?|&(?:amp;)?[#\w]{0,10})?$/i;

const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const namedCharacters: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  sol: '/',
  plus: '+',
  equals: '=',
  percnt: '%',
  bsol: '\\',
  colon: ':',
};

/** @returns undefined if there is nothing to remove */
function unescape({ text, placeOf }: Reading, kind: RegExp): Reading | undefined {
  // Typed, because a text of megabytes may be made of escapes.
  let places: Uint32Array | undefined;
  let read = '';
  let done = 0;
  const keep = (end: number): void => {
    for (let at = done; at < end; at++) if (places !== undefined) places[read.length + at - done] = placeOf(at);
    read += text.slice(done, end);
    done = end;
  };
  for (const match of text.matchAll(kind)) {
    places ??= new Uint32Array(text.length + 1);
    keep(match.index);
    const meaning = meaningOf(match.groups ?? {});
    places.fill(placeOf(done), read.length, read.length + meaning.length);
    read += meaning;
    done = match.index + match[0].length;
  }
  if (places === undefined) return undefined;
  keep(text.length);
  places[read.length] = placeOf(text.length);
  return { text: read, placeOf: (at) => places[at] ?? 0 };
}

function meaningOf(groups: Readonly<Record<string, string | undefined>>): string {
  const { byte, utf8, unit, latin, short, hex, decimal, name } = groups;
  if (utf8 !== undefined) return Buffer.from(utf8.replaceAll('%', ''), 'hex').toString();
  if (short !== undefined) return shortEscapes[short.toLowerCase()] ?? short;
  if (name !== undefined) return namedCharacters[name.toLowerCase()] ?? '';
  const unitInHex = byte ?? unit ?? latin;
  if (unitInHex !== undefined) return String.fromCharCode(parseInt(unitInHex, 16));
  const code = decimal === undefined ? parseInt(hex ?? '', 16) : Number(decimal);
  return code > 0x10_ffff ? '\ufffd' : String.fromCodePoint(code);
}

interface Form {
  readonly text: string;
  /** In base64, whether the characters before and after encode a part of it. */
  readonly base64?: { readonly before: boolean; readonly after: boolean };
}

/** A shorter beginning of a secret is not worth masking, in characters. */
const shortestBeginning = 4;

function formsOf(secret: string): Form[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  // A text that is no UTF-8 is read as Latin-1.
  const texts = [secret, bytes.toString('latin1')].map(searchable);
  const unchanged = [...new Set([...texts, hex, hex.toUpperCase()])];
  return [...unchanged.map((text) => ({ text })), ...[0, 1, 2].flatMap((offset) => base64Forms(bytes, offset))];
}

/** A shorter text also matches elsewhere. */
const shortestBase64 = 6;

/** The part that the base64 of everything with the secret at this offset has in common, in both alphabets. */
function base64Forms(secret: Buffer, offset: number): Form[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64');
  const bits = 8 * (offset + secret.length);
  const whole = encoded.slice(Math.ceil((8 * offset) / 6), Math.floor(bits / 6));
  if (whole.length < (offset === 0 ? shortestBase64 - 1 : shortestBase64)) return [];
  const texts = new Set([whole, whole.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...texts].map((text) => ({ text, base64: { before: offset > 0, after: bits % 6 > 0 } }));
}

function findForm({ text, placeOf }: Reading, form: Form): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(form.text); at >= 0; at = text.indexOf(form.text, at + 1)) {
    const { start, end } = withBase64(text, form, at);
    spans.push({ start: placeOf(start), end: placeOf(end) });
  }
  return spans;
}

/** Includes the characters of base64 beside it that encode a part of the secret, and the padding. */
function withBase64(text: string, { text: { length }, base64 }: Form, at: number): Span {
  const end = at + length;
  if (base64 === undefined) return { start: at, end };
  const isBase64 = (place: number): boolean => /[\w+/-]/.test(text.charAt(place));
  const last = base64.after && isBase64(end) ? end + 1 : end;
  return {
    start: base64.before && isBase64(at - 1) ? at - 1 : at,
    end: last + (/^=*/.exec(text.slice(last, last + 2))?.[0].length ?? 0),
  };
}

function findBeginning({ text, placeOf }: Reading, form: Form): number | undefined {
  const first = form.text.slice(0, shortestBeginning);
  const from = Math.max(0, text.length - form.text.length);
  for (let at = text.indexOf(first, from); at >= 0; at = text.indexOf(first, at + 1)) {
    if (form.text.startsWith(text.slice(at))) return placeOf(withBase64(text, form, at).start);
  }
  return undefined;
}

/** Overlapping spans become one mask. */
function withMasks(text: string, spans: readonly Span[]): string {
  let result = '';
  let done = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start >= done) result += text.slice(done, start) + maskedValue;
    done = Math.max(done, end);
  }
  return result + text.slice(done);
}

/** A shorter text also matches elsewhere. */
const shortestSecret = 4;
const shortestKey = 16;

/**
 * The credential and its parts: `abc` of `Bearer abc`, what `Basic …` encodes, each secret of Open Connectors' `User …,
 * Organization …`.
 */
export function credentialParts(value: string): string[] {
  return [value, ...behindScheme(value), ...userAndPassword(value)].filter(isLong);
}

function behindScheme(value: string): string[] {
  const parts = value.split(',').map((each) => /^\s*[A-Za-z][\w.-]*\s+(\S+)\s*$/.exec(each)?.[1]);
  return parts.every((each) => each !== undefined) ? parts : [];
}

/** @param keys have no parts: two words are no scheme there */
export function maskOfCredentials(credentials: Iterable<string>, keys: Iterable<string> = []): SecretMask {
  return new SecretMask([...[...credentials].flatMap(credentialParts), ...[...keys].filter(isLong)]);
}

function isLong(secret: string): boolean {
  return secret.length >= shortestSecret;
}

/** Both together, and the password; or the name, if that is a key and there is no password. */
function userAndPassword(value: string): string[] {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const both = Buffer.from(encoded, 'base64').toString();
  const [, name = '', password = both] = /^([^:]*):([^]*)$/.exec(both) ?? [];
  return [both, isLong(password) || name.length < shortestKey ? password : name];
}
