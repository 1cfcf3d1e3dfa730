import { Option, type Command } from 'commander';
import type { RecordedDelivery } from '../../check/recording.ts';
import { requireNewFile, writeUserFile } from '../../common/user-file.ts';
import { hasRelayErrorCode } from '../../protocol/errors.ts';
import { deliveryIdOf, withHistory, withRelay, type History } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { collectIds, jsonFlag, newCommand, type CommonOptions } from '../flags.ts';
import { note, print, printJson, Progress } from '../terminal/output.ts';
import { interrupted } from '../terminal/command-process.ts';
import { count, duration, printable } from '../terminal/text.ts';
import { filterFlag, filterHelp, pages } from './events.ts';

interface RecordOptions extends CommonOptions {
  out: string;
  filter?: string;
  live?: boolean;
  anonymize?: boolean;
  json?: boolean;
}

export function recordCommand(): Command {
  return newCommand(
    'record',
    'record deliveries to a file',
    'Writes deliveries with their bodies and timing to a file. cm-relay play can send them to any destination, here or in CI. The file has no headers except Content-Type, and therefore no credentials.',
    [
      'cm-relay record --live --out friday.cm-recording.jsonl               new deliveries until Ctrl-C',
      'cm-relay record --filter since:1h --out hour.cm-recording.jsonl      past deliveries, relay running or not',
      'cm-relay record d7 e12 --out two.cm-recording.jsonl --anonymize      names and addresses replaced, for sharing',
    ],
    'cm-relay play FILE http://localhost:3000/callback sends the recording.',
    [...filterHelp, '', 'Without --anonymize, the file contains names and addresses as received.'],
  )
    .argument('[ids...]', 'IDs of events, deliveries, or notifications', collectIds)
    .addOption(new Option('--out <file>', 'output file, such as friday.cm-recording.jsonl').makeOptionMandatory())
    .addOption(filterFlag('all matching events'))
    .option('--live', 'record new deliveries until Ctrl-C')
    .option('--anonymize', 'replace names, addresses, and field values consistently')
    .addOption(jsonFlag('print a JSON object at the end: {"type":"recorded",…}'))
    .action(record);
}

async function record(ids: string[] | undefined, options: RecordOptions): Promise<void> {
  const { filter, live = false } = options;
  const named = ids !== undefined && ids.length > 0;
  if ([named, filter !== undefined, live].filter(Boolean).length !== 1) {
    throw new UsageError(
      'give exactly one of these: IDs, --filter, or --live',
      'For example: cm-relay record --filter since:1h --out hour.cm-recording.jsonl',
    );
  }
  const elsewhere = 'Choose another file with --out.';
  await requireNewFile(options.out, elsewhere);
  const started = new Date();
  /** To notice deliveries that arrived in the meantime and that the relay has removed since. */
  const came = new Set<string>();
  if (live) {
    const ended = interrupted();
    await withRelay(options, async (client) => {
      client.on('event/added', ({ deliveries }) => {
        for (const { delivery } of deliveries) came.add(delivery.id);
      });
      note('Recording. To stop, press Ctrl-C.');
      await Promise.race([ended, client.closed]);
    });
  }
  const { anonymized, writeRecording } = await import('../../check/recording.ts');
  await withHistory(options, async (history) => {
    const found = named
      ? await deliveriesOf(history, ids)
      : await deliveriesBy(history, live ? `since:${started.toISOString()}` : (filter ?? ''));
    const { deliveries, left, gone } = await read(history, new Set([...found, ...came]), named);
    if (left > 0 && options.json !== true)
      note(`${count(left, 'delivery')} omitted: rejected, test calls, or not stored in full.`);
    if (gone > 0 && options.json !== true) note(`${count(gone, 'delivery')} omitted: no longer in the history.`);
    if (deliveries.length === 0) {
      throw new CommandError(
        'nothing to record: no accepted delivery matches',
        'To see all events, run cm-relay events.',
      );
    }
    const kept = options.anonymize === true ? anonymized(deliveries) : deliveries;
    await writeUserFile(options.out, writeRecording(kept, started), elsewhere);
    const took = kept.at(-1)?.atMs ?? 0;
    if (options.json === true) {
      await printJson({ type: 'recorded', file: options.out, deliveries: kept.length, ms: took, left, gone });
      return;
    }
    await print(`Recorded ${count(kept.length, 'delivery')} over ${duration(took)} to ${printable(options.out)}\n`);
  });
}

async function deliveriesOf(history: History, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const id of ids) found.add(await deliveryIdOf(history, id));
  return found;
}

async function deliveriesBy(history: History, filter: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const rows of pages(history, filter, Infinity)) for (const { deliveryId } of rows) found.add(deliveryId);
  return found;
}

/** In order of arrival. @param named whether the user named each ID: then a missing one is an error */
async function read(
  history: History,
  ids: ReadonlySet<string>,
  named: boolean,
): Promise<{ deliveries: RecordedDelivery[]; left: number; gone: number }> {
  const progress = new Progress('deliveries', ids.size);
  const found: { readonly at: number; readonly delivery: Omit<RecordedDelivery, 'atMs'> }[] = [];
  let left = 0;
  let gone = 0;
  let done = 0;
  for (const id of ids) {
    const content = await history.request('deliveries/get', { id }).catch((error: unknown) => {
      if (!named && hasRelayErrorCode(error, 'not-found')) return undefined;
      throw error;
    });
    progress.update(++done);
    if (content === undefined) {
      gone += 1;
      continue;
    }
    const { delivery, headers, body, events } = content;
    const isTaken =
      delivery.status === 'accepted' && !delivery.truncated && events.some(({ kind }) => kind === 'event');
    if (isTaken) {
      const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'application/json';
      const { source, receivedAt } = delivery;
      found.push({ at: Date.parse(receivedAt), delivery: { source, contentType, body: Buffer.from(body, 'base64') } });
    } else left += 1;
  }
  progress.end();
  found.sort((a, b) => a.at - b.at);
  const first = found[0]?.at ?? 0;
  return { deliveries: found.map(({ at, delivery }) => ({ ...delivery, atMs: at - first })), left, gone };
}
