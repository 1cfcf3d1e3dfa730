import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import type { EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { withFilter, withRelay } from '../connection.ts';
import { CommandError } from '../errors.ts';
import { jsonFlag, newCommand, wholeNumber } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { lookUntil } from '../look-until.ts';
import { EventTable } from '../terminal/event-table.ts';
import { masked } from '../terminal/masked.ts';
import { print, printJson } from '../terminal/output.ts';
import { count } from '../terminal/text.ts';
import { filterFlag, filterHelp } from './events.ts';

interface WaitOptions extends CommonOptions {
  filter: string;
  count: number;
  timeout: number;
  json?: boolean;
}

/** `cm-relay wait`. */
export function waitCommand(): Command {
  return newCommand(
    'wait',
    'wait until so many events fit a filter',
    'Waits until so many events of the history fit a filter, those that are there already included, and prints them, the newest first. Exits with 1 where they are not there in time.',
    [
      'Examples:',
      '  cm-relay wait --filter "address:jane@example.org state:sent"',
      '  cm-relay wait --filter "type:subscribe state:sent since:5m" --count 3 --timeout 30',
      '',
      ...filterHelp,
      '',
      'Next: cm-relay show e12 --attempts shows what was answered.',
    ],
  )
    .addOption(filterFlag('only what fits').default('', 'everything'))
    .addOption(new Option('--count <n>', 'how many').default(1).argParser(wholeNumber(z.int().min(1).max(1000))))
    .addOption(
      new Option('--timeout <s>', 'how long to wait, in seconds')
        .default(60)
        .argParser(wholeNumber(z.int().min(0).max(86_400))),
    )
    .addOption(jsonFlag('one JSON object a line, one for each event'))
    .action(wait);
}

async function wait(options: WaitOptions): Promise<void> {
  const rows = await withRelay(options, (client) =>
    lookUntil(
      client,
      options.timeout * 1000,
      () => newest(client, options),
      ({ length }) => length >= options.count,
    ),
  );
  const table = new EventTable(process.stdout.isTTY ? process.stdout.columns : Infinity);
  for (const [index, row] of rows.entries()) {
    if (options.json === true) await printJson(masked(row));
    else await print(`${index === 0 ? `${table.heading}\n` : ''}${table.line(row)}\n`);
  }
  if (rows.length < options.count) {
    throw new CommandError(
      `${rows.length} of ${count(options.count, 'event')} after ${options.timeout} s`,
      'cm-relay events shows what there is, cm-relay status what waits and why.',
    );
  }
}

/** The newest that fit. */
async function newest(client: RelayClient, { filter, count: wanted }: WaitOptions): Promise<readonly EventRow[]> {
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
