/**
 * Supplies the table's page: takes a snapshot of the filter's matches, and reads the visible part. New events are shown
 * above the snapshot until another is taken; other changes are reported for the rows that the page has.
 */
import type { Attempt, EventRow, TracedEvent } from '../../protocol/history.ts';
import type { Carried, ChosenEvents } from '../../protocol/chosen-events.ts';
import { mostTraced } from '../../protocol/message-size.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, realTimers } from '../ui/coalescer.ts';
import type { Timers } from '../ui/coalescer.ts';
import { mostUrgent, rowState } from '../events/forwarding-state.ts';
import { HistoryReader, numberOf } from '../events/history-watch.ts';
import type { HistoryWatch, IsCurrent, Reading } from '../events/history-watch.ts';
import { KnownRows } from '../events/known-rows.ts';
import type { ColumnName, Sight, Sort, Strip } from './messages.ts';

/** Rows to read at once, and the maximum above a snapshot. */
export const windowSize = 200;

/** Maximum number of rows to update and keep for commands: the last ones given to the page. */
const mostKept = 5000;

/** Maximum number of rows that the relay returns at once, for commands. */
const mostAtOnce = 1000;

/** Minimum pause between two snapshots, and between two reports of new events, in milliseconds. */
const leastPauseMs = 250;

/** Snapshots may take at most 1/4 of the time, to spare the relay's history thread. */
const share = 4;

const stripMinutes = 60;
const minuteMs = 60_000;

export interface TracedWindow {
  /** The position of its first row in the snapshot. */
  readonly offset: number;
  readonly events: readonly (TracedEvent | null)[];
}

export type FeedNews =
  | {
      readonly type: 'snapshot';
      readonly snapshot: string;
      readonly total: number;
      readonly unseen: number;
      /** The visible row that determined the position; null for the newest. */
      readonly anchor: string | null;
      /** The position of that row; null if it isn't in the snapshot. */
      readonly at: number | null;
      readonly windows: readonly TracedWindow[];
      /** The positions of the choice with this number; `active`: the active row. */
      readonly turn: number;
      readonly chosen: Carried['stretches'];
      readonly active: number | null;
    }
  | { readonly type: 'rows'; readonly snapshot: string; readonly window: TracedWindow }
  /** Rows above the snapshot, newest first, and others that have changed. */
  | {
      readonly type: 'live';
      readonly snapshot: string;
      readonly added: readonly TracedEvent[];
      readonly changed: readonly TracedEvent[];
    }
  | { readonly type: 'strip'; readonly strip: Strip }
  /** The filter, the pause, or the state of sending may have changed. */
  | { readonly type: 'around' };

export interface TableFeedOptions {
  readonly watch: HistoryWatch;
  readonly say: (news: FeedNews) => void;
  readonly timers?: Timers;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
}

const newestFirst: Sort = { by: 'time', descending: true };
const fromTheTop: Sight = { first: 0, count: 0, anchor: null };
const nothingChosen: ChosenEvents = { snapshot: '', stretches: [], ids: [], active: null };

export class TableFeed extends HistoryReader {
  readonly #say: (news: FeedNews) => void;
  readonly #clock: () => number;
  readonly #known = new KnownRows<TracedEvent>((event, attempt) => this.#tried(event, attempt));
  readonly #telling: Coalescer;
  #sort = newestFirst;
  #sight = fromTheTop;
  /** The page's choice, and its number. */
  #chosen = nothingChosen;
  #turn = 0;
  #snapshot: string | undefined;
  /** The snapshot's cursor, fixed while new events are held back. */
  #before: string | undefined;
  /** The number of its newest event; and how many weren't searched for it. */
  #newest = 0;
  /** Its filter, and how many snapshots were begun with it. */
  #filter = '';
  #number = 0;
  #begun = 0;
  #unseen = 0;
  /** Pending snapshots: new events may be in them. */
  #taking = 0;
  /** Number of rows above the page's snapshot; new ones for the next report, newest first. */
  #above: readonly string[] = [];
  #added: TracedEvent[] = [];
  readonly #changed = new Set<TracedEvent>();
  #strip:
    | { readonly since: number; readonly counts: number[]; readonly failed: number[]; readonly all: number[] }
    | undefined;
  /** The last number of events without the filter; null without a filter. */
  #all: number | null = null;
  /** Number of lists among the matches, and the destinations of the rows given to the page. */
  #lists = 0;
  readonly #destinations = new Set<string>();
  #wanted: readonly number[] = [];
  #serving = false;
  #reading: number | undefined;
  #lastTookMs = 0;
  #wasPaused = false;

  constructor({ watch, say, timers = realTimers, clock = Date.now }: TableFeedOptions) {
    super(watch, timers);
    this.#say = say;
    this.#clock = clock;
    this.#telling = new Coalescer(
      () => this.#tell(),
      () => leastPauseMs,
      timers,
    );
  }

  get sort(): Sort {
    return this.#sort;
  }

  get snapshot(): string | undefined {
    return this.#snapshot;
  }

  /** Number of events without the filter; null without a filter, or if not counted yet. */
  get all(): number | null {
    return this.#all;
  }

  /** Columns with the same value in all rows. */
  get same(): readonly ColumnName[] {
    return [
      ...(this.#lists > 1 ? [] : ['list' as const]),
      ...(this.#destinations.size > 1 ? [] : ['destination' as const]),
    ];
  }

  /**
   * The chosen rows in order of arrival: known ones, or read from the snapshot.
   * @param cancelled asked before each reading
   * @throws SnapshotGoneError if the snapshot is no longer kept, and what the relay refuses
   */
  async rowsOf(
    { snapshot, stretches, ids }: ChosenEvents,
    cancelled: () => boolean = () => false,
  ): Promise<EventRow[]> {
    const { client } = this.watch;
    if (client === undefined) return [];
    const rows: EventRow[] = [];
    for (const id of ids) rows.push(this.#known.get(id)?.row ?? (await client.request('events/get', { id })).event);
    for (const [from, to] of stretches) {
      for (let offset = from; offset <= to && !cancelled(); offset += mostAtOnce) {
        const limit = Math.min(mostAtOnce, to - offset + 1);
        const page = await client.request('events/page', { snapshot, offset, limit, traced: true });
        rows.push(...(page.traced ?? []).flatMap((event) => (event === null ? [] : [event.row])));
      }
    }
    return rows.sort((a, b) => numberOf(a.id) - numberOf(b.id));
  }

  setSort(sort: Sort): void {
    this.#sort = sort;
    this.begin();
  }

  show(sort: Sort | null, sight: Sight | null): void {
    this.#sort = sort ?? this.#sort;
    this.#sight = sight ?? this.#sight;
    this.choose(0, nothingChosen);
    this.begin();
    this.setVisible(true);
  }

  /** The view is hidden: its page is gone. */
  hide(): void {
    this.setVisible(false);
    this.#telling.cancel();
    this.#snapshot = undefined;
  }

  /** The page reports what is visible. @param again it needs a snapshot from there */
  see(sight: Sight, again: boolean): void {
    this.#sight = sight;
    if (!again) return;
    // The page hasn't applied the current one.
    this.#snapshot = undefined;
    this.later('loaded');
  }

  /** The page reports the choice. @param turn the number of the choice */
  choose(turn: number, chosen: ChosenEvents): void {
    this.#turn = turn;
    this.#chosen = chosen;
  }

  want(snapshot: string, offsets: readonly number[]): void {
    if (snapshot !== this.#snapshot) return;
    this.#wanted = offsets.filter((each) => each !== this.#reading);
    if (!this.#serving) void this.#serve();
  }

  get begun(): number {
    return this.#begun;
  }

  /**
   * The position of an event in the shown snapshot; negative if above it.
   * @param begun the value of {@link begun} when the event was already known
   * @returns null if it has none; undefined if it may be in the next one: the request failed, or the snapshot is older
   * or has another filter
   */
  async find(id: string, begun: number): Promise<number | null | undefined> {
    const [{ client }, snapshot] = [this.watch, this.#snapshot];
    if (client === undefined || snapshot === undefined) return undefined;
    const above = this.#above.indexOf(id);
    if (above !== -1) return above - this.#above.length;
    try {
      const { found = null } = await client.request('events/page', { snapshot, find: id, limit: 1, traced: true });
      const isLatest = snapshot === this.#snapshot && this.#number > begun && this.#filter === this.watch.filter;
      return found ?? (isLatest ? null : undefined);
    } catch {
      // The relay no longer has it, or is ending.
      if (snapshot === this.#snapshot) this.later('newest');
      return undefined;
    }
  }

  pauseMs(): number {
    return Math.max(leastPauseMs, share * this.#lastTookMs);
  }

  async read(client: RelayClient, _reading: Reading, isCurrent: IsCurrent): Promise<void> {
    const began = performance.now();
    const { paused, before } = this.watch;
    const stays = paused && this.#before === before && this.#unseen === 0;
    const snapshot = stays ? this.#snapshot : undefined;
    try {
      if (snapshot === undefined || !(await this.#lookAgain(client, snapshot, isCurrent)))
        await this.#take(client, isCurrent);
      if (isCurrent()) await this.#count(client, isCurrent);
    } finally {
      this.#lastTookMs = performance.now() - began;
    }
  }

  forget(): void {
    this.#snapshot = undefined;
    this.#clear();
    this.#strip = undefined;
    this.#say({ type: 'around' });
  }

  added(told: readonly EventRow[]): void {
    // The snapshot may have been taken between the writing and the reporting of an event.
    const rows = told.filter(({ id }) => numberOf(id) > this.#newest);
    const isNewestFirst = this.#sort.by === 'time' && this.#sort.descending;
    const above = this.#above.length + this.#added.length + rows.length;
    if (!isNewestFirst || this.#snapshot === undefined || this.#taking > 0 || above > windowSize) {
      this.later('newest');
      return;
    }
    for (const row of rows) {
      const event: TracedEvent = { row, state: rowState(row), ...untried };
      this.#add(event);
      this.#added.unshift(event);
      this.#mark(row.receivedAt, 'counts', 1);
    }
    if (rows.length > 0) this.#telling.request();
  }

  attempted(attempts: readonly Attempt[]): void {
    const { changed, unknown } = this.#known.record(attempts);
    // If sorted by a result, it may have moved.
    const isMoved = this.#sort.by !== 'time' && this.#sort.by !== 'type';
    if (unknown || isMoved) this.later('loaded');
    this.#tellChanged(changed);
  }

  /** A row doesn't show that it is being sent. */
  underWay(): void {}

  around(): void {
    // When unfrozen, show the new rows, which are at the top.
    if (this.#wasPaused && !this.watch.paused) this.#sight = { ...fromTheTop, count: this.#sight.count };
    this.#wasPaused = this.watch.paused;
    this.#say({ type: 'around' });
  }

  override aged(): void {
    // New events aren't reported while they are held back, nor newly indexed matches, nor that it can be read again.
    if (this.watch.paused || this.#unseen > 0 || this.failure !== undefined) this.later('loaded');
    this.#roll(this.#clock());
    this.#sayStrip();
  }

  override dispose(): void {
    super.dispose();
    this.#telling.cancel();
  }

  /** What was above a snapshot, or to be reported and read of it, is in the next one. */
  #clear(): void {
    this.#wanted = [];
    this.#above = [];
    this.#added = [];
    this.#changed.clear();
  }

  /** Takes a snapshot and reads the visible part, so that the page draws both at once. */
  async #take(client: RelayClient, isCurrent: IsCurrent): Promise<void> {
    const { first, count, anchor } = this.#sight;
    const { filter, before } = this.watch;
    const begin = anchor === null ? 0 : windowOf(first);
    const [turn, carry] = [this.#turn, this.#chosen];
    const journal = this.#known.expect();
    const number = ++this.#begun;
    this.#taking += 1;
    try {
      const page = await client.request('events/page', {
        filter,
        sort: this.#sort,
        offset: begin,
        limit: windowSize,
        traced: true,
        ...(before !== undefined && { before }),
        ...(anchor !== null && { find: anchor.id }),
        ...(isSomething(carry) && { carry }),
      });
      if (!isCurrent()) return;
      const { snapshot, total, unseen, newest, found = null } = page;
      const { stretches: chosen, active } = page.carried ?? { stretches: [], active: null };
      const windows = [this.#keep({ offset: begin, events: page.traced ?? [] })];
      const moved = anchor === null || found === null ? 0 : found - anchor.at;
      const from = Math.min(Math.max(0, first + moved), Math.max(0, total - count));
      for (const offset of windowsOf(anchor === null ? 0 : from, count)) {
        if (offset === begin || offset >= total) continue;
        windows.push(await this.#read(client, snapshot, offset));
        if (!isCurrent()) return;
      }
      if (before === undefined) this.watch.noteNewest(newest ?? undefined);
      this.#snapshot = snapshot;
      if (turn === this.#turn)
        this.#chosen = { snapshot, stretches: chosen, ids: [], active: active === null ? null : carry.active };
      this.#before = before;
      this.#filter = filter;
      this.#number = number;
      this.#newest = newest === null ? 0 : numberOf(newest);
      this.#unseen = unseen;
      this.#clear();
      this.#known.settle(journal);
      this.#say({
        type: 'snapshot',
        snapshot,
        total,
        unseen,
        anchor: anchor?.id ?? null,
        at: found,
        windows,
        turn,
        chosen,
        active,
      });
    } finally {
      this.#taking -= 1;
      this.#known.settle(journal);
    }
  }

  /** Reads the visible part of the same snapshot again. @returns false if it is no longer kept */
  async #lookAgain(client: RelayClient, snapshot: string, isCurrent: IsCurrent): Promise<boolean> {
    try {
      const first = Math.max(0, this.#sight.first - this.#above.length);
      for (const offset of windowsOf(first, this.#sight.count)) {
        const window = await this.#read(client, snapshot, offset);
        if (!isCurrent() || snapshot !== this.#snapshot) return true;
        this.#say({ type: 'rows', snapshot, window });
      }
      return true;
    } catch (error) {
      if (!isGone(error)) throw error;
      return false;
    }
  }

  async #read(client: RelayClient, snapshot: string, offset: number): Promise<TracedWindow> {
    const journal = this.#known.expect();
    try {
      const page = await client.request('events/page', { snapshot, offset, limit: windowSize, traced: true });
      return this.#keep({ offset, events: page.traced ?? [] });
    } finally {
      this.#known.settle(journal);
    }
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    await this.ask(async (client, isCurrent) => {
      try {
        for (;;) {
          const [snapshot, [offset, ...others]] = [this.#snapshot, this.#wanted];
          if (snapshot === undefined || offset === undefined) return;
          this.#wanted = others;
          this.#reading = offset;
          const window = await this.#read(client, snapshot, offset);
          if (!isCurrent()) return;
          if (snapshot === this.#snapshot) this.#say({ type: 'rows', snapshot, window });
        }
      } catch (error) {
        if (!isGone(error)) throw error;
        this.#snapshot = undefined;
        this.later('newest');
      }
    });
    this.#reading = undefined;
    this.#serving = false;
  }

  #keep(window: TracedWindow): TracedWindow {
    for (const event of window.events) if (event !== null) this.#add(event);
    this.#known.trim(mostKept, (id) => this.#above.includes(id));
    return window;
  }

  #add(event: TracedEvent): void {
    this.#known.add(event);
    for (const { destination } of event.row.forwardings) this.#destinations.add(destination);
  }

  #tried(event: TracedEvent, attempt: Attempt): void {
    const { destinationId, number, at, durationMs, status, outcome } = attempt;
    const shown = mostUrgent(event.row.forwardings);
    const before = event.state;
    event.state = rowState(event.row);
    event.status = shown?.status ?? null;
    event.durationMs = shown?.durationMs ?? null;
    const attempts = [...event.attempts, { destinationId, number, at, durationMs, status, outcome }];
    event.attempts = attempts.slice(-mostTraced);
    event.omittedAttempts += attempts.length - event.attempts.length;
    const failures = Number(event.state === 'failed') - Number(before === 'failed');
    if (failures !== 0) this.#mark(event.row.receivedAt, 'failed', failures);
  }

  #tellChanged(changed: ReadonlySet<TracedEvent>): void {
    for (const event of changed) this.#changed.add(event);
    if (changed.size > 0) this.#telling.request();
  }

  #tell(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined || !this.visible || this.#added.length + this.#changed.size === 0) return;
    const added = this.#added;
    for (const event of added) this.#changed.delete(event);
    const changed = [...this.#changed];
    this.#added = [];
    this.#changed.clear();
    this.#above = [...added.map(({ row }) => row.id), ...this.#above];
    this.#say({ type: 'live', snapshot, added, changed });
    this.#sayStrip();
  }

  async #count(client: RelayClient, isCurrent: IsCurrent): Promise<void> {
    const { filter } = this.watch;
    const until = Math.ceil((this.#clock() + 1) / minuteMs) * minuteMs;
    const since = until - stripMinutes * minuteMs;
    const perMinute = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    const countsOf = async (counted: string): Promise<number[]> =>
      (await client.request('events/counts', { filter: counted, perMinute })).timeline?.counts ?? none();
    // Events without a list are a group, too.
    const found = await client.request('events/counts', { filter, perMinute, groupBy: 'list', mostGroups: 3 });
    const counts = found.timeline?.counts ?? none();
    const states = [...filter.matchAll(/\bstate:(\S*)/gi)].map(([, values]) => values?.toLowerCase());
    // Values of one key are alternatives: a filter with a state can't be narrowed by another.
    const failed =
      states.length === 0
        ? await countsOf(`${filter} state:failed`.trim())
        : states.every((each) => each === 'failed')
          ? [...counts]
          : [];
    const whole = filter === '' ? undefined : await client.request('events/counts', { filter: '', perMinute });
    const all = whole === undefined ? [] : (whole.timeline?.counts ?? none());
    if (!isCurrent()) return;
    this.#all = whole?.total ?? null;
    this.#lists = found.groups.filter(({ value }) => value !== null).length;
    this.#strip = { since, counts, failed, all };
    this.#say({ type: 'around' });
    this.#sayStrip();
  }

  /** @param at when it was received */
  #mark(at: string, what: 'counts' | 'failed', by: number): void {
    const time = Date.parse(at);
    this.#roll(time);
    const strip = this.#strip;
    const minute = strip === undefined ? -1 : Math.floor((time - strip.since) / minuteMs);
    const count = strip?.[what][minute];
    if (strip !== undefined && count !== undefined) strip[what][minute] = Math.max(0, count + by);
  }

  /** Moves the strip with time. @param to milliseconds since the epoch */
  #roll(to: number): void {
    const strip = this.#strip;
    if (strip === undefined) return;
    const minutes = Math.floor((to - strip.since) / minuteMs) + 1 - stripMinutes;
    if (minutes <= 0) return;
    const rolled = (counts: number[]): number[] => [...counts.slice(minutes), ...counts.slice(0, minutes).fill(0)];
    this.#strip = {
      since: strip.since + minutes * minuteMs,
      counts: rolled(strip.counts),
      failed: rolled(strip.failed),
      all: rolled(strip.all),
    };
  }

  #sayStrip(): void {
    const strip = this.#strip;
    if (strip === undefined) return;
    const { since, counts, failed, all } = strip;
    this.#say({ type: 'strip', strip: { since, counts: [...counts], failed: [...failed], all: [...all] } });
  }
}

const untried = { status: null, durationMs: null, attempts: [], omittedAttempts: 0 };

function none(): number[] {
  return new Array<number>(stripMinutes).fill(0);
}

function isSomething({ stretches, ids, active }: ChosenEvents): boolean {
  return stretches.length + ids.length > 0 || active !== null;
}

function windowOf(position: number): number {
  return Math.floor(position / windowSize) * windowSize;
}

function windowsOf(first: number, count: number): number[] {
  const offsets: number[] = [];
  for (let offset = windowOf(first); offset < first + Math.max(1, count); offset += windowSize) offsets.push(offset);
  return offsets;
}

/** The relay no longer has the snapshot. */
export function isGone(error: unknown): boolean {
  return (error as { advice?: unknown }).advice === 'ask-again';
}
