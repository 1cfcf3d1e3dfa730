/** The sender decides how long these texts are, and each event repeats them, so long ones are cut. */

/** In UTF-16 code units. An address has at most 64 + 1 + 255 characters (RFC 5321). */
export const columnLengths = { type: 100, list: 100, address: 320, date: 40, eventId: 200, contentType: 1000 } as const;

const mark = '…';

export function cut<T extends string | null>(text: T, length: number): T {
  if (text === null || text.length <= length) return text;
  // Don't keep half of a surrogate pair, which SQLite's UTF-8 can't represent.
  const last = text.charCodeAt(length - 2);
  const end = last >= 0xd800 && last <= 0xdbff ? length - 2 : length - 1;
  return (text.slice(0, end) + mark) as T;
}

export function cutWarning(name: string, text: string | null, length: number): string | null {
  if (text === null || text.length <= length) return null;
  return `${name} has ${text.length} characters, cut at ${length}`;
}

/** Also true for an original text of that length that ends with `…`. */
export function isCut(text: string | null, length: number): boolean {
  return text !== null && text.length >= length - 1 && text.endsWith(mark);
}
