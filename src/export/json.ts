import { shown, textOf } from './item.ts';
import type { ExportItem, ExportOptions } from './item.ts';

/** A JSON array with everything about each delivery: as received, its events, its notifications and their attempts. */
export async function* toJson(
  items: AsyncIterable<ExportItem> | Iterable<ExportItem>,
  options: ExportOptions,
): AsyncGenerator<string> {
  let separator = '[\n';
  for await (const item of items) {
    yield `${separator}${JSON.stringify(jsonOf(item, options))}`;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** One delivery as a JSON value. A body is `{ text }` where it is UTF-8, else `{ base64 }`. */
function jsonOf(item: ExportItem, options: ExportOptions): object {
  const body = bodyOf(item.body);
  const rest = {
    delivery: item.delivery,
    headers: item.headers,
    events: item.events,
    notifications: item.notifications.map(({ notification, url, headers, attempts }) => ({
      ...notification,
      destination: url,
      headers,
      attempts: attempts.map(({ answerBody, ...attempt }) => ({
        ...attempt,
        answerBody: bodyOf(Buffer.from(answerBody, 'base64')),
      })),
    })),
  };
  const masked = mapStrings(rest, (text) => shown(text, options)) as typeof rest;
  return {
    delivery: masked.delivery,
    headers: masked.headers,
    body,
    events: masked.events,
    notifications: masked.notifications.map((notification, i) => ({
      ...notification,
      body: bodyOf(item.notifications[i]?.body ?? new Uint8Array()),
    })),
  };
}

/** A body for a JSON document, to the byte. */
export function bodyOf(body: Uint8Array): { text: string } | { base64: string } {
  const text = textOf(body);
  return text === undefined ? { base64: Buffer.from(body).toString('base64') } : { text };
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
}
