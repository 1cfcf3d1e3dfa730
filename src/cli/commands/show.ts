import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { styleText } from 'node:util';
import { inEnglish } from '../../common/words.ts';
import { attemptName, replaysAmong } from '../../protocol/attempts.ts';
import type { AttemptDetail, Headers, Notification } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import { indentJson } from '../../export/indented-json.ts';
import { bodyOf } from '../../export/json.ts';
import { maskSecrets, textOf } from '../../export/item.ts';
import { withHistory } from '../connection.ts';
import type { History } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonFlag, newCommand, parseId } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { saysTheStatus } from '../terminal/live-view.ts';
import { masked } from '../terminal/masked.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { duration, localTime, printable, size } from '../terminal/text.ts';
import { forwarded } from '../terminal/event-table.ts';

interface ShowOptions extends CommonOptions {
  raw?: boolean;
  notification?: boolean;
  attempts?: boolean;
  json?: boolean;
}

/** Lines of a body in the overview, and characters of a line; --raw has them all. */
const shownLines = 60;
const shownCharacters = 2000;

/** `cm-relay show`. */
export function showCommand(): Command {
  return newCommand(
    'show',
    'show one event in full',
    'Shows one event (e12), delivery (d7) or notification (n9): what was received, what was sent, what was answered.',
    [
      'Examples:',
      '  cm-relay show e12',
      '  cm-relay show e12 --raw > delivery.json         exactly the bytes that were received',
      '  cm-relay show e12 --notification | jq .         exactly the bytes that are sent',
      '  cm-relay show e12 --attempts                    every attempt with its answer',
      '',
      'Next: cm-relay replay e12 sends it again, cm-relay export e12 --as curl turns it into a command.',
    ],
  )
    .addArgument(new Argument('<id>', 'an id that cm-relay events shows').argParser(parseId))
    .addOption(new Option('--raw', 'only the body as received, to the byte'))
    .addOption(new Option('--notification', 'only the body of the notification, to the byte'))
    .addOption(new Option('--attempts', 'only the attempts to send it, with the answers'))
    .addOption(jsonFlag('a JSON object; with --attempts one a line'))
    .action(show);
}

async function show(id: string, options: ShowOptions): Promise<void> {
  const views = (['raw', 'notification', 'attempts'] as const).filter((view) => options[view] === true);
  const [view, other] = views;
  if (view !== undefined && other !== undefined) throw new UsageError(`--${view} and --${other} exclude each other`);
  if (options.json === true && (view === 'raw' || view === 'notification')) {
    throw new UsageError(`--${view} prints bytes as they are: it does not go with --json`);
  }
  await withHistory(options, async (history) => {
    const found = await find(history, id);
    switch (view) {
      case 'raw':
        return printBytes(found.body);
      case 'notification':
        return printBytes(await renderedBody(history, id, found));
      case 'attempts':
        return printAttempts(id, found, options);
      default:
        return printOverview(found, options);
    }
  });
}

/** What an id means: one notification for n9, those that hold the event for e12, all of the delivery for d7. */
interface Found extends Result<'events/get'> {
  readonly headers: Headers;
  /** The bytes kept. */
  readonly body: Buffer;
}

async function find(history: History, id: string): Promise<Found> {
  const found = await history.request('events/get', { id });
  const { headers, body, notifications } = await history.request('deliveries/get', { id: found.delivery.id });
  const bytes = Buffer.from(body, 'base64');
  if (!id.startsWith('d')) {
    const meant = (notificationId: string): boolean => !id.startsWith('n') || notificationId === id;
    return {
      ...found,
      notifications: found.notifications.filter((notification) => meant(notification.id)),
      attempts: found.attempts.filter(({ notificationId }) => meant(notificationId)),
      headers,
      body: bytes,
    };
  }
  const attempts: AttemptDetail[] = [];
  for (const notification of notifications) {
    const { attempts: all } = await history.request('events/get', { id: notification.id });
    attempts.push(...all.filter(({ notificationId }) => notificationId === notification.id));
  }
  return { ...found, notifications, attempts, headers, body: bytes };
}

async function renderedBody(history: History, id: string, found: Found): Promise<Buffer> {
  const candidates = found.notifications;
  // What Open Connectors would send, before the vendor's bytes as they are.
  const notification = candidates.find(({ kind }) => kind !== 'raw') ?? candidates[0];
  if (notification === undefined) {
    throw new CommandError(
      `${id} has no notification: ${found.event.kind === 'event' ? 'none was made of it' : `it is a ${found.event.kind === 'test' ? 'test call' : 'rejected delivery'}`}`,
      `cm-relay show ${id} --raw prints what was received.`,
    );
  }
  if (candidates.length > 1) {
    const others = candidates.filter((candidate) => candidate !== notification).map((candidate) => candidate.id);
    note(`${id} has several notifications. This is ${notification.id}; the others: ${others.join(', ')}`);
  }
  return Buffer.from((await history.request('notifications/render', { id: notification.id })).body, 'base64');
}

/** To the byte, except on a terminal, which control characters would drive. */
async function printBytes(bytes: Buffer): Promise<void> {
  if (!process.stdout.isTTY) return print(bytes);
  const text = bytes.toString();
  const safe = printable(text, '\n\t');
  await print(safe.endsWith('\n') ? safe : `${safe}\n`);
  if (safe !== text)
    note('Control characters are shown as escapes on a terminal; to a file or pipe they go unchanged.');
}

async function printAttempts(id: string, { notifications, attempts }: Found, options: ShowOptions): Promise<void> {
  const names = namesOf(notifications, attempts);
  for (const attempt of attempts) {
    if (options.json === true) {
      const { answerBody, ...rest } = attempt;
      await printJson({ ...masked(rest), answerBody: bodyOf(Buffer.from(answerBody, 'base64')) });
    } else {
      await print(`${attemptLines(attempt, names).join('\n')}\n`);
    }
  }
  if (attempts.length === 0 && options.json !== true) note(`There was no attempt to send ${id} yet.`);
}

async function printOverview(found: Found, options: ShowOptions): Promise<void> {
  const { headers, body, notifications, attempts } = found;
  if (options.json === true) {
    return printJson({
      ...masked({ event: found.event, delivery: found.delivery, headers }),
      body: bodyOf(body),
      notifications: masked(notifications),
      attempts: attempts.map(({ answerBody, ...rest }) => ({
        ...masked(rest),
        answerBody: bodyOf(Buffer.from(answerBody, 'base64')),
      })),
    });
  }
  const names = namesOf(notifications, attempts);
  const lines = [
    ...eventLines(found),
    '',
    ...headerLines(headers),
    '',
    ...bodyLines(body, `cm-relay show ${found.delivery.id} --raw`),
    '',
    ...notifications.flatMap((notification) => notificationLines(notification, attempts, names)),
  ];
  await print(`${lines.join('\n').trimEnd()}\n`);
}

const dim = (text: string): string => styleText('dim', text);

function eventLines({ event, delivery }: Result<'events/get'>): string[] {
  const title =
    event.kind === 'event'
      ? `${event.type ?? 'no type'}  ${event.address ?? 'no address'}`
      : event.kind === 'test'
        ? 'test call'
        : `rejected with ${event.httpStatus}: ${event.reason ?? 'no reason'}`;
  const facts: [string, string | null][] = [
    [
      'received',
      `${localTime(event.receivedAt, new Date(0))} from ${delivery.source}${event.injected ? ', sent by hand' : ''}`,
    ],
    [
      'delivery',
      `${delivery.id}, ${delivery.eventCount === 1 ? '1 event' : `${delivery.eventCount} events`}, ${size(delivery.bodyBytes)}${delivery.truncated ? ', of which the first 64 KiB were kept' : ''}, answered ${delivery.httpStatus}`,
    ],
    ['list', event.list],
    ['date', event.date],
    ['signature', event.signature],
    ['warning', event.warning],
    ['like', event.duplicateOf === null ? null : `${event.duplicateOf}, which has the same content: maybe sent twice`],
  ];
  return [
    `${styleText('bold', event.id)}  ${printable(title)}`,
    ...facts.flatMap(([name, value]) => (value === null ? [] : [`  ${dim(name.padEnd(9))} ${printable(value)}`])),
  ];
}

function headerLines(headers: Headers): string[] {
  return masked(headers).map(([name, value]) => `  ${dim(`${printable(name)}:`)} ${printable(value)}`);
}

/** A body to read: JSON indented, anything else as it is; its first lines, and of each its beginning. */
function bodyLines(bytes: Buffer, all: string): string[] {
  if (bytes.length === 0) return [`  ${dim('(empty body)')}`];
  const text = textOf(bytes);
  if (text === undefined) return [`  ${dim(`(${size(bytes.length)} that are not UTF-8: ${all} writes them)`)}`];
  const indented = indentJson(text);
  const lines = (indented.kind === 'indented' ? indented.text : text).split('\n');
  const shown = lines.slice(0, shownLines).map((line) => {
    const rest = line.length - shownCharacters;
    return rest > 0
      ? `  ${printable(line.slice(0, shownCharacters), '\t')}${dim(`… ${rest} more characters: ${all}`)}`
      : `  ${printable(line, '\t')}`;
  });
  if (indented.kind === 'as it came') {
    const why = indented.why === 'deep' ? 'nested too deeply' : 'too long';
    shown.unshift(`  ${dim(`(as it came, not indented: it is ${why})`)}`);
  }
  if (lines.length > shownLines) shown.push(`  ${dim(`… ${lines.length - shownLines} more lines: ${all}`)}`);
  return shown;
}

/** What attempts are called. */
type Names = ReadonlyMap<AttemptDetail, string>;

function namesOf(notifications: readonly Notification[], attempts: readonly AttemptDetail[]): Names {
  const names = new Map<AttemptDetail, string>();
  for (const { id, forwardings } of notifications) {
    for (const forwarding of forwardings) {
      const own = attempts.filter((each) => isOf(each, id, forwarding.destinationId));
      const replays = replaysAmong(own, forwarding);
      for (const each of own) names.set(each, attemptName(each.number, replays, inEnglish).toLowerCase());
    }
  }
  return names;
}

function isOf(attempt: AttemptDetail, notificationId: string, destinationId: string): boolean {
  return attempt.notificationId === notificationId && attempt.destinationId === destinationId;
}

function notificationLines(notification: Notification, attempts: readonly AttemptDetail[], names: Names): string[] {
  const { id, kind, part, parts, eventId, forwardings } = masked(notification);
  const of = parts > 1 ? `, part ${part + 1} of ${parts}` : '';
  const lines = [`${styleText('bold', id)}  ${kind} notification${of}  ${dim(`eventId ${printable(eventId)}`)}`];
  if (forwardings.length === 0) lines.push(`  ${dim('goes nowhere: no destination takes it')}`);
  for (const forwarding of forwardings) {
    const detail = forwarding.detail === null ? '' : `: ${printable(forwarding.detail)}`;
    const { destination, destinationId } = forwarding;
    const shared = forwardings.some((each) => each !== forwarding && each.destination === destination);
    const which = shared ? ` ${dim(destinationId)}` : '';
    lines.push(`  → ${printable(destination)}${which}  ${forwarded([forwarding])}${detail}`);
    const own = attempts.filter((each) => isOf(each, id, destinationId));
    lines.push(...own.map((attempt) => `    ${attemptLine(attempt, names)}`));
  }
  return [...lines, ''];
}

function attemptLine(attempt: AttemptDetail, names: Names): string {
  const { at, status, error, durationMs } = attempt;
  const answer = status === null ? '' : `${status} `;
  const why = error === null || saysTheStatus(attempt) ? '' : ` ${printable(error)}`;
  return `${names.get(attempt) ?? ''}  ${dim(localTime(at))}  ${answer}in ${duration(durationMs)}${why}`;
}

function attemptLines(attempt: AttemptDetail, names: Names): string[] {
  const bytes = Buffer.from(attempt.answerBody, 'base64');
  return [
    `${styleText('bold', attempt.notificationId)} → ${printable(maskSecrets(attempt.destination))}`,
    `  ${attemptLine(attempt, names)}  ${attempt.outcome}`,
    ...headerLines(attempt.answerHeaders).map((line) => `  ${line}`),
    ...(bytes.length === 0 ? [] : bodyLines(bytes, `cm-relay show ${attempt.notificationId} --attempts --json`)).map(
      (line) => `  ${line}`,
    ),
    ...(attempt.answerTruncated ? [`    ${dim('(only the first 64 KiB were kept)')}`] : []),
    '',
  ];
}
