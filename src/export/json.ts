import { escapedJson } from '../common/unprintable.ts';
import { maskedForExport, textOf, type ExportItem, type ExportOptions } from './item.ts';

/**
 * Written in pieces: each notification holds the whole body of its delivery, and all may exceed the length of a string.
 */
export async function* toJson(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const item of items) {
    yield separator;
    yield* jsonOf(item, options);
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** A body is `{ text }` if it is UTF-8, else `{ base64 }`. */
function* jsonOf(item: ExportItem, options: ExportOptions): Generator<string> {
  const masked = (value: unknown): string => jsonText(mapStrings(value, (text) => maskedForExport(text, options)));
  const { delivery, headers, body, events, notifications } = item;
  yield `{"delivery":${masked(delivery)},"headers":${masked(headers)},"body":${jsonText(bodyOf(body))}`;
  yield `,"events":${masked(events)},"notifications":[`;
  for (const [i, { notification, destinationId, url, ...rest }] of notifications.entries()) {
    const attempts = rest.attempts.map(({ answerBody, ...attempt }) => ({
      ...attempt,
      answerBody: bodyOf(Buffer.from(answerBody, 'base64')),
    }));
    const json = masked({ ...notification, destinationId, destination: url, headers: rest.headers, attempts });
    yield `${i === 0 ? '' : ','}${json.slice(0, -1)},"body":${jsonText(bodyOf(rest.body))}}`;
  }
  yield ']}';
}

function jsonText(value: unknown): string {
  return escapedJson(JSON.stringify(value));
}

export function bodyOf(body: Uint8Array): { text: string } | { base64: string } {
  const text = textOf(body);
  return text === undefined ? { base64: Buffer.from(body).toString('base64') } : { text };
}

export function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
}
