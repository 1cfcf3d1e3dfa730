import type { Command } from 'commander';
import { pauserOf } from '../../protocol/event-row.ts';
import type { HeldForwarding, Sending } from '../../protocol/debug.ts';
import type { RelayAdvice } from '../../protocol/advice.ts';
import { missingKeysAdvice } from '../missing-keys.ts';
import { stateWords, type Status } from '../../protocol/status.ts';
import { openHistory, readForNextStart } from '../../relay/index.ts';
import { connectIfRunning } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { jsonFlag, newCommand, type CommonOptions } from '../flags.ts';
import { inSameDirectory } from '../same-directory.ts';
import { answeringText } from '../terminal/answering-text.ts';
import { masked } from '../terminal/masked.ts';
import { fitted, print, printJson } from '../terminal/output.ts';
import { heldLine, heldText } from '../terminal/sending-text.ts';
import { count, downWords, localTime, nextWords, printable, signedWords, widthOf } from '../terminal/text.ts';
import { commandProcess, styleText } from '../terminal/command-process.ts';

const mostHeld = 10;

export function statusCommand(): Command {
  return newCommand(
    'status',
    "show the relay's state and what is on hold",
    'Shows whether a relay is running for the data directory, where it listens and sends, and how much is queued. Also shows whether sending is paused: by whom, since when, and what is held.',
    ['cm-relay status', 'cm-relay status --json | jq .sending'],
    'cm-relay debug continue sends held events; cm-relay debug break list shows why a breakpoint did not stop.',
  )
    .addOption(jsonFlag('print a JSON object: {"running":true, …}'))
    .action(status);
}

async function status(options: CommonOptions & { json?: boolean }): Promise<void> {
  const dataDir = dataDirOf(options);
  const client = await connectIfRunning(options);
  if (client === undefined) return notRunning(dataDir, options.json === true);
  try {
    const status = await client.request('relay/status', {});
    // Show the relay's own URLs with their secret: that is what they are for.
    const found = { ...status, ...masked({ destinations: status.destinations, settings: status.settings }) };
    if (options.json === true) {
      await printJson({ running: true, ...found });
      return;
    }
    const { held, more } =
      found.counts.held === 0 ? { held: [], more: false } : await client.request('debug/held', { limit: mostHeld });
    for (const line of statusLines(found, held, more))
      await print(`${fitted(line, commandProcess().stdout, factsHang())}\n`);
  } finally {
    client.close();
  }
}

async function notRunning(dataDir: string, json: boolean): Promise<void> {
  readForNextStart(dataDir);
  const left = await leftIn(dataDir);
  const paused = left?.state === 'paused' ? { by: pauserOf(left.by), since: left.since } : null;
  const held = Object.values(left?.held ?? {}).reduce((sum, each) => sum + each, 0);
  if (json) {
    await printJson({ running: false, dataDir, paused, held });
    return;
  }
  const none = inSameDirectory(`No relay is running for ${printable(dataDir)}. To start one, run cm-relay listen.`);
  await print(`${fitted(none, commandProcess().stdout)}\n`);
  if (paused !== null) {
    const { by, since } = paused;
    await print(
      `Sending has been paused since ${localTime(since)} by ${printable(by)} and stays paused when the relay starts.\n`,
    );
  }
  const forKey = (left?.held.missingKey ?? 0) > 0 ? ' To see how to supply missing keys, start the relay.' : '';
  if (held > 0) await print(`Held: ${count(held, 'notification')}.${forKey}\n`);
}

/** For a history that does not exist or has another version: then sending's state is unknown. */
const unknownHow: readonly unknown[] = [
  'send-something',
  'start-new-history',
  'move-history',
  'update-program',
] satisfies RelayAdvice[];

/** @returns null if unknown @throws RelayRequestError if the history cannot be read */
async function leftIn(dataDir: string): Promise<Sending | null> {
  let history: ReturnType<typeof openHistory>;
  try {
    history = openHistory(dataDir);
  } catch (error) {
    if (unknownHow.includes((error as { advice?: unknown }).advice)) return null;
    throw error;
  }
  try {
    return (await history.request('debug/sending', {})).sending;
  } finally {
    history.close();
  }
}

const labelColumns = 28;
const leastForColumns = 60;

export function factsHang(): number {
  return widthOf(commandProcess().stdout) < leastForColumns ? 4 : labelColumns;
}

export function statusLines(status: Status, held: readonly HeldForwarding[], more: boolean): string[] {
  const { counts, sending } = status;
  const label = (text: string): string => `  ${styleText('dim', text.padEnd(labelColumns - 2))}`;
  const lines = [
    `${styleText('bold', 'Campaign Monitor Relay')} ${printable(status.version)}, process ${status.pid}, since ${localTime(status.startedAt)}`,
    `${label('Campaign Monitor posts to')}${status.campaignMonitorUrl}`,
    `${label('Open Connectors posts to')}${status.openConnectorsUrl}`,
    `${label('Public URL')}${printable(status.publicCampaignMonitorUrl ?? `none. ${status.tunnel.reason}`)}`,
    ...(status.publicOpenConnectorsUrl === null
      ? []
      : [`${label('  for Open Connectors')}${printable(status.publicOpenConnectorsUrl)}`]),
  ];
  if (status.destinations.length === 0) {
    lines.push(`${label('Forwards to')}no destination yet: run cm-relay stop, and then cm-relay listen 3000/callback`);
  }
  for (const destination of status.destinations) {
    const { url, detail, downSince, nextTryAt, waiting, timeoutLifted } = destination;
    const [state, ...results] = stateWords(destination);
    const why = downWords(downSince) + (detail === null ? '' : `: ${detail}`);
    const debugged = timeoutLifted === true ? ', no timeout while debugging' : '';
    const how = printable([url, signedWords(destination), state + why, ...results].join(', '));
    lines.push(`${label('Forwards to')}${how}, ${waiting} queued${nextWords(nextTryAt)}${debugged}`);
  }
  lines.push(
    `${label('History')}${count(counts.deliveries, 'delivery')}, ${count(counts.events, 'event')}`,
    `${label('Notifications')}${counts.sent} sent, ${counts.waiting} waiting, ${counts.held} held, ${counts.failed} failed, ${counts.discarded} discarded`,
  );
  if (status.answering.state === 'on-purpose')
    lines.push(`${label('Answers')}${styleText('yellow', answeringText(status.answering))}`);
  const isPaused = sending.state === 'paused';
  lines.push(`${label('Sending')}${isPaused ? styleText('yellow', heldText(sending)) : heldText(sending)}`);
  if (isPaused && sending.stop !== null) lines.push(`${label('Stopped')}${printable(sending.stop.text)}`);
  if (sending.breakpoints > 0)
    lines.push(`${label('Breakpoints')}${sending.breakpoints}: run cm-relay debug break list`);
  for (const each of held) lines.push(`${label('Held')}${heldLine(each)}`);
  if (more) lines.push(`${label('')}and more: to list them, run cm-relay events --filter state:held`);
  if (status.missingKeys.length > 0) {
    const names = printable(status.missingKeys.join(', '));
    lines.push(`${label('Missing')}${names}. ${inSameDirectory(missingKeysAdvice(status))}`);
  }
  for (const notice of status.notices) lines.push(`${label('Notice')}${printable(notice)}`);
  return lines;
}
