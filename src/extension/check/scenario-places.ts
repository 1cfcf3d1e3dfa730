export interface Place {
  readonly line: number;
  readonly character: number;
}

const named = /"name"\s*:\s*("(?:[^"\\\r\n]|\\.)*")/g;

/** @returns a position for each name, in the order of the file; if not found, the previous one, or the beginning */
export function placesOf(text: string, names: readonly string[]): Place[] {
  const all = [...text.matchAll(named)].map(({ index, 1: quoted = '""' }) => ({ index, name: nameOf(quoted) }));
  let from = 0;
  let offset = 0;
  let line = 0;
  let lineStart = 0;
  return names.map((name) => {
    let at = from;
    while (at < all.length && all[at]?.name !== name) at += 1;
    const found = all[at];
    if (found !== undefined) {
      from = at + 1;
      offset = found.index;
    }
    for (let end = text.indexOf('\n', lineStart); end !== -1 && end < offset; end = text.indexOf('\n', lineStart)) {
      line += 1;
      lineStart = end + 1;
    }
    return { line, character: offset - lineStart };
  });
}

function nameOf(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}
