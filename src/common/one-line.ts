/**
 * Text from outside as a part of a message: on one line, without control characters and marks of writing direction,
 * cut, and without Markdown links, which VS Code would follow, even to a command.
 * @param longest in UTF-16 units
 */
export function oneLine(text: string, longest: number): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('](', '] (')
    .trim()
    .slice(0, longest);
}
