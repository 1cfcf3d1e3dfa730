import { createHash } from 'node:crypto';
import { isHopHeader } from '../common/hop-headers.ts';
import { hookSecret } from '../common/hook-path.ts';
import { maskPlaces } from '../common/masking.ts';
import { urlCredentials } from '../protocol/credential-headers.ts';
import type { AttemptDetail, Delivery, EventRow, Headers, Notification } from '../protocol/history.ts';

export interface RenderedNotification {
  /** Null if it goes to no destination. */
  readonly destinationId: string | null;
  readonly url: string | null;
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface ExportedNotification extends RenderedNotification {
  readonly notification: Notification;
  readonly attempts: readonly AttemptDetail[];
}

export interface ExportItem {
  readonly delivery: Delivery;
  readonly headers: Headers;
  /** The bytes kept: the first 64 KiB if `delivery.truncated`. */
  readonly body: Uint8Array;
  readonly events: readonly EventRow[];
  readonly notifications: readonly ExportedNotification[];
  readonly webhookEndpoint: string;
}

export interface ExportOptions {
  /** Don't mask the webhook endpoint's secret and credentials in URLs. Stored headers are masked already. */
  readonly withSecrets: boolean;
  /** The extension's version, for formats that name their creator. */
  readonly version: string;
  /**
   * Keeps a body in a file beside the export, for a format that cannot hold every body. Undefined if the export is one
   * text, such as on the clipboard.
   * @returns the file's name, by {@link bodyFileName}
   */
  readonly keepBody?: (body: Uint8Array) => Promise<string>;
}

export interface ExportedRequest {
  readonly title: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

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

/** Without hop-by-hop headers and invalid ones (RFC 9110, 5.1 and 5.5), by which curl would read a file or send two. */
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
 * Depends on the body alone: nothing from outside is in it, and REST Client, which looks in the workspace's root first,
 * finds no other body by it.
 */
export function bodyFileName(body: Uint8Array): string {
  return `cm-relay-${createHash('sha256').update(body).digest('hex').slice(0, 32)}.body`;
}

export function maskedForExport(text: string, options: ExportOptions): string {
  return options.withSecrets ? text : maskSecrets(text);
}

/** In a URL, or a text that contains one, escaped or not. */
export function maskSecrets(text: string): string {
  return maskPlaces(text, [hookSecret, ...urlCredentials]);
}

export function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

/**
 * UTF-8 without control characters (except tab and line feed), byte order mark, line separators and marks of writing
 * direction.
 */
export function plainText(body: Uint8Array): string | undefined {
  const text = textOf(body);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text === undefined || /[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u2028-\u202e\u2066-\u2069]/.test(text)
    ? undefined
    : text;
}
