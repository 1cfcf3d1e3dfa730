import { createHash } from 'node:crypto';
import { readPayload } from '../../campaign-monitor/payload.ts';
import { indentJson, type AsItCame } from '../../export/indented-json.ts';
import { maskSecrets, textOf } from '../../export/item.ts';
import type { AttemptDetail, Delivery, Headers, Notification } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { BodyExtension, DocumentAddress } from '../events/address.ts';
import { maskedValue } from '../../common/masking.ts';
import { isCredentialHeader } from '../../protocol/credential-headers.ts';

export interface DocumentTexts {
  readonly noAttempts: string;
  readonly verdict: (attempt: AttemptDetail) => string;
  readonly emptyAnswer: string;
  readonly truncatedAnswer: string;
  readonly noNotification: (eventId: string) => string;
  readonly noAnswer: (number: number) => string;
  readonly noEventObject: (eventId: string) => string;
  readonly notice: (notice: Notice) => string;
}

export type Notice =
  | { readonly kind: AsItCame }
  | { readonly kind: 'binary'; readonly bytes: number; readonly sha256: string };

export interface ReadableBody {
  readonly text: string;
  readonly extension: BodyExtension;
  readonly notice?: Notice;
}

/** JSON that is too long or nested too deeply for VS Code is shown unchanged, as plain text. */
export function readableBody(body: Buffer, contentType: string | null): ReadableBody {
  const text = decoded(body, contentType);
  if (text === undefined) {
    const sha256 = createHash('sha256').update(body).digest('hex').slice(0, 12);
    return { text: '', extension: 'txt', notice: { kind: 'binary', bytes: body.length, sha256 } };
  }
  if (/^\s*[[{]/.test(text)) {
    const indented = indentJson(text);
    if (indented.kind === 'indented') return { text: indented.text, extension: 'json' };
    if (indented.kind === 'as it came') return { text, extension: 'txt', notice: { kind: indented.why } };
  }
  return { text, extension: /^\s*</.test(text) ? 'xml' : 'txt' };
}

/** @returns undefined if the body isn't text */
export function decoded(body: Buffer, contentType: string | null): string | undefined {
  const utf8 = textOf(body);
  if (utf8 !== undefined) return utf8.replace(/^\ufeff/, '');
  const [first, second] = body;
  const declared =
    first === 0xff && second === 0xfe
      ? 'utf-16le'
      : first === 0xfe && second === 0xff
        ? 'utf-16be'
        : (/charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1] ??
          /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)/.exec(body.subarray(0, 200).toString('latin1'))?.[1]);
  if (declared === undefined || /^utf-?8$/i.test(declared)) return undefined;
  try {
    return new TextDecoder(declared, { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Prefers notifications with a destination, and of these, those in Open Connectors' format. */
export function mainNotification(notifications: readonly Notification[]): Notification | undefined {
  const received = notifications.filter(({ forwardings }) => forwardings.length > 0);
  const candidates = received.length > 0 ? received : notifications;
  return candidates.find(({ kind }) => kind !== 'raw') ?? candidates[0];
}

function headed({ text, extension, notice }: ReadableBody, texts: DocumentTexts): ReadableBody {
  return notice === undefined
    ? { text, extension }
    : { text: `${comment(texts.notice(notice))}\n\n${text}`, extension };
}

export interface DocumentContent {
  readonly text: string;
  readonly extension: BodyExtension;
}

export async function readDocument(
  client: RelayClient,
  { eventId, kind, attempt: number }: DocumentAddress,
  texts: DocumentTexts,
): Promise<DocumentContent> {
  switch (kind) {
    case 'body': {
      const { delivery, body } = await client.request('deliveries/get', { id: eventId });
      return headed(readableBody(Buffer.from(body, 'base64'), delivery.contentType), texts);
    }
    case 'event':
      return eventText(await client.request('deliveries/get', { id: eventId }), eventId, texts);
    case 'notification': {
      const { delivery, notifications } = await client.request('events/get', { id: eventId });
      const notification = mainNotification(notifications);
      if (notification === undefined) return { text: texts.noNotification(eventId), extension: 'txt' };
      const { body } = await client.request('notifications/render', { id: notification.id });
      const contentType = notification.kind === 'raw' ? delivery.contentType : null;
      return headed(readableBody(Buffer.from(body, 'base64'), contentType), texts);
    }
    case 'answer': {
      const { attempts } = await client.request('events/get', { id: eventId });
      const place = number ?? attempts.length;
      const attempt = inOrder(attempts)[place - 1];
      return { text: attempt === undefined ? texts.noAnswer(place) : answerText(attempt, texts), extension: 'txt' };
    }
  }
}

function eventText(found: Result<'deliveries/get'>, eventId: string, texts: DocumentTexts): ReadableBody {
  const event = eventObjectOf(found, eventId);
  if (event === undefined) return { text: texts.noEventObject(eventId), extension: 'json' };
  let json: string;
  try {
    json = JSON.stringify(event);
  } catch {
    // Nested too deeply to extract: show the body.
    return headed(readableBody(Buffer.from(found.body, 'base64'), found.delivery.contentType), texts);
  }
  return headed(readableBody(Buffer.from(json), null), texts);
}

function eventObjectOf({ delivery, body, events }: Result<'deliveries/get'>, eventId: string): unknown {
  const bytes = Buffer.from(body, 'base64');
  const index = events.findIndex(({ id }) => id === eventId);
  if (delivery.source === 'campaign-monitor') {
    const payload = readPayload(bytes, delivery.contentType);
    return payload.kind === 'events' ? payload.events[index] : undefined;
  }
  try {
    const { message, response } = JSON.parse(bytes.toString('utf8')) as {
      message?: { events?: unknown[] };
      response?: { events?: unknown[] };
    };
    return (message ?? response)?.events?.[index];
  } catch {
    return undefined;
  }
}

export function inOrder(attempts: readonly AttemptDetail[]): AttemptDetail[] {
  return [...attempts].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.number - b.number));
}

/** Without the time, so that two documents differ only if the callback responded differently. */
function answerText(attempt: AttemptDetail, texts: DocumentTexts): string {
  const lines = [texts.verdict(attempt)];
  if (attempt.status !== null) {
    const contentType = attempt.answerHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
    const { notice, text } = readableBody(Buffer.from(attempt.answerBody, 'base64'), contentType);
    lines.push(headerLines(maskHeaders(attempt.answerHeaders)), '');
    if (notice !== undefined) lines.push(comment(texts.notice(notice)), '');
    lines.push(text);
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function comment(text: string): string {
  return `# ${text}`;
}

function headerLines(headers: Headers): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join('\n');
}

/** The relay masks credentials in headers; secrets in URLs are masked here. */
export function maskHeaders(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, isCredentialHeader(name) ? maskedValue : maskSecrets(value)]);
}

export function editableBody(delivery: Pick<Delivery, 'source' | 'contentType'>, body: Buffer): string {
  if (delivery.source === 'campaign-monitor') {
    const payload = readPayload(body, delivery.contentType);
    if (payload.kind === 'events') {
      const text = payload.json.toString('utf8');
      const indented = indentJson(text);
      return indented.kind === 'indented' ? indented.text : text;
    }
  }
  return readableBody(body, delivery.contentType).text;
}
