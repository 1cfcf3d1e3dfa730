/** How many events the history has: in all, and in each group, whatever of them is loaded. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, realTimers } from '../ui/coalescer.ts';
import type { Timers } from '../ui/coalescer.ts';
import { keyOfValue, midnightOf } from './grouping.ts';
import type { CountedGroup, Grouping } from './grouping.ts';

/** Between two questions, in milliseconds. */
const pauseMs = 1000;

/** What was counted last. */
export interface Counted {
  /** Events that match the filter. */
  readonly total: number;
  readonly groups: readonly CountedGroup[];
  /** Not all were looked at: there may be more. */
  readonly atLeast: boolean;
}

const nothing: Counted = { total: 0, groups: [], atLeast: false };

export interface StoreCountsOptions {
  /** What is counted now; undefined for nothing. */
  asked():
    | {
        readonly client: RelayClient;
        readonly filter: string;
        readonly grouping: Grouping | null;
        /** Of groups by time, those that are shown. */
        readonly timeKeys: readonly string[];
      }
    | undefined;
  /** Something is another than before. */
  onChange(): void;
  onError(error: Error): void;
  now(): number;
  readonly timers?: Timers;
}

/** Keeps the counts as they are asked for. */
export class StoreCounts {
  readonly #options: StoreCountsOptions;
  readonly #counting: Coalescer;
  #counted = nothing;
  #epoch = 0;

  constructor(options: StoreCountsOptions) {
    this.#options = options;
    this.#counting = new Coalescer(
      () => this.#count(),
      () => pauseMs,
      options.timers ?? realTimers,
    );
  }

  get counted(): Counted {
    return this.#counted;
  }

  /** The history or what is asked for has changed: it is counted again soon. */
  changed(): void {
    this.#counting.request();
  }

  /** Another history, filter or grouping: what was counted says nothing of it. */
  begin(): void {
    this.#epoch += 1;
    this.#counted = nothing;
    this.#counting.request();
  }

  dispose(): void {
    this.#epoch += 1;
    this.#counting.cancel();
  }

  async #count(): Promise<void> {
    const asked = this.#options.asked();
    if (asked === undefined) return;
    const epoch = this.#epoch;
    const { client, filter, grouping, timeKeys } = asked;
    try {
      const counted =
        grouping === 'time'
          ? await countTimes(client, filter, timeKeys, this.#options.now())
          : await countGroups(client, filter, grouping);
      if (epoch !== this.#epoch || JSON.stringify(counted) === JSON.stringify(this.#counted)) return;
      this.#counted = counted;
      this.#options.onChange();
    } catch (error) {
      if (epoch === this.#epoch) this.#options.onError(error as Error);
    }
  }
}

async function countGroups(client: RelayClient, filter: string, grouping: Grouping | null): Promise<Counted> {
  if (grouping === null || grouping === 'time') {
    const { total, unseen } = await client.request('events/counts', { filter });
    return { total, groups: [], atLeast: unseen > 0 };
  }
  const { total, groups, unseen } = await client.request('events/counts', {
    filter,
    groupBy: grouping,
    mostGroups: 1000,
  });
  if (grouping === 'state') {
    const states = groups.map(({ value, count }) => ({ key: value ?? '', value, count }));
    return { total, groups: states, atLeast: unseen > 0 };
  }
  const counted = groups.map(({ value, count, states }) => {
    const { test = 0, rejected = 0 } = states;
    return { key: keyOfValue(value), value, count, test, rejected };
  });
  if (grouping === 'list') return { total, groups: counted.map(plain), atLeast: unseen > 0 };
  // Test calls and rejected deliveries have no type, and groups of their own.
  const sum = (kind: 'test' | 'rejected'): number => counted.reduce((all, each) => all + each[kind], 0);
  return {
    total,
    groups: [
      ...counted.map((each) => plain({ ...each, count: each.count - each.test - each.rejected })),
      ...(['test', 'rejected'] as const).map((key) => ({ key, value: null, count: sum(key) })),
    ],
    atLeast: unseen > 0,
  };
}

function plain({ key, value, count }: CountedGroup): CountedGroup {
  return { key, value, count };
}

/** By time, of the groups that are shown; those of a filter that has times of its own are not counted. */
async function countTimes(client: RelayClient, filter: string, keys: readonly string[], now: number): Promise<Counted> {
  const { total, unseen } = await client.request('events/counts', { filter });
  const groups: CountedGroup[] = [];
  if (/\b(?:since|until):/i.test(filter)) return { total, groups, atLeast: unseen > 0 };
  for (const key of keys) {
    const found = await client.request('events/counts', { filter: [filter, timeFilter(key, now)].join(' ').trim() });
    groups.push({ key, value: null, count: found.total });
  }
  return { total, groups, atLeast: unseen > 0 };
}

/** A filter for a group by time. */
export function timeFilter(key: string, now: number): string {
  const midnight = midnightOf(now);
  const between = (since: number, until: number): string =>
    `since:${new Date(since).toISOString()} until:${new Date(until).toISOString()}`;
  const minute = now - 60_000;
  const hour = now - 3_600_000;
  switch (key) {
    case 'minute':
      return `since:${new Date(minute).toISOString()}`;
    case 'hour':
      return between(hour, minute);
    case 'today':
      return between(midnight, hour);
    case 'yesterday':
      return between(midnightOf(midnight - 12 * 3_600_000), Math.min(midnight, hour));
    default: {
      const begin = new Date(`${key}T00:00:00`);
      const end = new Date(begin);
      end.setDate(end.getDate() + 1);
      return between(begin.getTime(), end.getTime());
    }
  }
}

/**
 * A filter that finds a group within another filter.
 * @returns null where none does
 */
export function groupFilter(grouping: Grouping, key: string, filter: string, now: number): string | null {
  const part = partOf(grouping, key, now);
  if (part === null) return null;
  // Several values of one key mean any of them: the group would be all that the filter finds.
  const names = [...part.matchAll(/(\w+):/g)].map(([, name]) => name);
  if (names.some((name) => new RegExp(`\\b${name}:`, 'i').test(filter))) return null;
  return [filter, part].filter((each) => each !== '').join(' ');
}

function partOf(grouping: Grouping, key: string, now: number): string | null {
  if (grouping === 'time') return timeFilter(key, now);
  if (grouping === 'state') {
    if (key === 'test' || key === 'rejected') return `kind:${key}`;
    // What is being retried waits, too, for a filter.
    return ['failed', 'held', 'discarded', 'sent'].includes(key) ? `state:${key}` : null;
  }
  if (grouping === 'type' && (key === 'test' || key === 'rejected')) return `kind:${key}`;
  const value = key.slice(1);
  if (!key.startsWith('=') || value === '' || value.includes('"')) return null;
  return `${grouping}:${/[\s,]/.test(value) ? `"${value}"` : value}`;
}
