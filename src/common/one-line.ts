/**
 * Somebody else's words as a part of a message: on one line, without controls and marks of writing direction, not
 * endless, and nothing of which VS Code makes a link, to a command even.
 * @param longest in UTF-16 units
 */
export function oneLine(text: string, longest: number): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('](', '] (')
    .trim()
    .slice(0, longest);
}
