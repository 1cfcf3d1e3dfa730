/** What a report may say of texts that vendors have sent: names and words, nobody's address and no place. */
import { maskedValue } from '../../common/masking.ts';
import { maskSecrets } from '../../export/item.ts';
import { printable } from '../terminal/text.ts';

/** Characters of one text from outside. */
const longest = 80;

/** Characters that are looked at: more than are shown, however much of them is masked. */
const looked = 2000;

/** A text from outside, without addresses, URLs, and IDs, short, and as it can be shown: masked before it is cut. */
export function tellable(text: string): string {
  const part = text.slice(0, looked);
  // What the cut goes through could not be known for what it is.
  const whole = part.length < text.length ? part.replace(/\S*$/, '') : part;
  const masked = maskSecrets(whole)
    .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]*/gi, maskedValue)
    .replace(/[^\s"'<>@]*@[^\s"'<>@]*/g, maskedValue)
    .replace(/(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?\/[^\s"'<>]*/gi, maskedValue)
    .replace(/[0-9a-f]{32,}/gi, maskedValue);
  const isCut = masked.length > longest || whole.length < text.length;
  return printable(isCut ? `${masked.slice(0, longest)}…` : masked);
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
