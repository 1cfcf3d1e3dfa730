/** A table of events: pages by position, and counts. */
import type { ChosenEvents } from '../../protocol/chosen-events.ts';
import { eventStates } from '../../protocol/event-filter.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import { iso, parseId } from '../log/protocol-shapes.ts';
import type { Block } from './event-columns.ts';
import type { EventRows } from './event-rows.ts';
import type { Found } from './event-search.ts';
import type { HeldColumns } from './held-columns.ts';

type PageParams = ParsedParams<'events/page'>;
type Sort = PageParams['sort'];
type CountsParams = ParsedParams<'events/counts'>;
type Grouping = NonNullable<CountsParams['groupBy']>;

/** Maximum number of values to count separately; the rest is counted together. */
const mostValues = 100_000;
/** Maximum number of types to sort by name; of the rest, each stays together. */
const mostNames = 5000;
/** Maximum number of timeline steps: for longer times, a step is several minutes. */
const mostSteps = 1500;
const minuteMs = 60_000;

/** The events that a filter found, in an order. */
interface View {
  readonly base: number;
  /** IDs, less `base`. */
  readonly ids: Uint32Array;
  /** The highest ID; 0 if there is none. */
  readonly newest: number;
  readonly unseen: number;
}

export class EventTable {
  readonly #find: (filter: string) => Found;
  readonly #rows: EventRows;
  readonly #sorting = new Sorting();

  /** @param find throws FilterError */
  constructor(find: (filter: string) => Found, rows: EventRows) {
    this.#find = find;
    this.#rows = rows;
  }

  /** @throws FilterError */
  page(params: PageParams): Result<'events/page'> {
    const view = this.#sorted(params);
    const { base, ids, newest, unseen } = view;
    const rows = [...ids.subarray(params.offset, params.offset + params.limit)]
      .map((id) => this.#rows.byEvent(base + id))
      .filter((row) => row !== undefined);
    return {
      total: ids.length,
      offset: params.offset,
      unseen,
      newest: newest === 0 ? null : `e${newest}`,
      events: params.traced ? [] : rows.map((row) => this.#rows.summary(row)),
      ...(params.traced && { traced: rows.map((row) => this.#rows.traced(row)) }),
      ...(params.find !== undefined && { found: placeIn(view, parseId(params.find).number) }),
      ...(params.chosen !== undefined && { chosen: chosenIn(view, params.chosen) }),
    };
  }

  /** Number of events that a filter finds, in groups and over time. @throws FilterError */
  counts(params: CountsParams): Result<'events/counts'> {
    const all = this.#find(params.filter);
    const last = params.after === undefined ? undefined : parseId(params.after).number;
    const found = last === undefined ? all : only(all, (event) => event > last);
    let total = 0;
    let earliest = Infinity;
    let latest = -Infinity;
    found.each((block, at) => {
      total += 1;
      const time = block.receivedAt[at] ?? 0;
      if (time < earliest) earliest = time;
      if (time > latest) latest = time;
    });
    const groups = params.groupBy === undefined ? [] : this.#groups(found, params.groupBy, params.mostGroups);
    const timeline = params.perMinute && total > 0 ? timelineOf(found, params.perMinute, earliest, latest) : null;
    return { total, groups, timeline, unseen: found.unseen };
  }

  #sorted({ filter, sort, before }: PageParams): View {
    const all = this.#find(filter);
    const end = before === undefined ? undefined : parseId(before).number;
    const found = end === undefined ? all : only(all, (event) => event < end);
    const column = sort.by === 'type' ? this.#typeRanks(found) : columnOf(sort.by, found.held);
    let count = 0;
    let base = Infinity;
    let newest = 0;
    let least = Infinity;
    let most = -Infinity;
    found.each((block, at) => {
      const key = column(block, at);
      count += 1;
      const id = block.firstId + at;
      if (id < base) base = id;
      if (id > newest) newest = id;
      if (key < least) least = key;
      if (key > most) most = key;
    });
    // Keys as whole numbers below 2^32: in a larger range, close values become one, such as times by milliseconds in a
    // history of more than 49 days.
    const unit = Math.max(1, Math.ceil((most - least) / 4_294_967_295));
    const sorting = this.#sorting;
    sorting.begin(count);
    found.each((block, at) => sorting.add(Math.floor((column(block, at) - least) / unit), block.firstId + at - base));
    const ids = sorting.sorted();
    return { base, ids: sort.descending ? ids.reverse() : ids, newest, unseen: found.unseen };
  }

  /** The alphabetical rank of an event's type, by the hashes of types. */
  #typeRanks(found: Found): Column {
    const examples = new Map<number, number>();
    found.each((block, at) => {
      const hash = block.type[at] ?? 0;
      if (examples.size < mostNames && !examples.has(hash)) examples.set(hash, block.firstId + at);
    });
    const named = [...examples].map(([hash, id]) => ({ hash, name: this.#nameOf('type', id) ?? '' }));
    named.sort((a, b) => a.name.localeCompare(b.name, 'en', { sensitivity: 'base' }));
    const ranks = new Map(named.map(({ hash }, rank) => [hash, rank]));
    return ({ type }, at) => {
      const hash = type[at] ?? 0;
      return ranks.get(hash) ?? mostNames + (hash >>> 1);
    };
  }

  #groups(found: Found, by: Grouping, most: number): Result<'events/counts'>['groups'] {
    const counted = new Map<number, { count: number; newest: number }>();
    found.each((block, at) => {
      const key = keyOf(block, at, by, found.held);
      const id = block.firstId + at;
      const group = counted.get(key);
      if (group !== undefined) {
        group.count += 1;
        if (id > group.newest) group.newest = id;
      } else if (counted.size < mostValues) counted.set(key, { count: 1, newest: id });
    });
    const largest = [...counted].sort(([, a], [, b]) => b.count - a.count || b.newest - a.newest);
    return largest
      .slice(0, most)
      .map(([key, { count, newest }]) => ({ value: this.#valueOf(by, key, newest), count, newest: `e${newest}` }));
  }

  #valueOf(by: Grouping, key: number, example: number): string | null {
    switch (by) {
      case 'state':
        return eventStates[key] ?? null;
      case 'delivery':
        return `d${key}`;
      default:
        return this.#nameOf(by, example);
    }
  }

  #nameOf(column: 'type' | 'list', id: number): string | null {
    const row = this.#rows.byEvent(id);
    return row === undefined ? null : this.#rows.shown(row)[column];
  }
}

function only(found: Found, isMeant: (event: number) => boolean): Found {
  return {
    ...found,
    each: (visit) =>
      found.each((block, at) => {
        if (isMeant(block.firstId + at)) visit(block, at);
      }),
  };
}

function chosenIn(view: View, chosen: ChosenEvents): Result<'events/page'>['chosen'] {
  const named = new Set(('ids' in chosen ? chosen.ids : chosen.except).map((id) => parseId(id).number));
  const before = 'ids' in chosen ? 0 : parseId(chosen.before).number;
  const ids: string[] = [];
  let count = 0;
  for (const less of view.ids) {
    const id = view.base + less;
    const isNamed = named.has(id);
    if (isNamed && 'ids' in chosen) ids.push(`e${id}`);
    if (isNamed ? 'ids' in chosen : id < before) count += 1;
  }
  return { ids, count, active: chosen.active === null ? null : placeIn(view, parseId(chosen.active).number) };
}

/** The position of an event in a view; null if it isn't there. */
function placeIn({ base, ids }: View, event: number): number | null {
  const at = event < base ? -1 : ids.indexOf(event - base);
  return at === -1 ? null : at;
}

function keyOf(block: Block, at: number, by: Grouping, held: HeldColumns): number {
  if (by === 'state') return stateAt(block, at, held);
  return block[by][at] ?? 0;
}

type Column = (block: Block, at: number) => number;

const heldIndex = eventStates.indexOf('held');
const failedIndex = eventStates.indexOf('failed');

function stateAt(block: Block, at: number, held: HeldColumns): number {
  const state = block.state[at] ?? 0;
  return state !== failedIndex && held.isHeld(block, at) ? heldIndex : state;
}

function columnOf(by: Exclude<Sort['by'], 'type'>, held: HeldColumns): Column {
  switch (by) {
    case 'time':
      return ({ receivedAt }, at) => receivedAt[at] ?? 0;
    case 'state':
      return (block, at) => stateAt(block, at, held);
    case 'status':
      return ({ status }, at) => status[at] ?? 0;
    case 'attempts':
      return ({ attempts }, at) => attempts[at] ?? 0;
    case 'duration':
      // In microseconds, and -1 if nothing was sent.
      return ({ duration }, at) => {
        const milliseconds = duration[at] ?? NaN;
        return Number.isNaN(milliseconds) ? -1 : Math.round(milliseconds * 1000);
      };
  }
}

/** Sorts IDs by their keys, and by themselves for the same key. A key and an ID are one number of 64 bits. */
class Sorting {
  /** Reused, because it takes 8 bytes an event, which would be collected late. */
  #both = new BigUint64Array(0);
  #halves = new Uint32Array(0);
  #most = 0;
  #count = 0;

  /** @param most maximum number of IDs: further ones are ignored */
  begin(most: number): void {
    this.#most = most;
    this.#count = 0;
    if (most <= this.#both.length) return;
    this.#both = new BigUint64Array(most);
    this.#halves = new Uint32Array(this.#both.buffer);
  }

  /** @param key a whole number below 2^32, like `id` */
  add(key: number, id: number): void {
    if (this.#count === this.#most) return;
    this.#halves[2 * this.#count + low] = id;
    this.#halves[2 * this.#count + high] = key;
    this.#count += 1;
  }

  sorted(): Uint32Array {
    this.#both.subarray(0, this.#count).sort();
    const ids = new Uint32Array(this.#count);
    for (let at = 0; at < ids.length; at++) ids[at] = this.#halves[2 * at + low] ?? 0;
    return ids;
  }
}

/** The positions of the halves of a number of 64 bits. */
const [low, high] = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];

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
