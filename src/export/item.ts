import { createHash } from 'node:crypto';
import { isHopHeader } from '../common/hop-headers.ts';
import { hookSecret } from '../common/hook-path.ts';
import { maskPlaces } from '../common/masking.ts';
import { urlCredentials } from '../protocol/credential-headers.ts';
import type { AttemptDetail, Delivery, EventRow, Headers, Notification } from '../protocol/history.ts';

/** A notification as it goes to one destination. */
export interface ExportedNotification {
  readonly notification: Notification;
  /** The destination's id; null where it goes to none. */
  readonly destinationId: string | null;
  /** The destination; null where it goes to none. */
  readonly url: string | null;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly attempts: readonly AttemptDetail[];
}

/** One delivery, as every format of export takes it. */
export interface ExportItem {
  readonly delivery: Delivery;
  readonly headers: Headers;
  /** The bytes kept: the first 64 KiB where `delivery.truncated`. */
  readonly body: Uint8Array;
  readonly events: readonly EventRow[];
  /** Those that were asked for, once for each destination. */
  readonly notifications: readonly ExportedNotification[];
  /** The webhook endpoint's URL for the delivery's source. */
  readonly webhookEndpoint: string;
}

export interface ExportOptions {
  /** Leave the webhook endpoint's secret and credentials in URLs in clear. Stored headers are masked already. */
  readonly withSecrets: boolean;
  /** The product's version, for formats that name their creator. */
  readonly version: string;
  /**
   * Keeps a body in a file beside the export, for a format that cannot hold every body. Where it is left out the export
   * is one text, such as on the clipboard.
   * @returns the file's name, as {@link bodyFileName} makes it
   */
  readonly keepBody?: (body: Uint8Array) => Promise<string>;
}

/** A request that an exported file can send again. */
export interface ExportedRequest {
  /** What it is, in one line. */
  readonly title: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/**
 * The requests of a delivery: its notifications as they go to their destinations, or, where none goes anywhere, the
 * delivery itself as the vendor posted it.
 */
export function requestsOf(item: ExportItem, options: ExportOptions): ExportedRequest[] {
  const requests = item.notifications.flatMap(({ notification, url, headers, body }) => {
    if (url === null) return [];
    const part = notification.parts > 1 ? `, part ${notification.part + 1} of ${notification.parts}` : '';
    return [{ title: `${notification.id} of ${item.delivery.id}${part}`, url, headers, body }];
  });
  const cut = item.delivery.truncated ? ', truncated after 64 KiB' : '';
  const title = `${item.delivery.id}, received ${item.delivery.receivedAt}${cut}`;
  const all =
    requests.length > 0 ? requests : [{ title, url: item.webhookEndpoint, headers: item.headers, body: item.body }];
  return all.map((request) => ({
    ...request,
    url: maskedForExport(request.url, options),
    headers: sendable(request.headers).map(([name, value]) => [name, maskedForExport(value, options)]),
  }));
}

/** Without those of one hop, and what is no header of HTTP (RFC 9110, 5.1 and 5.5), which curl would read a file by or send as two. */
function sendable(headers: Headers): Headers {
  return headers.filter(
    ([name, value]) =>
      !isHopHeader(name) &&
      /^[!#$%&'*+.^_`|~\w-]+$/.test(name) &&
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      !/[\x00-\x08\x0a-\x1f\x7f]/.test(value),
  );
}

/**
 * The name of the file that holds a body beside an export. It is made of the body alone: nothing from outside stands
 * in it, and REST Client, which looks in the workspace's root first, finds no other body by it.
 */
export function bodyFileName(body: Uint8Array): string {
  return `cm-relay-${createHash('sha256').update(body).digest('hex').slice(0, 32)}.body`;
}

/** A URL, header value or message as it may be shown: secrets masked, unless they were asked for. */
export function maskedForExport(text: string, options: ExportOptions): string {
  return options.withSecrets ? text : maskSecrets(text);
}

/**
 * Masks what is secret in a URL, or in a text that holds one, escaped or not: the webhook endpoint's secret, a password, and
 * the values of query parameters that are named like credentials.
 */
export function maskSecrets(text: string): string {
  return maskPlaces(text, [hookSecret, ...urlCredentials]);
}

/**
 * A body as text.
 * @returns undefined where the bytes are not UTF-8
 */
export function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

/**
 * A body as text that scripts and editors keep as it is: UTF-8 without control characters (tab and line feed stay), a
 * byte order mark, line separators and marks of writing direction.
 * @returns undefined where it is not
 */
export function plainText(body: Uint8Array): string | undefined {
  const text = textOf(body);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text === undefined || /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u2028-\u202e\u2066-\u2069]/.test(text)
    ? undefined
    : text;
}
