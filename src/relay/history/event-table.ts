import type { ChosenEvents } from '../../protocol/history.ts';
import type { SQLInputValue } from 'node:sqlite';
import { eventStates } from '../../protocol/event-filter.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import { iso, parseId } from '../log/protocol-shapes.ts';
import type { EventRows } from './event-rows.ts';
import type { Found } from './event-search.ts';

type PageParams = ParsedParams<'events/page'>;
type CountsParams = ParsedParams<'events/counts'>;
type Grouping = NonNullable<CountsParams['groupBy']>;

/** For longer times, a step of the timeline is several minutes. */
const mostSteps = 1500;
const minuteMs = 60_000;

interface Order {
  readonly columns: readonly string[];
  readonly by: string;
  readonly descending: boolean;
}

export function pageOf(
  { sort, offset, limit, traced, find, chosen }: PageParams,
  found: Found,
  rows: EventRows,
): Result<'events/page'> {
  const order = orderOf(sort, found);
  const ids = found
    .ask(order.columns, (events) => `SELECT id FROM ${events} ${order.by} LIMIT ? OFFSET ?`, limit, offset)
    .map(({ id }) => Number(id));
  const [all] = found.ask([], (events) => `SELECT count(*) AS total, max(id) AS newest FROM ${events}`);
  const newest = Number(all?.['newest']);
  const shown = traced ? ids.map((id) => rows.byEvent(id)).filter((row) => row !== undefined) : [];
  return {
    total: Number(all?.['total']),
    unseen: found.unseen,
    newest: newest === 0 ? null : `e${newest}`,
    ids: ids.map((id) => `e${id}`),
    traced: shown.map((row) => rows.traced(row)),
    ...(find !== undefined && { found: positionOf(found, order, find) }),
    ...(chosen !== undefined && {
      chosen: {
        ...leftOf(found, order, chosen),
        active: chosen.active === null ? null : positionOf(found, order, chosen.active),
      },
    }),
  };
}

export function countsOf({ groupBy, mostGroups, perMinute }: CountsParams, found: Found): Result<'events/counts'> {
  const [all] = found.ask([], (events) => `SELECT count(*) AS total FROM ${events}`);
  const total = Number(all?.['total']);
  const groups = groupBy === undefined ? [] : groupsOf(found, groupBy, mostGroups);
  const timeline = perMinute && total > 0 ? timelineOf(found, perMinute) : null;
  return { total, groups, timeline, unseen: found.unseen };
}

function groupsOf(found: Found, by: Grouping, most: number): Result<'events/counts'>['groups'] {
  // Names may differ in case: the value is that of the newest event.
  return found
    .ask(
      [`${columnOf(by, found)} AS value`],
      (events) =>
        `SELECT value, count(*) AS count, max(id) AS newest FROM ${events} GROUP BY value ORDER BY count DESC, newest DESC LIMIT ?`,
      most,
    )
    .map(({ value, count, newest }) => ({
      value: valueOf(by, value),
      count: Number(count),
      newest: `e${Number(newest)}`,
    }));
}

function orderOf({ by, descending }: PageParams['sort'], found: Found): Order {
  const direction = descending ? 'DESC' : 'ASC';
  // In the order of arrival, also if the clock was set back.
  if (by === 'time') return { columns: ['NULL AS key'], by: `ORDER BY id ${direction}`, descending };
  return { columns: [`${columnOf(by, found)} AS key`], by: `ORDER BY key ${direction}, id ${direction}`, descending };
}

function columnOf(by: Exclude<PageParams['sort']['by'], 'time'> | Grouping, { state }: Found): string {
  if (by === 'state') return state;
  return by === 'delivery' ? 'e.delivery_id' : by === 'duration' ? 'e.duration_ms' : `e.${by}`;
}

function positionOf(found: Found, { columns, descending }: Order, id: string): number | null {
  const { number } = parseId(id);
  const [own] = found.ask(columns, (events) => `SELECT key FROM ${events} WHERE id = ?`, number);
  if (own === undefined) return null;
  const key = own['key'] as SQLInputValue;
  // NULL comes first, and last in the other direction.
  const [sign, nulls] = descending
    ? ['>', key === null ? 'key IS NOT NULL' : 'FALSE']
    : ['<', key === null ? 'FALSE' : 'key IS NULL'];
  const [before] = found.ask(
    columns,
    (events) => `SELECT count(*) AS n FROM ${events} WHERE key ${sign} ? OR ${nulls} OR (key IS ? AND id ${sign} ?)`,
    key,
    key,
    number,
  );
  return Number(before?.['n']);
}

function leftOf(found: Found, { columns, by }: Order, chosen: ChosenEvents): { ids: string[]; count: number } {
  const named = JSON.stringify(('ids' in chosen ? chosen.ids : chosen.except).map((id) => parseId(id).number));
  if ('ids' in chosen) {
    const left = found.ask(
      columns,
      (events) => `SELECT id FROM ${events} WHERE id IN (SELECT value FROM json_each(?)) ${by}`,
      named,
    );
    return { ids: left.map(({ id }) => `e${Number(id)}`), count: left.length };
  }
  const [left] = found.ask(
    [],
    (events) => `SELECT count(*) AS count FROM ${events} WHERE id < ? AND id NOT IN (SELECT value FROM json_each(?))`,
    parseId(chosen.before).number,
    named,
  );
  return { ids: [], count: Number(left?.['count']) };
}

function valueOf(by: Grouping, value: unknown): string | null {
  if (value === null) return null;
  if (by === 'state') return eventStates[Number(value)] ?? null;
  return by === 'delivery' ? `d${Number(value)}` : (value as string);
}

function timelineOf(
  found: Found,
  asked: NonNullable<CountsParams['perMinute']>,
): NonNullable<Result<'events/counts'>['timeline']> {
  const [range] = found.ask(
    ['e.received_at AS at'],
    (events) => `SELECT min(at) AS earliest, max(at) AS latest FROM ${events}`,
  );
  const begin = asked.since === undefined ? Number(range?.['earliest']) : Date.parse(asked.since);
  const since = Math.floor(begin / minuteMs) * minuteMs;
  const until = asked.until === undefined ? Number(range?.['latest']) + 1 : Date.parse(asked.until);
  const all = Math.max(1, Math.ceil((until - since) / minuteMs));
  const minutes = Math.ceil(all / mostSteps);
  const counts = new Array<number>(Math.ceil(all / minutes)).fill(0);
  const steps = found.ask(
    ['e.received_at AS at'],
    (events) =>
      `SELECT (at - ${since}) / ${minutes * minuteMs} AS step, count(*) AS count FROM ${events} WHERE at >= ? AND at < ? GROUP BY step`,
    since,
    until,
  );
  for (const { step, count } of steps) counts[Number(step)] = Number(count);
  return { since: iso(since), minutes, counts };
}
