/** Characters of texts from outside that cannot be shown as they are. */

/**
 * What would drive a terminal, or hide, reorder or break a line: controls, line separators, marks of writing direction.
 * Those that join several characters to one emoji do none of it: an emoji of Unicode's list stays whole.
 */
const emojiOrUnprintable = new RegExp(
  '(?<emoji>\\p{RGI_Emoji})|[\\p{Control}\\p{Format}\\p{Line_Separator}\\p{Paragraph_Separator}\\p{Surrogate}]',
  'gv',
);

/**
 * Text with visible escapes, such as `\x1b`, in place of what cannot be shown.
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
 * The text of JSON that drives no terminal and reorders no line, in a file or a pipe either: what cannot be shown is
 * escaped as JSON has it, which reads back the same. Ends of lines and tabs between its tokens stay.
 */
export function escapedJson(json: string): string {
  return json.replace(/(?![\t\n\r])[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
