/**
 * What of a delivery's texts stands in columns, to be listed and searched. A sender decides how long they are, and they
 * stand there for each event, so what is longer is cut; the body has it whole.
 */

/** Lengths in UTF-16 code units. An address has at most 64 + 1 + 255 characters (RFC 5321). */
export const columnLengths = { type: 100, list: 100, address: 320, date: 40, eventId: 200, contentType: 1000 } as const;

const mark = '…';

/**
 * Cuts a text to a column's length. What is cut ends with `…`; cutting it again changes nothing.
 * @param length the column's, in UTF-16 code units
 */
export function cut<T extends string | null>(text: T, length: number): T {
  if (text === null || text.length <= length) return text;
  // No half of a pair: SQLite's UTF-8 has no place for it.
  const last = text.charCodeAt(length - 2);
  const end = last >= 0xd800 && last <= 0xdbff ? length - 2 : length - 1;
  return (text.slice(0, end) + mark) as T;
}

/** That a text was cut, as a warning says it; null where it was not. */
export function cutWarning(name: string, text: string | null, length: number): string | null {
  if (text === null || text.length <= length) return null;
  return `${name} has ${text.length} characters, cut at ${length}`;
}

/** Whether a column's text was cut. One that ends with `…` and is just as long counts as such, too. */
export function isCut(text: string | null, length: number): boolean {
  return text !== null && text.length >= length - 1 && text.endsWith(mark);
}
