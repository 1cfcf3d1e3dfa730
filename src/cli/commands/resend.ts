import { Option, type Command } from 'commander';
import { z } from 'zod';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { callbackUrl } from '../callback-url.ts';
import { withFilter, withRelay } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { CommandError, UsageError } from '../errors.ts';
import { checkedBy, collectIds, jsonFlag, newCommand, wholeNumber, type CommonOptions } from '../flags.ts';
import { resendUntilInterrupted } from '../terminal/resend-on-save.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { count } from '../terminal/text.ts';
import { filterFlag, filterHelp, unknownTypes } from './events.ts';
import type { Forwarding } from '../../protocol/history.ts';
import { lookUntil } from '../look-until.ts';

interface ResendOptions extends CommonOptions {
  failed?: boolean;
  filter?: string;
  to?: string;
  wait?: boolean;
  timeout?: number;
  watch?: string | true;
  json?: boolean;
}

export function resendCommand(): Command {
  return newCommand(
    'resend',
    'resend notifications',
    'Resends notifications through the running relay: the same bytes with the same eventId, so you can test that your callback handles duplicates.',
    [
      "cm-relay resend e12                                    one event's notifications",
      "cm-relay resend d7 n31                                 a delivery's notifications, and one more",
      'cm-relay resend --failed                               all failed notifications',
      'cm-relay resend --failed --wait                        waits for the results',
      'cm-relay resend --filter "type:update since:1h" --to http://localhost:4000/other',
      'cm-relay resend e12 --watch src                        resends e12 whenever a file in src is saved',
    ],
    'cm-relay show e12 --attempts shows the answers.',
    filterHelp,
  )
    .argument('[ids...]', 'IDs of events, deliveries, or notifications', collectIds)
    .option('--failed', 'all failed notifications')
    .addOption(filterFlag('all matching events'))
    .option('--to <url>', 'send to this URL instead of the original destination', checkedBy(callbackUrl))
    .option(
      '--wait',
      'wait until every notification is sent or discarded, or has failed; exit with 1 unless all are sent',
    )
    .option(
      '--timeout <s>',
      'with --wait: time limit, in seconds (default: 60)',
      wholeNumber(z.int().min(1).max(86_400)),
    )
    .addOption(
      new Option(
        '--watch [folder]',
        'resend one event whenever a file in the folder (default: this one) is saved, or its destination on this machine is back after it was down; until Ctrl+C. Changes in node_modules and .git, and while the event is being sent, are ignored: your callback may write files',
      ).conflicts(['failed', 'filter', 'wait', 'timeout']),
    )
    .addOption(jsonFlag('print a JSON object; with --watch, one per line for each response'))
    .action(resend);
}

async function resend(ids: string[] | undefined, options: ResendOptions): Promise<void> {
  if (options.watch !== undefined) {
    await resendWatching(ids ?? [], options.watch === true ? '.' : options.watch, options);
    return;
  }
  const given = [
    ids !== undefined && ids.length > 0 && 'IDs',
    options.failed === true && '--failed',
    options.filter !== undefined && '--filter',
  ].filter((name) => name !== false);
  if (given.length !== 1) {
    throw new UsageError(
      given.length === 0
        ? 'nothing to resend: give IDs, --failed, or --filter'
        : `use only one of ${given.join(' and ')}`,
      'For example: cm-relay resend e12',
    );
  }
  if (options.timeout !== undefined && options.wait !== true) throw new UsageError('--timeout requires --wait');
  await withRelay(options, async (client) => {
    const outcomes = options.wait === true ? new ReplayOutcomes(client, options.to) : undefined;
    const result = await withFilter(() =>
      client.request('notifications/replay', {
        ...(given[0] === 'IDs' && { ids }),
        ...(options.failed === true && { failed: true }),
        ...(options.filter !== undefined && { filter: options.filter }),
        ...(options.to !== undefined && { to: { url: options.to } }),
      }),
    );
    if (result.replayed === 0) {
      if (options.json === true) await printJson(result);
      throw await nothingToSend(client, options.filter ?? '', ids?.[0] ?? '--filter type:subscribe');
    }
    if (result.gone !== undefined) note(`${count(result.gone, 'ID')} skipped: not in the history.`);
    const told = await outcomes?.of(result.notificationIds, (options.timeout ?? 60) * 1000);
    if (options.json === true) await printJson({ ...result, ...told?.outcomes });
    if (told === undefined) {
      if (options.json !== true) await print(`${count(result.replayed, 'notification')} queued for resending\n`);
      return;
    }
    const { sent, failed, discarded, waiting } = told.outcomes;
    const words = `${sent} sent, ${failed} failed, ${discarded} discarded, ${waiting} waiting or held`;
    if (options.json !== true) await print(`Resent ${count(result.replayed, 'notification')}: ${words}\n`);
    if (failed + discarded + waiting > 0) {
      throw new CommandError(
        `not all notifications were sent: ${words}`,
        `To see the answers, run cm-relay show ${told.unsent ?? 'n1'} --attempts.`,
      );
    }
  });
}

async function resendWatching(ids: readonly string[], folder: string, options: ResendOptions): Promise<void> {
  const [eventId = '', ...others] = ids;
  if (!/^e\d+$/.test(eventId) || others.length > 0)
    throw new UsageError('--watch requires the ID of one event', 'For example: cm-relay resend e12 --watch');
  await withRelay(options, async (client) => {
    const { event } = await client.request('events/get', { id: eventId });
    const { destinations } = await client.request('relay/status', {});
    const hasDestination = event.forwardings.length + destinations.length > 0 || options.to !== undefined;
    if (event.notificationId === null || !hasDestination) throw await nothingToSend(client, '', eventId);
    const { to, json = false } = options;
    await resendUntilInterrupted(client, { eventId, folder, dataDir: dataDirOf(options), to, json });
  });
}

async function nothingToSend(client: RelayClient, filter: string, which: string): Promise<CommandError> {
  const mistyped = await unknownTypes(client, filter);
  if (mistyped !== null) return new CommandError('nothing to resend: no notification matches', mistyped);
  const { destinations } = await client.request('relay/status', {});
  return destinations.length > 0
    ? new CommandError(
        'nothing to resend: no notification matches',
        'To see all events, run cm-relay events. Test calls and rejected deliveries have no notifications. If an event had no destination, give one with --to.',
      )
    : new CommandError(
        'nothing to resend: no destination',
        `Give one with --to: cm-relay resend ${which} --to 3000/callback`,
      );
}

interface Outcomes {
  readonly sent: number;
  readonly failed: number;
  readonly discarded: number;
  /** Without a final result in time, including held ones. */
  readonly waiting: number;
}

/** Create it before the replay, so that it misses no attempt. */
export class ReplayOutcomes {
  readonly #client: RelayClient;
  readonly #to: string | undefined;
  readonly #tried = new Set<string>();
  /** Whether the relay left attempts out because this client reads too slowly. */
  #missed = false;

  constructor(client: RelayClient, to: string | undefined) {
    this.#client = client;
    this.#to = to;
    client.on('attempt/recorded', ({ attempts, missed }) => {
      for (const { notificationId, destinationId } of attempts) this.#tried.add(keyOf(notificationId, destinationId));
      if (missed > 0) this.#missed = true;
    });
  }

  /** `unsent` is the first notification that was not sent. */
  async of(
    notificationIds: readonly string[],
    timeoutMs: number,
  ): Promise<{ readonly outcomes: Outcomes; readonly unsent: string | undefined }> {
    const count = { sent: 0, failed: 0, discarded: 0 };
    let open = [...notificationIds];
    let unsent: string | undefined;
    const look = async (): Promise<void> => {
      const stillOpen: string[] = [];
      for (const id of open) {
        const forwardings = await this.#forwardingsOf(id);
        if (forwardings.some(({ state }) => state === 'waiting' || state === 'held')) stillOpen.push(id);
        else for (const { state } of forwardings) if (state in count) count[state as keyof typeof count]++;
        if (forwardings.some(({ state }) => state === 'failed' || state === 'discarded')) unsent ??= id;
      }
      open = stillOpen;
    };
    await lookUntil(this.#client, timeoutMs, look, () => open.length === 0);
    return { outcomes: { ...count, waiting: open.length }, unsent: unsent ?? open[0] };
  }

  async #forwardingsOf(id: string): Promise<readonly Forwarding[]> {
    const { notifications } = await this.#client.request('events/get', { id });
    const forwardings = notifications.find((each) => each.id === id)?.forwardings ?? [];
    return forwardings.filter(({ destination, destinationId, state }) => {
      if (this.#to !== undefined) return destination === this.#to;
      // A waiting one may be discarded without an attempt, and still belongs to this replay.
      if (state === 'waiting' || state === 'held') this.#tried.add(keyOf(id, destinationId));
      return this.#missed || this.#tried.has(keyOf(id, destinationId));
    });
  }
}

function keyOf(notificationId: string, destinationId: string): string {
  return `${notificationId} ${destinationId}`;
}
