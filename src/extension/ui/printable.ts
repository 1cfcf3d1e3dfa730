import { withEscapes } from '../../common/unprintable.ts';

/**
 * Text from outside for one line of the user interface: what cannot be seen becomes a visible escape such as `\x1b`.
 * @param most cut to so many UTF-16 units, with an ellipsis
 */
export function printable(text: string, most = 200): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return withEscapes(cut);
}

/** Text from outside that keeps its lines: {@link printable}, whose line ends and tabs stay. */
export function printableLines(text: string): string {
  return withEscapes(text.replace(/\r\n/g, '\n'), '\n\t');
}

/** Text with something from outside for a message: of `[text](command:…)` VS Code would make a link that runs it. */
export function unlinked(text: string): string {
  return text.replaceAll('](', '] (');
}

/** Text from outside for one line of a message: {@link printable}, and no link. */
export function inMessage(text: string, most?: number): string {
  return unlinked(printable(text, most));
}

/** Text from outside for Markdown: nothing of it is markup, a link or a mail address to be clicked. */
export function plainMarkdown(text: string): string {
  return printable(text, 2000).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Text from outside in a Markdown document that is read as source, too: letters, digits and a few signs as they are,
 * anything else in a code span, in which nothing is markup and no preview makes links of addresses.
 */
export function markdownText(text: string): string {
  const shown = printable(text, 2000);
  if (/^[\p{L}\p{N} .:+-]*$/u.test(shown) && !/www\./i.test(shown)) return shown;
  const ticks = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  // Of a space on both sides a preview takes one away.
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}
