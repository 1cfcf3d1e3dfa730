/** Characters that drive a terminal, or hide, reorder or break a line. Joiners within a listed emoji are harmless. */
const emojiOrUnprintable = new RegExp(
  '(?<emoji>\\p{RGI_Emoji})|[\\p{Control}\\p{Format}\\p{Line_Separator}\\p{Paragraph_Separator}\\p{Surrogate}]',
  'gv',
);

/** @param keep characters that stay, such as a line feed */
export function withEscapes(text: string, keep = ''): string {
  return text.replace(emojiOrUnprintable, (character, emoji: string | undefined) => {
    if (emoji !== undefined || keep.includes(character)) return character;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}

/** @param most cut to this number of UTF-16 units, with an ellipsis */
export function printable(text: string, most = 200): string {
  return withEscapes(text.length > most ? `${text.slice(0, most)}…` : text);
}

/** Escapes as JSON does, so that the text drives no terminal and parses to the same. */
export function escapedJson(json: string): string {
  return json.replace(/(?![\t\n\r])[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** One line, without Markdown links, which VS Code would follow, even to a command. @param longest in UTF-16 units */
export function oneLine(text: string, longest: number): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replaceAll('](', '] (')
    .trim()
    .slice(0, longest);
}
