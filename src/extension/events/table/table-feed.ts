/**
 * Keeps the table's page supplied: takes a snapshot of what the filter finds, reads of it what is in sight, and takes
 * another when something has changed. While nobody looks, nothing is asked.
 */
import type { TracedEvent } from '../../../protocol/history.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';
import { Coalescer, realTimers } from '../../ui/coalescer.ts';
import type { Timers } from '../../ui/coalescer.ts';
import type { Sight, Sort, Strip } from './messages.ts';

/** Rows that are read at once. */
export const windowSize = 200;

/** The least pause between two snapshots, in milliseconds. */
const leastPauseMs = 250;

/** Of the time, at most this part goes into snapshots: they cost the relay's history thread. */
const share = 4;

/** Without anything new it is looked at again after this time, in milliseconds. */
const tickMs = 30_000;

/** Minutes of the strip. */
const stripMinutes = 60;

export interface TracedWindow {
  readonly offset: number;
  readonly events: readonly (TracedEvent | null)[];
}

export type FeedNews =
  | {
      readonly type: 'snapshot';
      readonly snapshot: string;
      readonly total: number;
      readonly unseen: number;
      /** The row in sight that the reading went by; null where it went by the newest. */
      readonly anchor: string | null;
      /** By how many rows what was in sight has moved down. */
      readonly moved: number;
      readonly windows: readonly TracedWindow[];
    }
  | { readonly type: 'rows'; readonly snapshot: string; readonly window: TracedWindow }
  | { readonly type: 'news'; readonly count: number }
  | { readonly type: 'strip'; readonly strip: Strip }
  | { readonly type: 'failed'; readonly error: Error };

export interface TableFeedOptions {
  readonly say: (news: FeedNews) => void;
  readonly timers?: Timers;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

const newestFirst: Sort = { by: 'time', descending: true };
const fromTheTop: Sight = { first: 0, count: 0, anchor: null };

export class TableFeed {
  readonly #say: (news: FeedNews) => void;
  readonly #clock: () => number;
  readonly #timers: Timers;
  readonly #following: Coalescer;
  #client: RelayClient | undefined;
  #filter = '';
  #sort = newestFirst;
  #sight = fromTheTop;
  #visible = false;
  /** When it was paused, in milliseconds since the epoch. */
  #pausedAt: number | undefined;
  #snapshot: string | undefined;
  /** The newest event of the snapshot; null where it has none. */
  #newest: string | null = null;
  #wanted: readonly number[] = [];
  #serving = false;
  /** The window that is being read. */
  #reading: number | undefined;
  #stopTick: (() => void) | undefined;
  /** Answers to questions of an earlier one are thrown away. */
  #epoch = 0;
  #lastTookMs = 0;

  constructor({ say, timers = realTimers, clock = Date.now }: TableFeedOptions) {
    this.#say = say;
    this.#clock = clock;
    this.#timers = timers;
    this.#following = new Coalescer(
      () => this.#follow(),
      () => Math.max(leastPauseMs, share * this.#lastTookMs),
      timers,
    );
  }

  get sort(): Sort {
    return this.#sort;
  }

  get paused(): boolean {
    return this.#pausedAt !== undefined;
  }

  /** The snapshot that the page shows. */
  get snapshot(): string | undefined {
    return this.#snapshot;
  }

  /** From now on the events are those of this relay; undefined: there is none. */
  attach(client: RelayClient | undefined): void {
    if (client === this.#client) return;
    this.#client = client;
    this.#pausedAt = undefined;
    this.#begin();
  }

  /** @param filter one that the relay has read without complaint; empty for everything */
  setFilter(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#begin();
  }

  setSort(sort: Sort): void {
    this.#sort = sort;
    this.#begin();
  }

  /** While it is paused, no row comes, goes or moves; what is said in them goes on. */
  setPaused(paused: boolean): void {
    if (paused === this.paused) return;
    this.#pausedAt = paused ? this.#clock() : undefined;
    if (paused) return;
    this.#sight = fromTheTop;
    this.changed();
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#stopTick?.();
    if (visible) {
      this.#tickLater();
      this.#following.request();
    } else this.#following.cancel();
  }

  /** The page says what is in sight. */
  see(sight: Sight): void {
    this.#sight = sight;
  }

  /** The page wants rows of these windows; what it wanted before and has not got, it wants no longer. */
  want(snapshot: string, offsets: readonly number[]): void {
    if (snapshot !== this.#snapshot) return;
    this.#wanted = offsets.filter((each) => each !== this.#reading);
    if (!this.#serving) void this.#serve();
  }

  /** Something has come in or changed. */
  changed(): void {
    if (this.#visible && this.#client !== undefined) this.#following.request();
  }

  /** Takes a snapshot anew, as after an error. */
  refresh(): void {
    this.#begin();
  }

  /**
   * Where an event stands in the snapshot that is shown.
   * @returns null where it does not, or that cannot be asked
   */
  async find(id: string): Promise<number | null> {
    const [client, snapshot] = [this.#client, this.#snapshot];
    if (client === undefined || snapshot === undefined) return null;
    try {
      const { found } = await client.request('events/page', { snapshot, find: id, limit: 1, traced: true });
      return found ?? null;
    } catch {
      // It is no longer kept, or the relay ends: the next snapshot is on its way.
      return null;
    }
  }

  dispose(): void {
    this.#epoch += 1;
    this.#visible = false;
    this.#stopTick?.();
    this.#following.cancel();
  }

  /** With time the strip goes on, and what matches `since:` changes. */
  #tickLater(): void {
    this.#stopTick = this.#timers.after(tickMs, () => {
      this.#tickLater();
      this.changed();
    });
  }

  #begin(): void {
    this.#epoch += 1;
    this.#snapshot = undefined;
    this.#wanted = [];
    if (this.#pausedAt !== undefined) this.#pausedAt = this.#clock();
    this.changed();
  }

  async #follow(): Promise<void> {
    const client = this.#client;
    if (client === undefined || !this.#visible) return;
    const epoch = this.#epoch;
    const began = performance.now();
    try {
      if (this.paused && this.#snapshot !== undefined) await this.#look(client, this.#snapshot);
      else await this.#take(client);
      if (epoch === this.#epoch) await this.#count(client);
    } catch (error) {
      if (epoch === this.#epoch) this.#say({ type: 'failed', error: error as Error });
    } finally {
      this.#lastTookMs = performance.now() - began;
      // What was asked for meanwhile, as another filter, found this one running.
      if (epoch !== this.#epoch) this.changed();
    }
  }

  /** Takes a snapshot and reads what is in sight, so that the page draws both at once. */
  async #take(client: RelayClient): Promise<void> {
    const epoch = this.#epoch;
    const { first, count, anchor } = this.#sight;
    const by = anchor?.id ?? null;
    const begin = anchor === null ? 0 : windowOf(first);
    const page = await client.request('events/page', {
      filter: this.#boundFilter,
      sort: this.#sort,
      offset: begin,
      limit: windowSize,
      traced: true,
      ...(anchor !== null && { find: anchor.id }),
    });
    if (epoch !== this.#epoch) return;
    const { snapshot, total, unseen, found = null } = page;
    const windows: TracedWindow[] = [{ offset: begin, events: page.traced ?? [] }];
    const moved = anchor === null || found === null ? 0 : found - anchor.at;
    const from = Math.min(Math.max(0, first + moved), Math.max(0, total - count));
    for (const offset of windowsOf(anchor === null ? 0 : from, count)) {
      if (offset === begin || offset >= total) continue;
      windows.push(await this.#read(client, snapshot, offset));
      if (epoch !== this.#epoch) return;
    }
    this.#snapshot = snapshot;
    this.#newest = page.newest;
    this.#wanted = [];
    this.#say({ type: 'snapshot', snapshot, total, unseen, anchor: by, moved, windows });
  }

  /** The filter; while it is paused, without what came later, since the snapshot may have to be taken again. */
  get #boundFilter(): string {
    if (this.#pausedAt === undefined || /\buntil:/i.test(this.#filter)) return this.#filter;
    return `${this.#filter} until:${new Date(this.#pausedAt).toISOString()}`.trim();
  }

  /** Reads again what is in sight of a snapshot that stays. */
  async #look(client: RelayClient, snapshot: string): Promise<void> {
    const epoch = this.#epoch;
    try {
      for (const offset of windowsOf(this.#sight.first, this.#sight.count)) {
        const window = await this.#read(client, snapshot, offset);
        if (epoch !== this.#epoch || snapshot !== this.#snapshot) return;
        this.#say({ type: 'rows', snapshot, window });
      }
    } catch (error) {
      if (!isGone(error)) throw error;
      await this.#take(client);
    }
    if (epoch === this.#epoch) await this.#countNews(client);
  }

  /** How many have come since it was paused. */
  async #countNews(client: RelayClient): Promise<void> {
    const epoch = this.#epoch;
    const after = this.#newest === null ? {} : { after: this.#newest };
    const { total } = await client.request('events/counts', { filter: this.#filter, ...after });
    if (epoch === this.#epoch && this.paused) this.#say({ type: 'news', count: total });
  }

  async #read(client: RelayClient, snapshot: string, offset: number): Promise<TracedWindow> {
    const page = await client.request('events/page', { snapshot, offset, limit: windowSize, traced: true });
    return { offset, events: page.traced ?? [] };
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    try {
      for (;;) {
        const [client, snapshot, [offset, ...others]] = [this.#client, this.#snapshot, this.#wanted];
        if (client === undefined || snapshot === undefined || offset === undefined) return;
        this.#wanted = others;
        this.#reading = offset;
        const window = await this.#read(client, snapshot, offset);
        if (snapshot === this.#snapshot) this.#say({ type: 'rows', snapshot, window });
      }
    } catch (error) {
      if (isGone(error)) {
        this.#snapshot = undefined;
        this.changed();
      } else this.#say({ type: 'failed', error: error as Error });
    } finally {
      this.#serving = false;
      this.#reading = undefined;
    }
  }

  /** The strip of the last minutes. */
  async #count(client: RelayClient): Promise<void> {
    const epoch = this.#epoch;
    const until = Math.ceil((this.#clock() + 1) / 60_000) * 60_000;
    const since = until - stripMinutes * 60_000;
    const perMinute = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    const countsOf = async (filter: string): Promise<readonly number[]> =>
      (await client.request('events/counts', { filter, perMinute })).timeline?.counts ?? [];
    const counts = await countsOf(this.#filter);
    // Values of one key mean any of them: a filter with a state of its own cannot be narrowed by another.
    const failed = /\bstate:/i.test(this.#filter) ? [] : await countsOf(`${this.#filter} state:failed`.trim());
    if (epoch !== this.#epoch) return;
    const whole = counts.length === 0 ? new Array<number>(stripMinutes).fill(0) : counts;
    this.#say({ type: 'strip', strip: { since, counts: whole, failed } });
  }
}

/** Where the window begins that holds a position. */
function windowOf(position: number): number {
  return Math.floor(position / windowSize) * windowSize;
}

/** The windows that hold `count` rows from a position on. */
function windowsOf(first: number, count: number): number[] {
  const offsets: number[] = [];
  for (let offset = windowOf(first); offset < first + Math.max(1, count); offset += windowSize) offsets.push(offset);
  return offsets;
}

/** The relay no longer keeps the snapshot. */
function isGone(error: unknown): boolean {
  return (error as { advice?: unknown }).advice === 'ask-again';
}
