import { Option, type Command } from 'commander';
import { z } from 'zod';
import { parseFilter, withoutKey } from '../../protocol/event-filter.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { withFilter, withRelay } from '../connection.ts';
import { CommandError, NothingLeftError } from '../errors.ts';
import { checkedBy, jsonFlag, newCommand, wholeNumber, type CommonOptions } from '../flags.ts';
import { lookUntil } from '../look-until.ts';
import { EventTable } from '../terminal/event-table.ts';
import { masked } from '../terminal/masked.ts';
import { print, printJson } from '../terminal/output.ts';
import { heldText, toSendHeld } from '../terminal/sending-text.ts';
import { count, downWords, nextWords, widthOf } from '../terminal/text.ts';
import { filterFlag, filterHelp, unknownTypes } from './events.ts';
import { commandProcess } from '../terminal/command-process.ts';

interface WaitOptions extends CommonOptions {
  filter: string;
  count: number;
  since: string;
  timeout: number;
  json?: boolean;
}

export function waitCommand(): Command {
  return newCommand(
    'wait',
    'wait until N events match a filter',
    "Waits until enough events received since the relay started match a filter, and then prints them, newest first. Exits with 1 if they don't arrive in time, and with 3 if no more events can match because their states are final.",
    [
      'cm-relay wait --filter "address:jane@example.org state:sent"',
      'cm-relay wait --filter "type:subscribe state:sent" --count 3 --timeout 30',
      'cm-relay wait --since now                  only new events',
    ],
    'cm-relay show e12 --attempts shows the answers.',
    filterHelp,
  )
    .addOption(filterFlag('count only matching events').default('', 'everything'))
    .option('--count <n>', 'number of events', wholeNumber(z.int().min(1).max(1000)), 1)
    .addOption(
      new Option(
        '--since <when>',
        'count events received since this time: start (of the relay), now, a time span such as 2h, or a date',
      )
        .default('start')
        .argParser(checkedBy(sinceSchema)),
    )
    .option('--timeout <s>', 'how long to wait, in seconds', wholeNumber(z.int().min(0).max(86_400)), 60)
    .addOption(jsonFlag('print one JSON object per line for each event'))
    .action(wait);
}

const sinceSchema = z
  .string()
  .refine(
    (text) => ['start', 'now'].includes(text) || isSpanOrDate(text),
    'expected start, now, a time span such as 2h, or a date such as 2026-03-01',
  );

function isSpanOrDate(text: string): boolean {
  try {
    return /^\S+$/.test(text) && parseFilter(`since:${text}`, 0).since !== null;
  } catch {
    return false;
  }
}

interface Seen {
  readonly rows: readonly EventRow[];
  /** What happened to the events that arrived, if none of them can still match; null if one may. */
  readonly hopeless: { readonly became: string; readonly next: string } | null;
}

/** How long nothing must be able to match before this ends: events may still arrive. */
const graceMs = 2000;

async function wait(options: WaitOptions): Promise<void> {
  let hopelessSince = Infinity;
  const isEnough = ({ rows, hopeless }: Seen): boolean => {
    if (hopeless === null) hopelessSince = Infinity;
    else hopelessSince = Math.min(hopelessSince, performance.now());
    return rows.length >= options.count || performance.now() - hopelessSince >= graceMs;
  };
  const { rows, hopeless, waits } = await withRelay(options, async (client) => {
    const filter = await boundFilter(client, options);
    const seen = await lookUntil(client, options.timeout * 1000, () => look(client, filter, options), isEnough);
    if (seen.rows.length >= options.count) return { ...seen, waits: [] };
    const mistyped = seen.rows.length > 0 ? null : await unknownTypes(client, options.filter);
    return {
      ...seen,
      waits: [...(mistyped === null ? [] : [mistyped]), ...(await whatWaits(client)), ...(await whyPaused(client))],
    };
  });
  const table = new EventTable(widthOf(commandProcess().stdout));
  for (const [index, row] of rows.entries()) {
    if (options.json === true) await printJson(masked(row));
    else await print(`${index === 0 ? `${table.heading}\n` : ''}${table.line(row)}\n`);
  }
  if (rows.length >= options.count) return;
  const so = `found ${rows.length} of ${count(options.count, 'event')}`;
  if (hopeless !== null) {
    throw new NothingLeftError(`no more events can match: ${so}; ${hopeless.became}`, hopeless.next);
  }
  throw new CommandError(
    `${so} after ${options.timeout} s`,
    [...waits, 'To see all events, run cm-relay events.'].join('\n  '),
  );
}

async function whatWaits(client: RelayClient): Promise<string[]> {
  const { events } = await client.request('events/query', { filter: 'state:waiting,held', limit: 1 });
  const [newest] = events;
  if (newest === undefined) return [];
  const { notifications } = await client.request('events/get', { id: newest.id });
  return notifications
    .flatMap(({ forwardings }) => forwardings)
    .filter(({ state }) => state === 'waiting' || state === 'held')
    .map(({ destination, state, detail, downSince, nextAttemptAt, nextTryAt }) => {
      const down = downSince === undefined ? '' : `, down${downWords(downSince)}`;
      const next = nextWords(nextTryAt ?? nextAttemptAt);
      return `${newest.id} is ${state} for ${destination}${down}${next}${detail === null ? '' : `: ${detail}`}`;
    });
}

async function whyPaused(client: RelayClient): Promise<string[]> {
  const { sending } = await client.request('debug/sending', {});
  if (sending.state === 'flowing') return [];
  return [...(sending.stop === null ? [] : [sending.stop.text]), `${heldText(sending)} ${toSendHeld}`];
}

/** `--since` overrides the filter's own `since:`, which overrides the relay's start. */
async function boundFilter(client: RelayClient, { filter, since }: WaitOptions): Promise<string> {
  if (since === 'start') return `since:${(await client.request('relay/status', {})).startedAt} ${filter}`;
  return `${withoutKey(filter, 'since')} since:${since === 'now' ? new Date().toISOString() : since}`;
}

async function look(client: RelayClient, filter: string, options: WaitOptions): Promise<Seen> {
  const wanted = options.count;
  const rows = await newest(client, filter, wanted);
  const others = withoutKey(filter, 'state');
  if (rows.length >= wanted || others === filter) return { rows, hopeless: null };
  // In this order, to notice events that arrive or change in the meantime: if too few arrived, more may follow.
  const come = await client.request('events/counts', { filter: `${others} kind:event`, groupBy: 'state' });
  const open = await client.request('events/counts', { filter: `${others} kind:event state:waiting,held` });
  const again = await newest(client, filter, wanted);
  const mayCome = come.unseen > 0 || come.total < wanted || again.length + open.total >= wanted;
  if (mayCome) return { rows: again, hopeless: null };
  const { sending } = await client.request('debug/sending', {});
  // A user who debugs an event may still edit, release, or resend it.
  return { rows: again, hopeless: sending.state === 'paused' ? null : whatBecame(come) };
}

function whatBecame({ total, groups }: Result<'events/counts'>): NonNullable<Seen['hopeless']> {
  const words = groups.map(({ value, count: many }) => `${many} ${value === 'none' ? 'with no destination' : value}`);
  const decided = groups.filter(({ value }) => !['held', 'waiting', 'retrying'].includes(value ?? ''));
  const one =
    decided.find(({ value }) => value === 'failed') ?? decided.find(({ value }) => value !== 'sent') ?? decided[0];
  const id = one?.newest ?? '';
  const show = `cm-relay show ${id}`;
  const next = {
    none: `No destination accepted the event. To send it anyway, run cm-relay resend ${id} --to 3000/callback.`,
    sent: `To see what was sent and answered, run ${show}.`,
  }[one?.value ?? ''];
  return {
    became: `${total} received: ${words.join(', ')}`,
    next: next ?? `To see the answers, run ${show} --attempts. To resend the event, run cm-relay resend ${id}.`,
  };
}

async function newest(client: RelayClient, filter: string, wanted: number): Promise<EventRow[]> {
  const rows: EventRow[] = [];
  let before: string | undefined;
  do {
    const limit = wanted - rows.length;
    const page = await withFilter(() =>
      client.request('events/query', { filter, limit, ...(before !== undefined && { before }) }),
    );
    rows.push(...page.events);
    before = page.next ?? undefined;
  } while (before !== undefined && rows.length < wanted);
  return rows;
}
