import { printable, withEscapes } from '../../common/unprintable.ts';

export { printable };

export function printableLines(text: string): string {
  return withEscapes(text.replace(/\r\n/g, '\n'), '\n\t');
}

/** VS Code would turn `[text](command:…)` in a message into a link that runs the command. */
export function unlinked(text: string): string {
  return text.replaceAll('](', '] (');
}

export function inMessage(text: string, most?: number): string {
  return unlinked(printable(text, most));
}

/** Text from outside must not become markup, a link or a mail address to click. */
export function plainMarkdown(text: string): string {
  return printable(text, 2000).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For a document that is also read as source: anything but letters, digits and a few signs becomes a code span. */
export function markdownText(text: string): string {
  const shown = printable(text, 2000);
  if (/^[\p{L}\p{N} .:+-]*$/u.test(shown) && !/www\./i.test(shown)) return shown;
  const ticks = '`'.repeat(Math.max(0, ...(shown.match(/`+/g) ?? []).map((run) => run.length)) + 1);
  // A preview removes one space from both sides.
  const space = /^[` ]|[` ]$/.test(shown) ? ' ' : '';
  return `${ticks}${space}${shown}${space}${ticks}`;
}
