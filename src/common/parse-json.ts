/** Maximum values of JSON from outside, as {@link structureOf} counts them. */
export const maxValues = 100_000;
/** For the body of a delivery: a thousand events with a hundred custom fields each [2nd] have 310,000. */
export const maxBodyValues = 350_000;

export const maxMembers = 1000;

/** @returns why the body of a delivery isn't parsed, or null */
export function tooManyMembers(text: string): string | null {
  if (text.length <= 4 * maxMembers || structureOf(text).members <= maxMembers) return null;
  return `one of its objects has more than ${maxMembers} members`;
}

/** @returns undefined if the text is not JSON, or has too many values */
export function parseJson(text: string, most = maxValues): unknown {
  if (hasMoreValues(text, most)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function hasMoreValues(text: string, most: number): boolean {
  return text.length > most && structureOf(text).values > most;
}

export interface JsonStructure {
  readonly values: number;
  readonly depth: number;
  /** Of the largest object. */
  readonly members: number;
}

/** Estimates before parsing: quick, and with little memory. Meaningless if the text is not JSON. */
export function structureOf(text: string): JsonStructure {
  let values = 1;
  let depth = 0;
  let members = 0;
  /** Members so far of each open array or object around the current one. */
  const open: number[] = [];
  let own = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at += 1;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === comma) values += 1;
    else if (code === colon) {
      own += 1;
      if (own > members) members = own;
    } else if (code === openArray || code === openObject) {
      values += 1;
      open.push(own);
      own = 0;
      if (open.length > depth) depth = open.length;
    } else if (code === closeArray || code === closeObject) own = open.pop() ?? 0;
  }
  return { values, depth, members };
}

const [backslash, quote, comma, colon] = [0x5c, 0x22, 0x2c, 0x3a];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
