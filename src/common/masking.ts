/**
 * Masks secrets: known values, and values at the positions of secrets. Both are found in two layers of escapes
 * (escaped-text.ts), and a known value in hexadecimal and base64, too.
 */
import { beginsEscape, byteFlag, EscapedText } from './escaped-text.ts';

/** Replaces a secret wherever one is stored, shown or exported. Open Connectors returns the same [live]. */
export const maskedValue = '********';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Needles by their possible first codes. */
type Needles = ReadonlyMap<number, ReadonlySet<Needle>>;

export interface MaskOptions {
  /** The text was cut off: mask what may be the beginning of a secret at its end, too. */
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
  #needles: Needles | undefined;
  #needlesInBytes: Needles | undefined;

  /** @param secrets leave out short ones, which match elsewhere */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...new Set(secrets)].filter((secret) => secret !== '');
  }

  in(text: string, options: MaskOptions = {}): string {
    if (this.#secrets.length === 0) return text;
    this.#needles ??= needlesOf(this.#secrets, false);
    return withMasks(text, findValues(text, this.#needles, options.cut === true));
  }

  /** Other bytes are unchanged. @returns the same buffer if nothing is masked */
  inBytes(body: Buffer, options: MaskOptions = {}): Buffer {
    if (this.#secrets.length === 0) return body;
    this.#needlesInBytes ??= needlesOf(this.#secrets, true);
    const text = body.toString('latin1');
    const spans = findValues(text, this.#needlesInBytes, options.cut === true);
    return spans.length === 0 ? body : Buffer.from(withMasks(text, spans), 'latin1');
  }
}

/** Position of a secret whose value is not known. */
export interface SecretPlace {
  /** With the flags `dg`, and a group `secret`. */
  readonly pattern: RegExp;
  /** Whether a match is a secret after all; by default it is. */
  readonly isSecret?: (match: RegExpExecArray) => boolean;
}

/** Masks the values at such positions, also if the text, or the URL in it, is escaped. */
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
  return withMasks(
    text,
    spans.sort((a, b) => a.start - b.start),
  );
}

/** The text unchanged, and if it has escapes, without one and without two layers of them. */
function* readingsOf(text: string): Generator<{ text: string; placeOf: (at: number) => number }> {
  yield { text, placeOf: (at) => at };
  if (!/%[0-9a-f]|\\[ux/"\\]|&[#a-z]/i.test(text)) return;
  const escaped = new EscapedText(text);
  for (const depth of [1, 2]) {
    const places: number[] = [];
    let read = '';
    for (let at = 0; at < text.length;) {
      places.push(at);
      // The last reading resolves the most. A plus stays a plus: what follows it belongs to the same value.
      const meant = escaped.readings(at, depth).findLast(({ code }) => code !== 0x20);
      read += meant === undefined ? ' ' : String.fromCharCode(meant.code < byteFlag ? meant.code : 0xfffd);
      at = meant?.end ?? at + 1;
    }
    places.push(text.length);
    yield { text: read, placeOf: (at) => places[at] ?? text.length };
  }
}

/** For each character the ways to write it in codes of `Reading`. */
interface Needle {
  readonly characters: readonly (readonly (readonly number[])[])[];
  /** In base64, whether the characters before and after encode a part of it. */
  readonly base64: { readonly before: boolean; readonly after: boolean } | null;
}

/** @param inBytes whether each character of the text is a byte of UTF-8 */
function needlesOf(secrets: readonly string[], inBytes: boolean): Needles {
  const byFirst = new Map<number, Set<Needle>>();
  const needles = secrets.flatMap((secret) => [
    { characters: Array.from(secret, (character) => codesOf(character, inBytes)), base64: null },
    hexNeedle(Buffer.from(secret)),
    ...base64Needles(Buffer.from(secret)),
  ]);
  for (const needle of needles) {
    for (const [first] of needle.characters[0] ?? []) {
      if (first === undefined) continue;
      const same = byFirst.get(first);
      if (same === undefined) byFirst.set(first, new Set([needle]));
      else same.add(needle);
    }
  }
  return byFirst;
}

function codesOf(character: string, inBytes: boolean): number[][] {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return [[code]];
  const bytes = [...Buffer.from(character)];
  return [
    [code],
    ...(character.length > 1 ? [[character.charCodeAt(0), character.charCodeAt(1)]] : []),
    bytes.map((byte) => byteFlag + byte),
    ...(inBytes ? [bytes] : []),
  ];
}

function hexNeedle(secret: Buffer): Needle {
  const digits = Array.from(secret.toString('hex'));
  const characters = digits.map((digit) =>
    [...new Set([digit, digit.toUpperCase()])].map((each) => [each.charCodeAt(0)]),
  );
  return { characters, base64: null };
}

/** A shorter part of base64 matches elsewhere; in characters. */
const shortestBase64 = 6;

/**
 * The common part of the base64 of everything that contains the secret: three texts, since three bytes make four
 * characters, in both alphabets.
 */
function base64Needles(secret: Buffer): Needle[] {
  const needles: Needle[] = [];
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), secret]).toString('base64');
    const bits = 8 * (offset + secret.length);
    const whole = encoded.slice(Math.ceil((8 * offset) / 6), Math.floor(bits / 6));
    if (whole.length < (offset === 0 ? shortestBase64 - 1 : shortestBase64)) continue;
    for (const text of new Set([whole, whole.replaceAll('+', '-').replaceAll('/', '_')])) {
      needles.push({
        characters: Array.from(text, (character) => [[character.charCodeAt(0)]]),
        base64: { before: offset > 0, after: bits % 6 > 0 },
      });
    }
  }
  return needles;
}

/** A text that takes more steps than this, plus those for each character, is taken for an attack and masked whole. */
const mostSteps = 1_000_000;
const mostStepsEach = 20;
const mostStepsInAll = 100_000_000;

/** A shorter beginning of a secret is not worth masking, in characters. */
const shortestBeginning = 4;

function findValues(text: string, needles: Needles, cut: boolean): Span[] {
  const spans: Span[] = [];
  const escaped = new EscapedText(text);
  const limit = Math.min(mostSteps + mostStepsEach * text.length, mostStepsInAll);
  let steps = 0;
  for (let start = 0; start < text.length; start++) {
    const unit = text.charCodeAt(start);
    const readings = beginsEscape(unit) ? escaped.readings(start) : undefined;
    // Skips nearly all of a long text.
    if (readings === undefined && !needles.has(unit)) continue;
    for (const code of readings === undefined ? [unit] : new Set(readings.map((reading) => reading.code))) {
      for (const needle of needles.get(code) ?? []) {
        const match = matchAt(escaped, needle, start, cut);
        steps += match.steps;
        if (match.end !== undefined) spans.push(inBase64(escaped, needle, { start, end: match.end }));
      }
    }
    if (steps > limit) return [{ start: 0, end: text.length }];
  }
  return spans.sort((a, b) => a.start - b.start);
}

/** The farthest end of a needle that begins here, if one does. */
function matchAt(
  escaped: EscapedText,
  { characters }: Needle,
  start: number,
  cut: boolean,
): { end: number | undefined; steps: number } {
  const { text } = escaped;
  let places = [start];
  let steps = 0;
  for (const [index, codes] of characters.entries()) {
    if (cut && index >= shortestBeginning && places.some((place) => endsWithin(text, place))) {
      return { end: text.length, steps };
    }
    const next: number[] = [];
    for (const place of places) {
      for (const ways of codes) {
        steps += ways.length;
        for (const end of endsOf(escaped, ways, place)) if (!next.includes(end)) next.push(end);
      }
    }
    if (next.length === 0) return { end: undefined, steps };
    places = next;
  }
  return { end: Math.max(...places), steps };
}

function endsOf(escaped: EscapedText, codes: readonly number[], start: number): readonly number[] {
  let places: readonly number[] = [start];
  for (const code of codes) {
    const next: number[] = [];
    for (const place of places) {
      if (place >= escaped.text.length) continue;
      for (const reading of escaped.readings(place)) if (reading.code === code) next.push(reading.end);
    }
    places = next;
  }
  return places;
}

/** Whether the text ends here, or in an escape that begins here. */
function endsWithin(text: string, place: number): boolean {
  const rest = text.length - place;
  return rest === 0 || (rest <= 12 && beginsEscape(text.charCodeAt(place)) && !/\s/.test(text.slice(place)));
}

/** Includes the characters of base64 beside it that encode a part of the secret, and the padding. */
function inBase64({ text }: EscapedText, { base64 }: Needle, { start, end }: Span): Span {
  if (base64 === null) return { start, end };
  const isBase64 = (at: number): boolean => /[\w+/-]/.test(text.charAt(at));
  const last = base64.after && isBase64(end) ? end + 1 : end;
  return {
    start: base64.before && isBase64(start - 1) ? start - 1 : start,
    end: last + (/^=*/.exec(text.slice(last, last + 2))?.[0].length ?? 0),
  };
}

/** @param spans sorted by start; overlapping ones become one mask */
function withMasks(text: string, spans: readonly Span[]): string {
  let result = '';
  let done = 0;
  for (const { start, end } of spans) {
    if (start >= done) result += text.slice(done, start) + maskedValue;
    done = Math.max(done, end);
  }
  return result + text.slice(done);
}
