/**
 * Masking of secrets: of values that are known, and of what stands where a secret stands. Either is found in two layers
 * of escapes (escaped-text.ts), and a known value in hexadecimal and base64, too.
 */
import { beginsEscape, byteFlag, EscapedText } from './escaped-text.ts';

/** What stands in place of a secret wherever one is stored, shown or exported. The platform answers with the same [live]. */
export const maskedValue = '********';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Needles by the codes that they may begin with. */
type Needles = ReadonlyMap<number, ReadonlySet<Needle>>;

export interface MaskOptions {
  /** The text was cut off: what may be the beginning of a secret at its end is masked, too. */
  readonly cut?: boolean;
}

/**
 * Masks every known secret in these forms, and in no other: plain; percent-encoded, with `+` for spaces, escaped for
 * JSON, JavaScript or HTML, with hex digits of either case; the bytes of its UTF-8 in hexadecimal, and in base64 of
 * either alphabet on one line, also as a part of what was encoded, as in `Basic …`. Each of these, in two layers of
 * escapes at the most. What is written in base64 on several lines or of base64, in UTF-16, compressed, or in more layers
 * stays, as does the rest.
 */
export class SecretMask {
  readonly #secrets: readonly string[];
  #needles: Needles | undefined;
  #needlesInBytes: Needles | undefined;

  /** @param secrets short ones are found where they are not meant: leave them out */
  constructor(secrets: Iterable<string>) {
    this.#secrets = [...new Set(secrets)].filter((secret) => secret !== '');
  }

  /** A text with masks. */
  in(text: string, options: MaskOptions = {}): string {
    if (this.#secrets.length === 0) return text;
    this.#needles ??= needlesOf(this.#secrets, false);
    return withMasks(text, findValues(text, this.#needles, options.cut === true));
  }

  /** Bytes with masks: what is no secret stays to the byte. @returns the very body where nothing is masked */
  inBytes(body: Buffer, options: MaskOptions = {}): Buffer {
    if (this.#secrets.length === 0) return body;
    this.#needlesInBytes ??= needlesOf(this.#secrets, true);
    const text = body.toString('latin1');
    const spans = findValues(text, this.#needlesInBytes, options.cut === true);
    return spans.length === 0 ? body : Buffer.from(withMasks(text, spans), 'latin1');
  }
}

/** Where a secret stands in a text whose value is not known. */
export interface SecretPlace {
  /** With the flags `dg`, and a group `secret`. */
  readonly pattern: RegExp;
  /** Whether what matched is such a place after all; without it, it is. */
  readonly isSecret?: (match: RegExpExecArray) => boolean;
}

/** A text in which whatever stands at such a place is masked, also where the text, or the URL in it, is escaped. */
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

/** The text as it is, and where it has escapes, without one or two layers of them. */
function* readingsOf(text: string): Generator<{ text: string; placeOf: (at: number) => number }> {
  yield { text, placeOf: (at) => at };
  if (!/%[0-9a-f]|\\[ux/"\\]|&[#a-z]/i.test(text)) return;
  const escaped = new EscapedText(text);
  for (const depth of [1, 2]) {
    const places: number[] = [];
    let read = '';
    for (let at = 0; at < text.length;) {
      places.push(at);
      // The last looks through the most. A plus stays one: what follows it belongs to the same value.
      const meant = escaped.readings(at, depth).findLast(({ code }) => code !== 0x20);
      read += meant === undefined ? ' ' : String.fromCharCode(meant.code < byteFlag ? meant.code : 0xfffd);
      at = meant?.end ?? at + 1;
    }
    places.push(text.length);
    yield { text: read, placeOf: (at) => places[at] ?? text.length };
  }
}

/** What is looked for: for each character the ways to write it in codes of `Reading`. */
interface Needle {
  readonly characters: readonly (readonly (readonly number[])[])[];
  /** In base64, whether the character before and that behind hold a part of it. */
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

/** The hexadecimal of its bytes, in digits of either case. */
function hexNeedle(secret: Buffer): Needle {
  const digits = Array.from(secret.toString('hex'));
  const characters = digits.map((digit) =>
    [...new Set([digit, digit.toUpperCase()])].map((each) => [each.charCodeAt(0)]),
  );
  return { characters, base64: null };
}

/** A part of base64 that is shorter is found where it is not meant; in characters. */
const shortestBase64 = 6;

/**
 * What is the same in the base64 of everything that holds the secret: three texts, since three bytes make four
 * characters, in the alphabet of base64 and in that of URLs.
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

/** More steps than this, and as many for each character, are taken for a text that is made for it: it is masked whole. */
const mostSteps = 1_000_000;
const mostStepsEach = 20;
const mostStepsInAll = 100_000_000;

/** A shorter beginning of a secret is not worth masking, in characters. */
const shortestBeginning = 4;

/** Where the needles are, in order. */
function findValues(text: string, needles: Needles, cut: boolean): Span[] {
  const spans: Span[] = [];
  const escaped = new EscapedText(text);
  const limit = Math.min(mostSteps + mostStepsEach * text.length, mostStepsInAll);
  let steps = 0;
  for (let start = 0; start < text.length; start++) {
    const unit = text.charCodeAt(start);
    const readings = beginsEscape(unit) ? escaped.readings(start) : undefined;
    // So is nearly all of a long text.
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

/** Where the needle ends that begins here, at the farthest; undefined where it does not. */
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

/** With the characters of base64 beside it that hold a part of the secret, and what fills it up. */
function inBase64({ text }: EscapedText, { base64 }: Needle, { start, end }: Span): Span {
  if (base64 === null) return { start, end };
  const isBase64 = (at: number): boolean => /[\w+/-]/.test(text.charAt(at));
  const last = base64.after && isBase64(end) ? end + 1 : end;
  return {
    start: base64.before && isBase64(start - 1) ? start - 1 : start,
    end: last + (/^=*/.exec(text.slice(last, last + 2))?.[0].length ?? 0),
  };
}

/** @param spans by their start; those that overlap become one mask */
function withMasks(text: string, spans: readonly Span[]): string {
  let result = '';
  let done = 0;
  for (const { start, end } of spans) {
    if (start >= done) result += text.slice(done, start) + maskedValue;
    done = Math.max(done, end);
  }
  return result + text.slice(done);
}
