/** Where the scenarios of a file stand in its text. */

/** A place in a text, from 0. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

const named = /"name"\s*:\s*("(?:[^"\\\r\n]|\\.)*")/g;

/**
 * Where the names of scenarios stand.
 * @param names in the order of the file
 * @returns for each its place; the one before, or the beginning, where it is not found
 */
export function placesOf(text: string, names: readonly string[]): Place[] {
  const all = [...text.matchAll(named)].map(({ index, 1: quoted = '""' }) => ({ index, name: nameOf(quoted) }));
  let from = 0;
  let offset = 0;
  return names.map((name) => {
    const at = all.findIndex((each, place) => place >= from && each.name === name);
    if (at !== -1) {
      from = at + 1;
      offset = all[at]?.index ?? offset;
    }
    const before = text.slice(0, offset).split('\n');
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  });
}

function nameOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
