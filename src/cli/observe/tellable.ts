/** What a report may say of texts that vendors have sent: names and words, nobody's address and no place. */
import { maskedValue } from '../../common/masking.ts';
import { maskSecrets } from '../../export/item.ts';
import { printable } from '../terminal/text.ts';

/** Characters of one text from outside. */
const longest = 80;

/** A text from outside, without addresses and URLs, short, and as it can be shown. */
export function tellable(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  const masked = maskSecrets(short)
    .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/gi, maskedValue)
    .replace(/[^\s"'<>@]*@[^\s"'<>@]*/g, maskedValue);
  return printable(masked);
}

/** Whether a text from outside can stand in a setting that a report shows. */
export function isTellable(text: string): boolean {
  return text !== '' && tellable(text) === text;
}

/** Several, such as the names of fields: at most 30, the rest counted. */
export function tellableNames(names: Iterable<string>): string {
  const all = [...new Set(names)];
  const shown = all.slice(0, 30).map(tellable).join(', ');
  return all.length > 30 ? `${shown}, and ${all.length - 30} more` : shown;
}
