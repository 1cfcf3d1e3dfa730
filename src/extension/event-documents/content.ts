/** What stands in an event's documents. Loaded with the client; texts for people come from the caller. */
import { readPayload } from '../../campaign-monitor/payload.ts';
import { indentJson } from '../../export/indented-json.ts';
import type { AsItCame } from '../../export/indented-json.ts';
import { maskSecrets, textOf } from '../../export/item.ts';
import { replaysAmong } from '../../protocol/attempts.ts';
import type { AttemptDetail, Headers, Notification, SignatureCheck } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { BodyExtension, DocumentAddress } from '../events/address.ts';
import { markdownText } from '../ui/printable.ts';
import { maskHeaders } from './masking.ts';

/** The texts for people in the documents, in the user's language. */
export interface DocumentTexts {
  readonly attempts: (eventId: string) => string;
  readonly noAttempts: string;
  readonly attempt: (attempt: AttemptDetail, replays: ReadonlySet<AttemptDetail>, destination: string) => string;
  /** The headings of the table of attempts, in the order of its cells. */
  readonly columns: readonly [string, string, string, string, string, string];
  readonly cells: (attempt: AttemptDetail) => {
    readonly at: string;
    readonly destination: string;
    readonly answer: string;
    readonly took: string;
  };
  /** When it was, and what came of it. */
  readonly outcome: (attempt: AttemptDetail) => string;
  /** What came of it, without times. */
  readonly verdict: (attempt: AttemptDetail) => string;
  readonly headersOfAnswer: string;
  readonly answer: string;
  readonly emptyAnswer: string;
  readonly truncatedAnswer: string;
  readonly notText: (bytes: number) => string;
  readonly received: (delivery: Result<'deliveries/get'>['delivery']) => string;
  readonly signature: (check: SignatureCheck) => string;
  readonly sent: (notificationId: string, destination: string) => string;
  readonly sentNowhere: (notificationId: string) => string;
  readonly noNotification: (eventId: string) => string;
  readonly noAnswer: (number: number) => string;
  readonly noEventObject: (eventId: string) => string;
  /** Above a text that is shown as it came, or that is not all there is. */
  readonly notice: (notice: Notice) => string;
  readonly answerLeftOut: string;
}

/** What a reader should know of a text: it is shown as it came, or only its first bytes are. */
export type Notice =
  | { readonly kind: AsItCame }
  | { readonly kind: 'dump'; readonly bytes: number; readonly of: number };

/** A body to read. */
export interface ReadableBody {
  readonly text: string;
  readonly extension: BodyExtension;
  readonly notice?: Notice;
}

/** Of bytes that are not text so many are shown. */
const mostDumped = 65_536;

/** Answers in one document, in characters: an event may have been replayed any number of times. */
const mostAnswers = 2_000_000;

/**
 * A body to read: JSON indented, XML and other text as it is, anything else as a hex dump. JSON that is nested too
 * deeply or too long is text as it came, which VS Code does not try to understand either.
 * @param contentType for the character set of bytes that are not UTF-8
 */
export function readableBody(body: Buffer, contentType: string | null): ReadableBody {
  const text = decoded(body, contentType);
  if (text === undefined) {
    const dump: ReadableBody = { text: hexDump(body.subarray(0, mostDumped)), extension: 'txt' };
    return body.length > mostDumped ? { ...dump, notice: { kind: 'dump', bytes: mostDumped, of: body.length } } : dump;
  }
  if (/^\s*[[{]/.test(text)) {
    const indented = indentJson(text);
    if (indented.kind === 'indented') return { text: indented.text, extension: 'json' };
    if (indented.kind === 'as it came') return { text, extension: 'txt', notice: { kind: indented.why } };
  }
  return { text, extension: /^\s*</.test(text) ? 'xml' : 'txt' };
}

/** A body as text. @param contentType for the character set @returns undefined where it is no text */
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

/** Sixteen bytes a line: offset, hex digits, ASCII. */
function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The notification that stands for an event: one that goes somewhere first; of these, Open Connectors' before raw ones. */
export function mainNotification(notifications: readonly Notification[]): Notification | undefined {
  const received = notifications.filter(({ forwardings }) => forwardings.length > 0);
  const candidates = received.length > 0 ? received : notifications;
  return candidates.find(({ kind }) => kind !== 'raw') ?? candidates[0];
}

/** A readable text as a document of its own, its notice as the heading. */
function headed({ text, extension, notice }: ReadableBody, texts: DocumentTexts): ReadableBody {
  return notice === undefined
    ? { text, extension }
    : { text: `${comment(texts.notice(notice))}\n\n${text}`, extension };
}

/** A document and the delivery that it is about. */
export interface DocumentContent {
  readonly text: string;
  readonly extension: BodyExtension;
  readonly deliveryId: string;
}

/**
 * Reads a document.
 * @throws RelayRequestError where the event is no longer in the history
 */
export async function readDocument(
  client: RelayClient,
  address: DocumentAddress,
  texts: DocumentTexts,
): Promise<DocumentContent> {
  const { eventId, kind } = address;
  switch (kind) {
    case 'body': {
      const { delivery, body } = await client.request('deliveries/get', { id: eventId });
      const readable = readableBody(Buffer.from(body, 'base64'), delivery.contentType);
      return { ...headed(readable, texts), deliveryId: delivery.id };
    }
    case 'event': {
      const found = await client.request('deliveries/get', { id: eventId });
      return { ...eventText(found, eventId, texts), deliveryId: found.delivery.id };
    }
    case 'notification': {
      const { delivery, notifications } = await client.request('events/get', { id: eventId });
      const notification = mainNotification(notifications);
      if (notification === undefined) {
        return { text: texts.noNotification(eventId), extension: 'txt', deliveryId: delivery.id };
      }
      const { body } = await client.request('notifications/render', { id: notification.id });
      const bytes = Buffer.from(body, 'base64');
      const contentType = notification.kind === 'raw' ? delivery.contentType : null;
      return { ...headed(readableBody(bytes, contentType), texts), deliveryId: delivery.id };
    }
    case 'attempts': {
      const found = await client.request('events/get', { id: eventId });
      return { text: attemptsText(eventId, found, texts), extension: 'txt', deliveryId: found.delivery.id };
    }
    case 'headers':
      return headersDocument(client, eventId, texts);
    case 'answer': {
      const { delivery, attempts } = await client.request('events/get', { id: eventId });
      const number = address.attempt ?? attempts.length;
      const attempt = inOrder(attempts)[number - 1];
      return {
        text: attempt === undefined ? texts.noAnswer(number) : answerText(attempt, texts),
        extension: 'txt',
        deliveryId: delivery.id,
      };
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
    // Nested too deeply to be written out of the body: the body it is.
    return headed(readableBody(Buffer.from(found.body, 'base64'), found.delivery.contentType), texts);
  }
  return headed(readableBody(Buffer.from(json), null), texts);
}

/** The event itself, out of the delivery's body. */
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

/** Attempts in the order of their times, whichever notification they are of. */
export function inOrder(attempts: readonly AttemptDetail[]): AttemptDetail[] {
  return [...attempts].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.number - b.number));
}

/** Text in a cell of a Markdown table, where a bar would end it, in code too. */
function cell(text: string): string {
  return markdownText(text).replaceAll('|', '\\|');
}

/** The attempts as a table of Markdown. */
function attemptsTable(attempts: readonly AttemptDetail[], texts: DocumentTexts): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(texts.columns),
    line(texts.columns.map(() => '---')),
    ...attempts.map((attempt) => {
      const { at, destination, answer, took } = texts.cells(attempt);
      // The destination alone is from outside.
      return line([String(attempt.number), at, attempt.notificationId, cell(destination), answer, took]);
    }),
    '',
  ];
}

/** A table of the attempts, then each as a section, in Markdown; the latest first. */
export function attemptsText(
  eventId: string,
  found: Pick<Result<'events/get'>, 'notifications' | 'attempts'>,
  texts: DocumentTexts,
): string {
  const { attempts } = found;
  const replays = replaysAmong(found);
  const lines = [`# ${texts.attempts(eventId)}`, ''];
  if (attempts.length === 0) lines.push(texts.noAttempts, '');
  const latestFirst = inOrder(attempts).reverse();
  if (latestFirst.length > 0) lines.push(...attemptsTable(latestFirst, texts));
  let room = mostAnswers;
  for (const attempt of latestFirst) {
    const body = Buffer.from(attempt.answerBody, 'base64');
    const error = attempt.error === null ? null : markdownText(attempt.error);
    lines.push(
      `## ${texts.attempt(attempt, replays, markdownText(maskSecrets(attempt.destination)))}`,
      '',
      texts.outcome({ ...attempt, error }),
      '',
    );
    if (attempt.status === null) continue;
    const headers = headerLines(maskHeaders(attempt.answerHeaders));
    const readable = room > 0 && body.length > 0 ? answerBody(attempt, texts) : undefined;
    room -= headers.length + (readable?.text.length ?? 0);
    if (room < 0) {
      lines.push(texts.answerLeftOut, '');
      continue;
    }
    lines.push(`${texts.headersOfAnswer}:`, '', ...fenced(headers, 'properties'));
    lines.push(`${texts.answer}:`, '');
    if (readable === undefined) lines.push(texts.emptyAnswer, '');
    else {
      if (readable.notice !== undefined) lines.push(texts.notice(readable.notice), '');
      lines.push(...fenced(readable.text.replace(/\n$/, ''), readable.extension));
    }
    if (attempt.answerTruncated) lines.push(texts.truncatedAnswer, '');
  }
  return lines.join('\n');
}

function answerBody({ answerBody, answerHeaders }: AttemptDetail, texts: DocumentTexts): ReadableBody {
  const body = Buffer.from(answerBody, 'base64');
  const contentType = answerHeaders.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
  const readable = readableBody(body, contentType);
  return readable.extension === 'txt' && decoded(body, contentType) === undefined
    ? { text: texts.notText(body.length), extension: 'txt' }
    : readable;
}

/** A fence longer than any in the text. */
function fenced(text: string, language: string): string[] {
  const longest = (text.match(/`{3,}/g) ?? []).reduce((most, ticks) => Math.max(most, ticks.length), 2);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language === 'txt' ? '' : language}`, text, fence, ''];
}

/** One answer without its time, so that two of them differ where the callback answered differently. */
function answerText(attempt: AttemptDetail, texts: DocumentTexts): string {
  const lines = [texts.verdict(attempt)];
  if (attempt.status !== null) {
    const { notice, text } = answerBody(attempt, texts);
    lines.push(headerLines(maskHeaders(attempt.answerHeaders)), '');
    if (notice !== undefined) lines.push(comment(texts.notice(notice)), '');
    lines.push(text);
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

async function headersDocument(client: RelayClient, eventId: string, texts: DocumentTexts): Promise<DocumentContent> {
  const [{ delivery, headers }, { notifications }] = await Promise.all([
    client.request('deliveries/get', { id: eventId }),
    client.request('events/get', { id: eventId }),
  ]);
  const sections = [
    comment(texts.received(delivery)),
    ...(delivery.signature === null ? [] : [comment(texts.signature(delivery.signature))]),
    headerLines(maskHeaders(headers)),
    '',
  ];
  for (const notification of notifications) {
    if (notification.forwardings.length === 0) sections.push(comment(texts.sentNowhere(notification.id)), '');
    for (const { destinationId, destination } of notification.forwardings) {
      const rendered = await client.request('notifications/render', { id: notification.id, destinationId });
      sections.push(
        comment(texts.sent(notification.id, maskSecrets(destination))),
        headerLines(maskHeaders(rendered.headers)),
        '',
      );
    }
  }
  return { text: sections.join('\n'), extension: 'txt', deliveryId: delivery.id };
}

function comment(text: string): string {
  return `# ${text}`;
}

function headerLines(headers: Headers): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join('\n');
}
