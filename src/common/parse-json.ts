/** Values of JSON from outside, as {@link structureOf} counts them. */
export const maxValues = 100_000;
/** The same for the body of a delivery. */
export const maxBodyValues = 350_000;

/** A text from outside as JSON; undefined if it is none, or has more values than may be. */
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

/** How much a text would unfold to as JSON. */
export interface JsonStructure {
  /** About one for each value. */
  readonly values: number;
  /** How deep arrays and objects stand within each other. */
  readonly depth: number;
}

/** Looks at a text before it is parsed: quickly, and without memory. Of what is no JSON it may tell anything. */
export function structureOf(text: string): JsonStructure {
  let values = 1;
  let depth = 0;
  let now = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === backslash) at += 1;
      else if (code === quote) inText = false;
    } else if (code === quote) inText = true;
    else if (code === comma) values += 1;
    else if (code === openArray || code === openObject) {
      values += 1;
      now += 1;
      if (now > depth) depth = now;
    } else if (code === closeArray || code === closeObject) now -= 1;
  }
  return { values, depth };
}

const [backslash, quote, comma] = [0x5c, 0x22, 0x2c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
