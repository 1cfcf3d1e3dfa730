import { printable, withEscapes } from '../../common/unprintable.ts';

export { printable };

/** {@link printable} for several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return withEscapes(text.replace(/\r\n/g, '\n'), '\n\t');
}

/** Text for a message: VS Code would turn `[text](command:…)` into a link that runs the command. */
export function unlinked(text: string): string {
  return text.replaceAll('](', '] (');
}

/** {@link printable} for a message, without links. */
export function inMessage(text: string, most?: number): string {
  return unlinked(printable(text, most));
}

/** Text from outside for Markdown: none of it becomes markup, a link, or a mail address to click. */
export function plainMarkdown(text: string): string {
  return printable(text, 2000).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Text from outside for a Markdown document that is also read as source: letters, digits, and a few signs as they are,
 * anything else in a code span, where nothing is markup or a link.
 */
export function markdownText(text: string): string {
  const shown = printable(text, 2000);
  if (/^[\p{L}\p{N} .:+-]*$/u.test(shown) && !/www\./i.test(shown)) return shown;
  const ticks = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  // A preview removes one space from both sides.
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}
