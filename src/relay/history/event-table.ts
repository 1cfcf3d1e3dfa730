/** What a table of events needs: pages by position in a sorted snapshot that stays as it is, and counts. */
import { randomBytes } from 'node:crypto';
import { relayAdvice } from '../../protocol/errors.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import { eventStates } from '../../protocol/history.ts';
import type { EventSummary } from '../../protocol/history.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import { parseFilter } from '../filter.ts';
import { iso } from '../shown.ts';
import { flagBits } from './event-columns.ts';
import type { Block } from './event-columns.ts';
import type { EventRows } from './event-rows.ts';
import type { EventSearch, Found } from './event-search.ts';

type PageParams = ParsedParams<'events/page'>;
type Sort = PageParams['sort'];
type CountsParams = ParsedParams<'events/counts'>;
type Grouping = NonNullable<CountsParams['groupBy']>;

/** Snapshots that are kept: 4 bytes an event each. */
const mostSnapshots = 3;
/** Different values that are counted on their own; what more there are is counted together. */
const mostValues = 100_000;
/** Different types whose names decide the order; of what more there are, each stays together. */
const mostNames = 5000;
/** Steps of a timeline, at most: beyond it a step is several minutes. */
const mostSteps = 1500;
const minuteMs = 60_000;

/** The snapshot that a page is asked of is no longer kept. */
export class SnapshotGoneError extends Error {
  override readonly name = 'SnapshotGoneError';
  readonly code = 'conflict' satisfies RelayErrorCode;
  readonly advice = 'ask-again';
  readonly next = relayAdvice[this.advice];
  constructor() {
    super('this snapshot of the history is no longer kept');
  }
}

/** The events that a filter found, in an order, as they were at one moment. */
interface Snapshot {
  readonly base: number;
  /** Ids, less `base`. */
  readonly ids: Uint32Array;
  readonly unseen: number;
}

/** Tables over the events that {@link EventSearch} finds. */
export class EventTable {
  readonly #search: EventSearch;
  readonly #rows: EventRows;
  /** The last used last. */
  readonly #snapshots = new Map<string, Snapshot>();

  constructor(search: EventSearch, rows: EventRows) {
    this.#search = search;
    this.#rows = rows;
  }

  /**
   * A page of a snapshot; without one, of a new one.
   * @throws FilterError; SnapshotGoneError
   */
  page(params: PageParams): Result<'events/page'> {
    const name = params.snapshot ?? randomBytes(6).toString('base64url');
    let snapshot = this.#snapshots.get(name);
    if (snapshot === undefined) {
      if (params.snapshot !== undefined) throw new SnapshotGoneError();
      snapshot = this.#take(params);
    }
    this.#keep(name, snapshot);
    const { base, ids, unseen } = snapshot;
    const events = [...ids.subarray(params.offset, params.offset + params.limit)].map((id) => this.#summary(base + id));
    return { snapshot: name, total: ids.length, offset: params.offset, events, unseen };
  }

  /** How many events a filter finds, in groups and over time. @throws FilterError */
  counts(params: CountsParams): Result<'events/counts'> {
    const found = this.#search.find(parseFilter(params.filter, Date.now()));
    let total = 0;
    let earliest = Infinity;
    let latest = -Infinity;
    found.each((block, at) => {
      total += 1;
      const time = block.receivedAt[at] ?? 0;
      if (time < earliest) earliest = time;
      if (time > latest) latest = time;
    });
    const { groups, others } =
      params.groupBy === undefined ? { groups: [], others: 0 } : this.#groups(found, params.groupBy, params.mostGroups);
    const timeline = params.perMinute && total > 0 ? timelineOf(found, params.perMinute, earliest, latest) : null;
    return { total, groups, others, timeline, unseen: found.unseen };
  }

  #keep(name: string, snapshot: Snapshot): void {
    this.#snapshots.delete(name);
    this.#snapshots.set(name, snapshot);
    for (const oldest of this.#snapshots.keys()) {
      if (this.#snapshots.size <= mostSnapshots) return;
      this.#snapshots.delete(oldest);
    }
  }

  #take({ filter, sort }: PageParams): Snapshot {
    const found = this.#search.find(parseFilter(filter, Date.now()));
    let count = 0;
    let base = Infinity;
    found.each((block, at) => {
      count += 1;
      if (block.firstId + at < base) base = block.firstId + at;
    });
    const ids = new Uint32Array(count);
    const keys = new Float64Array(count);
    const column = columnOf(sort.by);
    let next = 0;
    found.each((block, at) => {
      if (next === count) return;
      ids[next] = block.firstId + at - base;
      keys[next] = column(block, at);
      next += 1;
    });
    return { base, ids: this.#sorted(ids, keys, base, sort), unseen: found.unseen };
  }

  /** @param ids in any order, less `base`; events that sort alike are in the order of their ids, or turned round */
  #sorted(ids: Uint32Array, keys: Float64Array, base: number, sort: Sort): Uint32Array {
    const whole = sort.by === 'type' ? this.#typeRanks(keys, ids, base) : wholeKeys(keys);
    const sorted = sortedByKeys(ids, whole);
    return sort.descending ? sorted.reverse() : sorted;
  }

  /** The alphabetical place of each event's type, by the hashes of types. */
  #typeRanks(hashes: Float64Array, ids: Uint32Array, base: number): Uint32Array {
    const examples = new Map<number, number>();
    for (const [at, hash] of hashes.entries()) {
      if (examples.has(hash)) continue;
      if (examples.size === mostNames) break;
      examples.set(hash, base + (ids[at] ?? 0));
    }
    const named = [...examples].map(([hash, id]) => ({ hash, name: this.#nameOf('type', id) ?? '' }));
    named.sort((a, b) => a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }));
    const ranks = new Map(named.map(({ hash }, rank) => [hash, rank]));
    return Uint32Array.from(hashes, (hash) => ranks.get(hash) ?? mostNames + (hash >>> 1));
  }

  #groups(found: Found, by: Grouping, most: number): { groups: Result<'events/counts'>['groups']; others: number } {
    const counted = new Map<number, { count: number; newest: number }>();
    let uncounted = 0;
    found.each((block, at) => {
      const key = keyOf(block, at, by);
      const id = block.firstId + at;
      const group = counted.get(key);
      if (group !== undefined) {
        group.count += 1;
        if (id > group.newest) group.newest = id;
      } else if (counted.size < mostValues) counted.set(key, { count: 1, newest: id });
      else uncounted += 1;
    });
    const largest = [...counted].sort(([, a], [, b]) => b.count - a.count || b.newest - a.newest);
    const states = new Map(largest.slice(0, most).map(([key]) => [key, new Uint32Array(eventStates.length)]));
    found.each((block, at) => {
      const counts = states.get(keyOf(block, at, by));
      const state = block.state[at];
      if (counts !== undefined && state !== undefined) counts[state] = (counts[state] ?? 0) + 1;
    });
    const groups = largest.slice(0, most).map(([key, { count, newest }]) => ({
      value: this.#valueOf(by, key, newest),
      count,
      newest: `e${newest}`,
      states: Object.fromEntries(
        eventStates.map((state, index) => [state, states.get(key)?.[index] ?? 0] as const).filter(([, n]) => n > 0),
      ),
    }));
    const others = largest.slice(most).reduce((sum, [, { count }]) => sum + count, uncounted);
    return { groups, others };
  }

  #valueOf(by: Grouping, key: number, example: number): string | null {
    switch (by) {
      case 'state':
        return eventStates[key] ?? null;
      case 'source':
        return key === 0 ? 'campaign-monitor' : 'open-connectors';
      case 'delivery':
        return `d${key}`;
      default:
        return this.#nameOf(by, example);
    }
  }

  #nameOf(column: 'type' | 'list' | 'address', id: number): string | null {
    const row = this.#rows.byEvent(id);
    return row === undefined ? null : this.#rows.shown(row)[column];
  }

  #summary(id: number): EventSummary | null {
    const row = this.#rows.byEvent(id);
    return row === undefined ? null : this.#rows.summary(row);
  }
}

function keyOf(block: Block, at: number, by: Grouping): number {
  if (by === 'source') return (block.flags[at] ?? 0) & flagBits.platform;
  return block[by][at] ?? 0;
}

/** The column that a table is sorted by. */
function columnOf(by: Sort['by']): (block: Block, at: number) => number {
  switch (by) {
    case 'time':
      return ({ receivedAt }, at) => receivedAt[at] ?? 0;
    case 'type':
      return ({ type }, at) => type[at] ?? 0;
    case 'state':
      return ({ state }, at) => state[at] ?? 0;
    case 'duration':
      // In microseconds, and below all others where nothing was sent.
      return ({ duration }, at) => {
        const milliseconds = duration[at] ?? NaN;
        return Number.isNaN(milliseconds) ? -1 : Math.round(milliseconds * 1000);
      };
  }
}

/**
 * Keys as whole numbers below 2^32, in the same order. Where they are further apart than that, those that differ by
 * little become one: times by milliseconds in a history of more than 49 days.
 */
function wholeKeys(keys: Float64Array): Uint32Array {
  let least = Infinity;
  let most = -Infinity;
  for (const key of keys) {
    if (key < least) least = key;
    if (key > most) most = key;
  }
  const unit = Math.max(1, Math.ceil((most - least) / 4_294_967_295));
  const whole = new Uint32Array(keys.length);
  for (let at = 0; at < keys.length; at++) whole[at] = Math.floor(((keys[at] ?? 0) - least) / unit);
  return whole;
}

/** Ids by their keys, and by themselves where these are the same. A key and an id are one number of 64 bits. */
function sortedByKeys(ids: Uint32Array, keys: Uint32Array): Uint32Array {
  const both = new BigUint64Array(ids.length);
  const halves = new Uint32Array(both.buffer);
  const [low, high] = isLittleEndian ? [0, 1] : [1, 0];
  for (let at = 0; at < ids.length; at++) {
    halves[2 * at + low] = ids[at] ?? 0;
    halves[2 * at + high] = keys[at] ?? 0;
  }
  both.sort();
  const sorted = new Uint32Array(ids.length);
  for (let at = 0; at < ids.length; at++) sorted[at] = halves[2 * at + low] ?? 0;
  return sorted;
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function timelineOf(
  found: Found,
  asked: NonNullable<CountsParams['perMinute']>,
  earliest: number,
  latest: number,
): NonNullable<Result<'events/counts'>['timeline']> {
  const since = Math.floor((asked.since === undefined ? earliest : Date.parse(asked.since)) / minuteMs) * minuteMs;
  const until = asked.until === undefined ? latest + 1 : Date.parse(asked.until);
  const all = Math.max(1, Math.ceil((until - since) / minuteMs));
  const minutes = Math.ceil(all / mostSteps);
  const counts = new Array<number>(Math.ceil(all / minutes)).fill(0);
  const stepMs = minutes * minuteMs;
  found.each((block, at) => {
    const time = block.receivedAt[at] ?? 0;
    if (time < since || time >= until) return;
    const step = Math.floor((time - since) / stepMs);
    counts[step] = (counts[step] ?? 0) + 1;
  });
  return { since: iso(since), minutes, counts };
}
