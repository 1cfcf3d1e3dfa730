/**
 * Characters that would drive a terminal, or hide, reorder or break a line: controls, line separators, marks of writing
 * direction. Joiners within an emoji of Unicode's list are harmless.
 */
const emojiOrUnprintable = new RegExp(
  '(?<emoji>\\p{RGI_Emoji})|[\\p{Control}\\p{Format}\\p{Line_Separator}\\p{Paragraph_Separator}\\p{Surrogate}]',
  'gv',
);

/**
 * Replaces unprintable characters with visible escapes, such as `\x1b`.
 * @param keep characters that stay, such as a line feed
 */
export function withEscapes(text: string, keep = ''): string {
  return text.replace(emojiOrUnprintable, (character, emoji: string | undefined) => {
    if (emoji !== undefined || keep.includes(character)) return character;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}

/**
 * Text from outside for one line of a view: invisible characters become visible escapes such as `\x1b`.
 * @param most cut to this number of UTF-16 units, with an ellipsis
 */
export function printable(text: string, most = 200): string {
  return withEscapes(text.length > most ? `${text.slice(0, most)}…` : text);
}

/**
 * Escapes unprintable characters as JSON does, so that the text drives no terminal and reorders no line, and parses to
 * the same. Line ends and tabs between its tokens stay.
 */
export function escapedJson(json: string): string {
  return json.replace(/(?![\t\n\r])[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

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
