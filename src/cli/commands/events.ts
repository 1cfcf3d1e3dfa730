import { Option, type Command } from 'commander';
import { z } from 'zod';
import { methods } from '../../protocol/methods.ts';
import type { EventRow } from '../../protocol/history.ts';
import { withFilter, withHistory, type History } from '../connection.ts';
import { checkedBy, jsonFlag, newCommand, wholeNumber, type CommonOptions } from '../flags.ts';
import { EventTable } from '../terminal/event-table.ts';
import { masked } from '../terminal/masked.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { count, widthOf } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import { parseFilter } from '../../protocol/event-filter.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';

interface EventsOptions extends CommonOptions {
  filter: string;
  limit: number;
  json?: boolean;
}

export function filterFlag(description: string): Option {
  return new Option('--filter <q>', description).argParser(checkedBy(methods['events/query'].params.shape.filter));
}

export const filterHelp = [
  'All words in a filter must match: type:subscribe list:<id> address:jane@example.org state:failed',
  'since:2h until:2026-01-31 kind:rejected signature:invalid. Other words search the text.',
];

export function eventsCommand(): Command {
  return newCommand(
    'events',
    'list events',
    "Lists received events, newest first. The relay doesn't need to be running.",
    [
      'cm-relay events',
      'cm-relay events --filter "type:subscribe state:failed since:2h"',
      'cm-relay events --limit 10000 --json | grep jane',
    ],
    'cm-relay show e12 shows one event in full; cm-relay resend e12 resends it.',
    filterHelp,
  )
    .addOption(filterFlag('show only matching events').default('', 'everything'))
    .option('--limit <n>', 'maximum number of events', wholeNumber(z.int().min(1).max(10_000_000)), 50)
    .addOption(jsonFlag('print one JSON object per line for each event'))
    .action(events);
}

async function events(options: EventsOptions): Promise<void> {
  await withHistory(options, async (history) => {
    let shown = 0;
    const table = new EventTable(widthOf(commandProcess().stdout));
    let came = 0;
    // One more than is shown, to find out whether there are more.
    for await (const rows of pages(history, options.filter, options.limit + 1)) {
      came += rows.length;
      for (const row of rows.slice(0, options.limit - shown)) {
        if (options.json === true) await printJson(masked(row));
        else await print(`${shown === 0 ? `${table.heading}\n` : ''}${table.line(row)}\n`);
        shown++;
      }
    }
    if (came > shown) {
      note(`Showing the newest ${shown}. For more, add --limit ${Math.max(1000, shown * 10)}.`);
    }
    if (shown === 0 && options.json !== true) {
      note(
        options.filter === ''
          ? 'No events yet. To send a sample to a running relay, run cm-relay trigger subscribe.'
          : 'No events match the filter.',
      );
    }
  });
}

/** Newest first, page by page. @param limit Infinity for all */
export async function* pages(history: History, filter: string, limit: number): AsyncGenerator<EventRow[]> {
  let left = limit;
  let before: string | undefined;
  let unseen = 0;
  let came = 0;
  while (left > 0) {
    const page = await withFilter(() =>
      history.request('events/query', { filter, limit: Math.min(left, 1000), ...(before !== undefined && { before }) }),
    );
    yield page.events;
    came += page.events.length;
    unseen = page.unseen;
    left -= page.events.length;
    if (page.next === null || page.events.length === 0) break;
    before = page.next;
  }
  const mistyped = came === 0 ? await unknownTypes(history, filter) : null;
  if (mistyped !== null) note(mistyped);
  // If the limit was reached, nothing is missing.
  if (unseen > 0 && left > 0) {
    note(
      `${count(unseen, 'older event')} not searched: the history index is still being built. Try again in a moment.`,
    );
  }
}

/** @returns the available types if the filter asks only for types that no event has; null otherwise */
export async function unknownTypes(history: Pick<RelayClient, 'request'>, filter: string): Promise<string | null> {
  const { types } = parseFilter(filter, Date.now());
  if (types.length === 0) return null;
  const { groups } = await history.request('events/counts', { groupBy: 'type' });
  const came = groups.flatMap(({ value }) => (value === null ? [] : [value]));
  const known = [...new Set<string>([...webhookEventTypes, ...came])].sort();
  const names = new Set(known.map((type) => type.toLowerCase()));
  const unknown = types.filter((type) => !names.has(type.toLowerCase()));
  if (unknown.length === 0) return null;
  return `No event has the type ${unknown.map((type) => `"${type}"`).join(' or ')}. Available types: ${known.join(', ')}.`;
}
