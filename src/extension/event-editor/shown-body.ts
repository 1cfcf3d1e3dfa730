import { say } from '../../common/say.ts';
import { stretchOf, type Stretch } from '../event-documents/json-text.ts';
import type { ReadableBody } from '../event-documents/content.ts';
import { printableLines } from '../ui/printable.ts';
import type { ShownBody } from './messages.ts';

/** In UTF-16 units. */
export const mostShown = 100_000;

const contextBefore = 2000;

export type JsonPath = readonly (string | number)[];

export interface Marked {
  readonly marks: readonly JsonPath[];
  readonly mapped: readonly JsonPath[];
  /** For XML; null if no element is marked. */
  readonly element: { readonly index: number; readonly of: number } | null;
}

export const nothingMarked: Marked = { marks: [], mapped: [], element: null };

export function shownBody(
  body: ReadableBody,
  marked: Marked,
  noticeOf: (notice: NonNullable<ReadableBody['notice']>) => string,
): ShownBody {
  const { extension, notice } = body;
  const text = printableLines(body.text);
  const isJson = extension === 'json';
  const find = (paths: readonly JsonPath[]): Stretch[] =>
    isJson ? paths.map((path) => stretchOf(text, path)).filter((each) => each !== undefined) : [];
  const marks =
    extension === 'xml' && marked.element !== null ? elementOf(text, marked.element) : inOrder(find(marked.marks));
  const notices = notice === undefined ? [] : [noticeOf(notice)];
  const all = { text, language: extension, marks, mapped: inOrder(find(marked.mapped)), notices };
  return text.length <= mostShown ? all : excerptOf(all);
}

function excerptOf(body: ShownBody): ShownBody {
  const { text } = body;
  const wanted = Math.max(0, (body.marks[0]?.start ?? 0) - contextBefore);
  const start = wanted === 0 ? 0 : lineStart(text, wanted);
  const end = characterStart(text, Math.min(text.length, start + mostShown));
  const within = (stretches: readonly Stretch[]): Stretch[] =>
    stretches
      .filter((each) => each.end > start && each.start < end)
      .map((each) => ({ start: Math.max(0, each.start - start), end: Math.min(end, each.end) - start }));
  const cut =
    start === 0
      ? say('Showing the first {0} of {1} characters.', end, text.length)
      : say('Showing {0} of {1} characters around this event.', end - start, text.length);
  return {
    ...body,
    text: text.slice(start, end),
    marks: within(body.marks),
    mapped: within(body.mapped),
    notices: [...body.notices, cut],
  };
}

function lineStart(text: string, near: number): number {
  const before = text.lastIndexOf('\n', near) + 1;
  return near - before <= contextBefore ? before : characterStart(text, near);
}

/** Moves an offset out of a surrogate pair. */
function characterStart(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? '') ? at - 1 : at;
}

/** Empty unless the XML has as many `Event` elements as expected. */
export function elementOf(xml: string, { index, of }: { readonly index: number; readonly of: number }): Stretch[] {
  const starts = [...xml.matchAll(/<Event(?=[\s/>])/g)].map((match) => match.index);
  const start = starts[index];
  if (start === undefined || starts.length !== of) return [];
  const close = '</Event>';
  const end = xml.indexOf(close, start);
  return end === -1 ? [] : [{ start, end: end + close.length }];
}

function inOrder(stretches: readonly Stretch[]): Stretch[] {
  return [...stretches].sort((a, b) => a.start - b.start);
}
