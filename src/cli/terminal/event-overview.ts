import { attemptAdvice, attemptName, replaysAmong } from '../../protocol/attempts.ts';
import { addressOf, labelOf, signatureOf, typeOf } from '../../protocol/event-row.ts';
import type { AttemptDetail, Delivery, Headers, Notification } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Result } from '../../protocol/methods.ts';
import { indentJson } from '../../export/indented-json.ts';
import { renderedOf } from '../../export/gather.ts';
import { maskSecrets, textOf, type RenderedNotification } from '../../export/item.ts';
import { signatureHeader } from '../../open-connectors/signature.ts';
import type { Found } from '../found.ts';
import { inSameDirectory } from '../same-directory.ts';
import { rejectedText } from './answering-text.ts';
import { forwarded, nextAttempt } from './event-table.ts';
import { saysTheStatus } from './live-view.ts';
import { masked } from './masked.ts';
import { downWords, duration, localTime, printable, signedWords, size } from './text.ts';
import { styleText } from './command-process.ts';

type Reader = Pick<RelayClient, 'request'>;

const shownLines = 60;
const shownCharacters = 2000;

const mostInFull = 3;

export interface SentRequest extends RenderedNotification {
  readonly notificationId: string;
}

/** All if no destination receives any. */
export function receivedNotifications(notifications: readonly Notification[]): readonly Notification[] {
  const received = notifications.filter(({ forwardings }) => forwardings.length > 0);
  return received.length > 0 ? received : notifications;
}

/** Credentials are masked. Empty if there are too many to read. */
export async function requestsOf(history: Reader, { notifications }: Found): Promise<readonly SentRequest[]> {
  if (notifications.length > mostInFull) return [];
  const requests: SentRequest[] = [];
  for (const each of receivedNotifications(notifications))
    for (const rendered of await renderedOf(history, each)) requests.push({ notificationId: each.id, ...rendered });
  return requests;
}

export function overviewLines(found: Found, requests: readonly SentRequest[]): string[] {
  const { headers, body, attempts } = found;
  const received = receivedNotifications(found.notifications);
  const notifications = [...received, ...found.notifications.filter((each) => !received.includes(each))];
  const leftOut =
    notifications.length > mostInFull
      ? [
          dim(
            inSameDirectory(
              `To see what was sent and answered for each notification, run cm-relay show ${notifications[0]?.id ?? 'n1'}, and so on.`,
            ),
          ),
        ]
      : [];
  const replays = replaysAmong(found);
  const lines = [
    ...eventLines(found),
    '',
    dim('Received'),
    ...headerLines(headers),
    '',
    ...bodyLines(body, `cm-relay show ${found.delivery.id} --raw`),
    '',
    ...notifications.flatMap((notification) => [
      ...notificationLines(notification, found.delivery, attempts, replays),
      ...requests
        .filter(({ notificationId }) => notificationId === notification.id)
        .flatMap((request, index, all) =>
          requestLines(request, [body, ...all.slice(0, index).map((each) => each.body)], attempts),
        ),
      '',
    ]),
    ...leftOut,
  ];
  return lines.join('\n').trimEnd().split('\n');
}

function requestLines(request: SentRequest, above: readonly Buffer[], attempts: readonly AttemptDetail[]): string[] {
  const { notificationId, destinationId, url, headers, body } = request;
  const last = attempts.findLast((each) => isOf(each, notificationId, destinationId));
  const where = url === null ? '' : ` to ${printable(maskSecrets(url))}`;
  return [
    '',
    dim(`${last === undefined ? 'Would be sent' : 'Sent'}${where}`),
    ...headerLines(headers),
    // Attempts don't store their signature.
    ...(last !== undefined && headers.some(([name]) => name.toLowerCase() === signatureHeader.toLowerCase())
      ? [`  ${dim('(signature computed with the key the relay has now; attempts may have used another key)')}`]
      : []),
    '',
    ...(body.length > 0 && above.some((each) => each.equals(body))
      ? [`  ${dim('(same body as above)')}`]
      : bodyLines(body, `cm-relay show ${notificationId} --notification`, withoutRaw)),
    ...(last === undefined ? [] : answerLines(last)),
  ];
}

function answerLines(attempt: AttemptDetail): string[] {
  const { status, error, answerHeaders, answerBody, answerTruncated, notificationId } = attempt;
  const bytes = Buffer.from(answerBody, 'base64');
  if (status === null) return ['', dim(`No answer: ${printable(error ?? 'none')}`)];
  return [
    '',
    dim(`Answered ${status}`),
    ...headerLines(answerHeaders),
    ...(bytes.length === 0 ? [] : ['', ...bodyLines(bytes, `cm-relay show ${notificationId} --attempts --json`)]),
    ...(answerTruncated ? [`  ${dim('(only the first 64 KiB were kept)')}`] : []),
  ];
}

/** A fetched delivery has no response. */
function receivedHow({
  signature,
  answered,
  httpStatus,
}: Pick<Delivery, 'signature' | 'answered' | 'httpStatus'>): string {
  if (signature === 'fetched') return 'fetched';
  return `answered ${httpStatus}${answered === undefined ? '' : ' on purpose'}`;
}

const dim = (text: string): string => styleText('dim', text);

function eventLines({ event, delivery }: Result<'events/get'>): string[] {
  const title =
    event.kind === 'event'
      ? `${typeOf(event)}  ${addressOf(event)}`
      : event.kind === 'test'
        ? labelOf(event)
        : rejectedText(event);
  const facts: [string, string | null][] = [
    [
      'received',
      `${localTime(event.receivedAt, new Date(0))} from ${delivery.source}${event.injected ? ', edited and resent' : ''}`,
    ],
    [
      'delivery',
      `${delivery.id}, ${delivery.eventCount === 1 ? '1 event' : `${delivery.eventCount} events`}, ${size(delivery.bodyBytes)}${delivery.truncated ? ', only the first 64 KiB kept' : ''}, ${receivedHow(delivery)}`,
    ],
    ['list', event.list],
    ['date', event.date],
    ['signature', event.signature === null ? null : signatureOf(event)],
    ['warning', event.warning],
    ['same as', event.duplicateOf === null ? null : `${event.duplicateOf} (possible duplicate)`],
  ];
  return [
    `${styleText('bold', event.id)}  ${printable(title)}`,
    ...facts.flatMap(([name, value]) => (value === null ? [] : [`  ${dim(name.padEnd(9))} ${printable(value)}`])),
  ];
}

function headerLines(headers: Headers): string[] {
  return masked(headers).map(([name, value]) => `  ${dim(`${printable(name)}:`)} ${printable(value)}`);
}

function bodyLines(
  bytes: Buffer,
  command: string,
  short: (lines: readonly string[]) => readonly string[] = (lines) => lines,
): string[] {
  const all = inSameDirectory(command);
  if (bytes.length === 0) return [`  ${dim('(empty body)')}`];
  const text = textOf(bytes);
  if (text === undefined) return [`  ${dim(`(${size(bytes.length)}, not UTF-8: to get the bytes, run ${all})`)}`];
  const indented = indentJson(text);
  const lines = short((indented.kind === 'indented' ? indented.text : text).split('\n'));
  const most = lines.length <= shownLines ? lines.length : endOfPart(lines, shownLines);
  const shown = lines.slice(0, most).map((line) => {
    const rest = line.length - shownCharacters;
    return rest > 0
      ? `  ${printable(line.slice(0, shownCharacters), '\t')}${dim(`… ${rest} more characters: ${all}`)}`
      : `  ${printable(line, '\t')}`;
  });
  if (indented.kind === 'as it came') {
    const why = indented.why === 'deep' ? 'nested too deeply' : 'too long';
    shown.unshift(`  ${dim(`(shown unformatted: the body is ${why})`)}`);
  }
  if (lines.length > most) shown.push(`  ${dim(`… ${lines.length - most} more lines: ${all}`)}`);
  return shown;
}

/** Leaves out the delivery within a notification, which is shown above, so that its events are visible. */
function withoutRaw(lines: readonly string[]): readonly string[] {
  const begin = lines.indexOf('    "raw": {');
  const end = begin < 0 ? -1 : lines.findIndex((line, at) => at > begin && /^ {4}\},?$/.test(line));
  if (end < 0) return lines;
  const [comma] = /,?$/.exec(lines[end] ?? '') ?? [''];
  const whole = `    "raw": { … ${end - begin - 1} lines, as received … }${comma}`;
  return [...lines.slice(0, begin), whole, ...lines.slice(end + 1)];
}

/** Ends at the end of an event, unless it is very long. */
function endOfPart(lines: readonly string[], atLeast: number): number {
  const end = lines.slice(atLeast - 1, 2 * atLeast).findIndex((line) => /^ {0,6}[\]}],?$/.test(line));
  return end < 0 ? atLeast : atLeast + end;
}

type Replays = ReadonlySet<AttemptDetail>;

export function isOf(attempt: AttemptDetail, notificationId: string, destinationId: string | null): boolean {
  return attempt.notificationId === notificationId && attempt.destinationId === destinationId;
}

const signingOf: Readonly<Record<Notification['kind'], (forwarding: Notification['forwardings'][number]) => string>> = {
  normalized: signedWords,
  // Open Connectors' own signature is passed on, whether or not it is valid.
  platform: () => 'signature as received',
  raw: () => 'unsigned',
};

function notificationLines(
  notification: Notification,
  delivery: Pick<Delivery, 'answered' | 'signature'>,
  attempts: readonly AttemptDetail[],
  replays: Replays,
): string[] {
  const { id, kind, part, parts, eventId, forwardings } = masked(notification);
  const of = parts > 1 ? `, part ${part + 1} of ${parts}` : '';
  const lines = [`${styleText('bold', id)}  ${kind} notification${of}  ${dim(`eventId ${printable(eventId)}`)}`];
  if (forwardings.length === 0) {
    const isOnPurpose = delivery.answered !== undefined;
    const why = isOnPurpose ? 'the delivery was answered on purpose' : 'no destination accepts it';
    const sends = inSameDirectory(`cm-relay resend ${id}${isOnPurpose ? '' : ' --to 3000/callback'}`);
    lines.push(`  ${dim(`not sent: ${why}. To send it anyway, run ${sends}`)}`);
  }
  for (const forwarding of forwardings) {
    const signing = delivery.signature === 'fetched' ? 'unsigned' : signingOf[kind](forwarding);
    const down = forwarding.downSince === undefined ? '' : `, down${downWords(forwarding.downSince)}`;
    const isSaid = forwarding.state === 'failed' && forwarding.detail === `answered ${forwarding.status}`;
    const why = isSaid ? null : forwarding.detail;
    const detail = down + nextAttempt(forwarding) + (why === null ? '' : `: ${printable(why)}`);
    const { destination, destinationId } = forwarding;
    const shared = forwardings.some((each) => each !== forwarding && each.destination === destination);
    const which = shared ? ` ${dim(destinationId)}` : '';
    lines.push(`  → ${printable(destination)}${which}  ${dim(signing)}  ${forwarded(forwarding)}${detail}`);
    if (forwarding.heldBy === 'missing-key')
      lines.push(`    ${dim(inSameDirectory('To see how to supply what is missing, run cm-relay status.'))}`);
    const own = attempts.filter((each) => isOf(each, id, destinationId));
    lines.push(...own.map((attempt) => `    ${attemptLine(attempt, replays)}`));
    const last = own.at(-1);
    if (last !== undefined && forwarding.state !== 'discarded') lines.push(...adviceLines(last));
  }
  return lines;
}

function attemptLine(attempt: AttemptDetail, replays: Replays): string {
  const { at, status, error, durationMs } = attempt;
  const answer = status === null ? '' : `${status} `;
  const why = error === null || saysTheStatus(attempt) ? '' : ` ${printable(error)}`;
  return `${attemptName(attempt, replays).toLowerCase()}  ${dim(localTime(at))}  ${answer}in ${duration(durationMs)}${why}`;
}

function adviceLines(attempt: AttemptDetail): string[] {
  return attempt.outcome === 'sent' ? [] : [`    ${dim(attemptAdvice(attempt))}`];
}

export function attemptLines(attempt: AttemptDetail, replays: Replays, isLast: boolean): string[] {
  const bytes = Buffer.from(attempt.answerBody, 'base64');
  return [
    `${styleText('bold', attempt.notificationId)} → ${printable(maskSecrets(attempt.destination))}`,
    `  ${attemptLine(attempt, replays)}  ${attempt.outcome}`,
    ...(isLast ? adviceLines(attempt) : []),
    ...headerLines(attempt.answerHeaders).map((line) => `  ${line}`),
    ...(bytes.length === 0 ? [] : bodyLines(bytes, `cm-relay show ${attempt.notificationId} --attempts --json`)).map(
      (line) => `  ${line}`,
    ),
    ...(attempt.answerTruncated ? [`    ${dim('(only the first 64 KiB were kept)')}`] : []),
    '',
  ];
}
