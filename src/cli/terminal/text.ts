import stringWidth from 'string-width';

export { withEscapes as printable } from '../../common/unprintable.ts';

const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

export function columnsOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

export function clip(text: string, columns: number): string {
  if (text.length <= columns && /^[\x20-\x7e]*$/.test(text)) return text;
  let width = 0;
  let fits = 0;
  for (const { segment, index } of characters.segment(text)) {
    width += columnsOf(segment);
    if (width <= columns - 1) fits = index + segment.length;
    if (width > columns) return `${text.slice(0, fits)}…`;
  }
  return text;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/**
 * Breaks lines between words, not within long ones, such as URLs. @param hang indent of continuation lines, in columns
 */
export function wrapped(text: string, columns: number, hang?: number): string {
  if (columnsOf(text) <= columns && !text.includes('\n')) return text;
  return text
    .split('\n')
    .flatMap((line) => wrappedLine(line, columns, hang))
    .join('\n');
}

function wrappedLine(line: string, columns: number, hang: number | undefined): string[] {
  if (columnsOf(line) <= columns) return [line];
  const [lead = ''] = /^ */.exec(line) ?? [];
  const indent = ' '.repeat(hang ?? lead.length);
  const lines: string[] = [];
  let current = lead;
  let isEmpty = true;
  // The spaces before a word stay with it: they may line up columns.
  for (const [, spaces = '', word = ''] of line.slice(lead.length).matchAll(/( *)(\S+)/g)) {
    if (!isEmpty && columnsOf(current + spaces + word) > columns) {
      lines.push(current);
      current = indent + word;
    } else {
      current += spaces + word;
    }
    isEmpty = false;
  }
  return [...lines, current];
}

/** Infinity for a stream that is not a terminal, or whose width is unknown. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 0 ? stream.columns : Infinity;
}

export function count(n: number, noun: string): string {
  if (n === 1) return `1 ${noun}`;
  return `${n} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

export function size(bytes: number): string {
  if (bytes < 1000) return count(bytes, 'byte');
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function downWords(since: string | undefined): string {
  return since === undefined ? '' : ` since ${localTime(since)}`;
}

export function nextWords(at: string | null | undefined): string {
  return at !== null && at !== undefined && Date.parse(at) > Date.now() ? `, next attempt ${localTime(at)}` : '';
}

export function signedWords({ signatureKeyName }: { readonly signatureKeyName?: string | undefined }): string {
  return signatureKeyName === undefined ? 'unsigned' : 'signed';
}

export function localTime(iso: string, now: Date = new Date()): string {
  const moment = new Date(iso);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':');
  if (moment.toDateString() === now.toDateString()) return clock;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${clock}`;
}
