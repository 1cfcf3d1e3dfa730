import type { Command } from 'commander';
import { replaysAmong } from '../../protocol/attempts.ts';
import type { Notification } from '../../protocol/history.ts';
import { bodyOf } from '../../export/json.ts';
import { withHistory, type History } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { find, type Found } from '../found.ts';
import { jsonFlag, newCommand, parseId, type CommonOptions } from '../flags.ts';
import { attemptLines, isOf, overviewLines, receivedNotifications, requestsOf } from '../terminal/event-overview.ts';
import { masked } from '../terminal/masked.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { printable } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface ShowOptions extends CommonOptions {
  raw?: boolean;
  notification?: boolean;
  attempts?: boolean;
  json?: boolean;
}

export function showCommand(): Command {
  return newCommand(
    'show',
    'show one event in full',
    'Shows one event (e12), delivery (d7), or notification (n9): what was received, sent, and answered.',
    [
      'cm-relay show e12',
      'cm-relay show e12 --raw > delivery.json         the exact bytes received',
      'cm-relay show e12 --notification | jq .         the exact bytes sent',
      'cm-relay show e12 --attempts                    every attempt and its answer',
    ],
    'cm-relay resend e12 resends the event; cm-relay export e12 --as curl turns it into a command.',
  )
    .argument('<id>', 'ID from cm-relay events', parseId)
    .option('--raw', 'show only the body, exactly as received')
    .option('--notification', "show only the notification's body, exactly as sent")
    .option('--attempts', 'show only the attempts and their answers')
    .addOption(jsonFlag('print a JSON object; with --attempts, one per line'))
    .action(show);
}

async function show(id: string, options: ShowOptions): Promise<void> {
  const views = (['raw', 'notification', 'attempts'] as const).filter((view) => options[view] === true);
  const [view, other] = views;
  if (view !== undefined && other !== undefined) throw new UsageError(`use either --${view} or --${other}, not both`);
  if (options.json === true && (view === 'raw' || view === 'notification')) {
    throw new UsageError(`--${view} prints raw bytes and does not work with --json`);
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
        return printOverview(history, found, options);
    }
  });
}

async function renderedBody(history: History, id: string, found: Found): Promise<Buffer> {
  const candidates = found.notifications;
  const received = receivedNotifications(candidates);
  const notification = id.startsWith('n') ? received[0] : received.find(isNotification);
  const [never] = candidates;
  if (notification === undefined && never !== undefined) {
    throw new CommandError(
      `${id} was sent as received, not as a notification`,
      `To see what was sent, run cm-relay show ${id} --raw. To see what Open Connectors would send, run cm-relay show ${never.id} --notification.`,
    );
  }
  if (notification === undefined) {
    throw new CommandError(
      `${id} has no notification: ${found.event.kind === 'event' ? 'none was created' : `it is a ${found.event.kind === 'test' ? 'test call' : 'rejected delivery'}`}`,
      `To see what was received, run cm-relay show ${id} --raw.`,
    );
  }
  if (candidates.length > 1) {
    const others = candidates.filter((candidate) => candidate !== notification).map((candidate) => candidate.id);
    note(`${id} has several notifications. This is ${notification.id}; others: ${others.join(', ')}`);
  }
  return Buffer.from((await history.request('notifications/render', { id: notification.id })).body, 'base64');
}

function isNotification({ kind, forwardings: [first] }: Notification): boolean {
  return kind === 'platform' || (kind === 'normalized' && first?.mode !== 'raw');
}

/** Control characters would affect a terminal, so they are escaped for one. */
async function printBytes(bytes: Buffer): Promise<void> {
  if (!commandProcess().stdout.isTTY) return print(bytes);
  const text = bytes.toString();
  const safe = printable(text, '\n\t');
  await print(safe.endsWith('\n') ? safe : `${safe}\n`);
  if (safe !== text)
    note('Control characters appear as escapes in a terminal; files and pipes get the original bytes.');
}

async function printAttempts(id: string, found: Found, options: ShowOptions): Promise<void> {
  const { attempts } = found;
  const replays = replaysAmong(found);
  for (const attempt of attempts) {
    if (options.json === true) {
      const { answerBody, ...rest } = attempt;
      await printJson({ ...masked(rest), answerBody: bodyOf(Buffer.from(answerBody, 'base64')) });
    } else {
      const isLast = attempt === attempts.findLast((each) => isOf(each, attempt.notificationId, attempt.destinationId));
      await print(`${attemptLines(attempt, replays, isLast).join('\n')}\n`);
    }
  }
  if (attempts.length === 0 && options.json !== true) note(`${id} has no attempts.`);
}

async function printOverview(history: History, found: Found, options: ShowOptions): Promise<void> {
  const requests = await requestsOf(history, found);
  if (options.json !== true) return print(`${overviewLines(found, requests).join('\n')}\n`);
  const { headers, body, notifications, attempts } = found;
  await printJson({
    ...masked({ event: found.event, delivery: found.delivery, headers }),
    body: bodyOf(body),
    notifications: masked(notifications),
    requests: requests.map(({ body: sent, ...rest }) => ({ ...masked(rest), body: bodyOf(sent) })),
    attempts: attempts.map(({ answerBody, ...rest }) => ({
      ...masked(rest),
      answerBody: bodyOf(Buffer.from(answerBody, 'base64')),
    })),
  });
}
