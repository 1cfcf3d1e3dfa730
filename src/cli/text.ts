/** What would drive a terminal or reorder its line: controls, line separators, marks of writing direction. */
const unprintable = /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}\p{Surrogate}]/gu;

/**
 * Text from outside for a terminal: control characters become visible escapes such as `\x1b`.
 * @param keep characters that stay, such as a line feed
 */
export function printable(text: string, keep = ''): string {
  return text.replace(unprintable, (character) => {
    if (keep.includes(character)) return character;
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
  });
}

// Scripts whose characters, and emoji, take two columns.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

function widthOf(character: string): number {
  if (/\p{Mark}/u.test(character)) return 0;
  return wide.test(character) || (character.codePointAt(0) ?? 0) >= 0x20000 ? 2 : 1;
}

/**
 * Cuts text to a number of columns, with an ellipsis where something is missing.
 * @param text printable, without colours
 */
export function clip(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  let fits = 0;
  for (const character of text) {
    width += widthOf(character);
    end += character.length;
    if (width <= columns - 1) fits = end;
    if (width > columns) return `${text.slice(0, fits)}…`;
  }
  return text;
}

/** Fills up with spaces to a number of columns. */
export function pad(text: string, columns: number): string {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return text + ' '.repeat(Math.max(0, columns - width));
}

/** A number of things: `1 event`, `2 events`, `3 deliveries`. */
export function count(n: number, noun: string): string {
  if (n === 1) return `1 ${noun}`;
  return `${n} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** A duration: `12 ms`, `3.4 s`, `8 min`, `9 h`, `3 days`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** A size: `312 bytes`, `12.3 KB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A moment in local time, to the second: `14:03:59`, with the date where it is not today. */
export function localTime(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':');
  if (moment.toDateString() === now.toDateString()) return clock;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`;
}
