/** A view has the filter's matches up to its newest event. New events are shown above it until another view begins. */
import type { Attempt, ChosenEvents, EventRow, TracedEvent } from '../../protocol/history.ts';
import type { Params } from '../../protocol/methods.ts';
import { mostRows, mostTraced } from '../../protocol/message-size.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, realTimers, type Timers } from '../ui/coalescer.ts';
import { mostUrgent, rowState } from '../../protocol/event-row.ts';
import { HistoryReader, type IsCurrent } from '../events/history-reader.ts';
import { numberOf, type HistoryWatch, type Reading } from '../events/history-watch.ts';
import { KnownRows } from '../events/known-rows.ts';
import type { ColumnName, RowNews, RowWindow, Sight, Sort } from './messages.ts';

/** Rows to read at once, and the maximum above a view. */
export const windowSize = 200;

const mostKept = 5000;

const leastPauseMs = 250;

/** Reading views may take at most 1/4 of the time, to spare the relay's history thread. */
const share = 4;

const stripMinutes = 60;
const minuteMs = 60_000;

export type FeedNews = RowNews<TracedEvent> | { readonly type: 'around' };

export interface TableFeedOptions {
  readonly watch: HistoryWatch;
  readonly say: (news: FeedNews) => void;
  readonly timers?: Timers;
  readonly clock?: () => number;
}

const newestFirst: Sort = { by: 'time', descending: true };
const fromTheTop: Sight = { first: 0, count: 0, anchor: null };
const nothingChosen: ChosenEvents = { ids: [], active: null };

interface View {
  readonly generation: number;
  readonly query: Pick<Params<'events/page'>, 'filter'> & { readonly sort: Sort; readonly before: string };
  readonly total: number;
  readonly unseen: number;
  above: readonly string[];
  added: TracedEvent[];
  readonly changed: Set<TracedEvent>;
  wanted: readonly number[];
}

export class TableFeed extends HistoryReader {
  readonly #say: (news: FeedNews) => void;
  readonly #clock: () => number;
  readonly #known = new KnownRows<TracedEvent>((event, attempt) => this.#tried(event, attempt));
  readonly #telling: Coalescer;
  #sort = newestFirst;
  #sight = fromTheTop;
  #choice = { turn: 0, chosen: nothingChosen };
  #view: View | undefined;
  #begun = 0;
  #strip:
    | { readonly since: number; readonly counts: number[]; readonly failed: number[]; readonly all: number[] }
    | undefined;
  #all: number | null = null;
  #lists = 0;
  readonly #destinations = new Set<string>();
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

  get generation(): number | undefined {
    return this.#view?.generation;
  }

  /** Null without a filter, or if not counted yet. */
  get all(): number | null {
    return this.#all;
  }

  get same(): readonly ColumnName[] {
    return [
      ...(this.#lists > 1 ? [] : ['list' as const]),
      ...(this.#destinations.size > 1 ? [] : ['destination' as const]),
    ];
  }

  async rowsOf(chosen: ChosenEvents, canceled: () => boolean = () => false): Promise<EventRow[]> {
    const { client } = this.watch;
    if (client === undefined) return [];
    const isNamed = 'ids' in chosen;
    let rows = isNamed ? chosen.ids.flatMap((id) => this.#known.get(id)?.row ?? []) : [];
    if (!isNamed || rows.length < chosen.ids.length) {
      rows = [];
      const which = isNamed ? { ids: chosen.ids } : { filter: chosen.filter };
      const except = new Set(isNamed ? [] : chosen.except);
      let before = isNamed ? undefined : chosen.before;
      do {
        const cursor = before === undefined ? {} : { before };
        const page = await client.request('events/query', { ...which, ...cursor, limit: mostRows });
        rows.push(...page.events.filter(({ id }) => !except.has(id)));
        before = page.next ?? undefined;
      } while (before !== undefined && !canceled());
    }
    return rows.sort((a, b) => numberOf(a.id) - numberOf(b.id));
  }

  /** @returns none if another view is shown, or if it has changed */
  async idsAt(generation: number, from: number, to: number): Promise<string[]> {
    const [{ client }, view] = [this.watch, this.#view];
    const ids: string[] = [];
    if (client === undefined || view?.generation !== generation) return ids;
    for (let offset = from; offset <= to; offset += mostRows) {
      const limit = Math.min(mostRows, to - offset + 1);
      const page = await client.request('events/page', { ...view.query, offset, limit });
      if (page.total !== view.total) {
        this.later('loaded');
        return [];
      }
      ids.push(...page.ids);
    }
    return ids;
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

  hide(): void {
    this.setVisible(false);
    this.#telling.cancel();
    this.#view = undefined;
  }

  see(sight: Sight, again: boolean): void {
    this.#sight = sight;
    if (!again) return;
    // The page hasn't applied the current one.
    this.#view = undefined;
    this.later('loaded');
  }

  choose(turn: number, chosen: ChosenEvents): void {
    this.#choice = { turn, chosen };
  }

  want(generation: number, offsets: readonly number[]): void {
    if (generation !== this.#view?.generation) return;
    this.#view.wanted = offsets.filter((each) => each !== this.#reading);
    if (this.#reading === undefined) void this.#serve();
  }

  get begun(): number {
    return this.#begun;
  }

  /** @returns negative above the view; null if the event isn't in it; undefined if it may be in the next view */
  async find(id: string, begun: number): Promise<number | null | undefined> {
    const [{ client }, view] = [this.watch, this.#view];
    if (client === undefined || view === undefined) return undefined;
    const above = view.above.indexOf(id);
    if (above !== -1) return above - view.above.length;
    try {
      const { found = null } = await client.request('events/page', { ...view.query, find: id, limit: 1 });
      const isLatest = view === this.#view && view.generation > begun && view.query.filter === this.watch.filter;
      return found ?? (isLatest ? null : undefined);
    } catch {
      // The relay is ending.
      return undefined;
    }
  }

  pauseMs(): number {
    return Math.max(leastPauseMs, share * this.#lastTookMs);
  }

  async read(client: RelayClient, _reading: Reading, isCurrent: IsCurrent): Promise<void> {
    const began = performance.now();
    try {
      await this.#take(client, isCurrent);
      if (isCurrent()) await this.#count(client, isCurrent);
    } finally {
      this.#lastTookMs = performance.now() - began;
    }
  }

  forget(): void {
    this.#view = undefined;
    this.#strip = undefined;
    this.#say({ type: 'around' });
  }

  added(told: readonly EventRow[]): void {
    const view = this.#view;
    // The view may have been read between the writing and the reporting of an event.
    const rows = told.filter(({ id }) => view === undefined || numberOf(id) >= numberOf(view.query.before));
    const isNewestFirst = this.#sort.by === 'time' && this.#sort.descending;
    // While another view is due or read, new events may be in it.
    const isLatest = view?.generation === this.#begun && this.toRead === undefined;
    if (!isNewestFirst || !isLatest || view.above.length + view.added.length + rows.length > windowSize) {
      this.later('newest');
      return;
    }
    for (const row of rows) {
      const event: TracedEvent = { row, state: rowState(row), ...untried };
      this.#add(event);
      view.added.unshift(event);
      this.#mark(row.receivedAt, 'counts', 1);
    }
    if (rows.length > 0) this.#telling.request();
  }

  attempted(attempts: readonly Attempt[]): void {
    const { changed, unknown } = this.#known.record(attempts);
    // If the rows are sorted by a result, the row may have moved.
    const isMoved = this.#sort.by !== 'time' && this.#sort.by !== 'type';
    if (unknown || isMoved) this.later('loaded');
    for (const event of changed) this.#view?.changed.add(event);
    if (changed.size > 0) this.#telling.request();
  }

  /** Rows don't show that they are being sent. */
  underWay(): void {}

  around(): void {
    // When unfrozen, show the new rows, which are at the top.
    if (this.#wasPaused && !this.watch.paused) this.#sight = { ...fromTheTop, count: this.#sight.count };
    this.#wasPaused = this.watch.paused;
    this.#say({ type: 'around' });
  }

  override aged(): void {
    // Held-back events, newly indexed matches, and the end of a read error aren't reported.
    if (this.watch.paused || (this.#view?.unseen ?? 0) > 0 || this.failure !== undefined) this.later('loaded');
    this.#roll(this.#clock());
    this.#sayStrip();
  }

  override dispose(): void {
    super.dispose();
    this.#telling.cancel();
  }

  async #take(client: RelayClient, isCurrent: IsCurrent): Promise<void> {
    const { first, count, anchor } = this.#sight;
    const { filter, before } = this.watch;
    const sort = this.#sort;
    const { turn, chosen: given } = this.#choice;
    // All matches of another filter were chosen: the choice ends with that filter.
    const isEnded = 'filter' in given && given.filter !== filter;
    const chosen = isEnded ? { ids: [], active: given.active } : given;
    const begin = anchor === null ? 0 : windowOf(first);
    const journal = this.#known.expect();
    const generation = ++this.#begun;
    try {
      const page = await client.request('events/page', {
        ...{ filter, sort, chosen, offset: begin, limit: windowSize, traced: true },
        ...(before !== undefined && { before }),
        ...(anchor !== null && { find: anchor.id }),
      });
      if (!isCurrent()) return;
      const { total, unseen, newest, found = null } = page;
      const query = { filter, sort, before: before ?? `e${newest === null ? 1 : numberOf(newest) + 1}` };
      const view: View = { generation, query, total, unseen, above: [], added: [], changed: new Set(), wanted: [] };
      const windows = [this.#keep({ offset: begin, rows: page.traced })];
      const moved = anchor === null || found === null ? 0 : found - anchor.at;
      const from = Math.min(Math.max(0, first + moved), Math.max(0, total - count));
      for (const offset of windowsOf(anchor === null ? 0 : from, count)) {
        if (offset === begin || offset >= total) continue;
        windows.push(await this.#read(client, view, offset));
        if (!isCurrent()) return;
      }
      if (before === undefined) this.watch.noteNewest(newest ?? undefined);
      const left = page.chosen ?? { ids: [], count: 0, active: null };
      const active = left.active === null ? null : chosen.active;
      if (turn === this.#choice.turn)
        this.#choice = { turn, chosen: 'ids' in chosen ? { ids: left.ids, active } : { ...chosen, active } };
      this.#view = view;
      this.#known.settle(journal);
      const at = { anchor: anchor?.id ?? null, at: found };
      this.#say({ type: 'view', generation, ...query, total, unseen, ...at, windows, turn, chosen: left });
    } finally {
      this.#known.settle(journal);
    }
  }

  async #read(client: RelayClient, { query, total }: View, offset: number): Promise<RowWindow<TracedEvent>> {
    const journal = this.#known.expect();
    try {
      const page = await client.request('events/page', { ...query, offset, limit: windowSize, traced: true });
      // Some rows were removed or no longer match, so others have moved.
      if (page.total !== total) this.later('loaded');
      return this.#keep({ offset, rows: page.traced });
    } finally {
      this.#known.settle(journal);
    }
  }

  async #serve(): Promise<void> {
    await this.ask(async (client, isCurrent) => {
      try {
        for (let view = this.#view; view !== undefined; view = this.#view) {
          const [offset, ...others] = view.wanted;
          if (offset === undefined) return;
          view.wanted = others;
          this.#reading = offset;
          const window = await this.#read(client, view, offset);
          if (!isCurrent()) return;
          if (view === this.#view) this.#say({ type: 'rows', generation: view.generation, window });
        }
      } finally {
        this.#reading = undefined;
      }
    });
  }

  #keep(window: RowWindow<TracedEvent>): RowWindow<TracedEvent> {
    for (const event of window.rows) this.#add(event);
    this.#known.trim(mostKept, (id) => this.#view?.above.includes(id) === true);
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

  #tell(): void {
    const view = this.#view;
    if (view === undefined || !this.visible || view.added.length + view.changed.size === 0) return;
    const { added } = view;
    for (const event of added) view.changed.delete(event);
    const changed = [...view.changed];
    view.added = [];
    view.changed.clear();
    view.above = [...added.map(({ row }) => row.id), ...view.above];
    this.#say({ type: 'live', generation: view.generation, added, changed });
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

  #mark(at: string, what: 'counts' | 'failed', by: number): void {
    const time = Date.parse(at);
    this.#roll(time);
    const strip = this.#strip;
    const minute = strip === undefined ? -1 : Math.floor((time - strip.since) / minuteMs);
    const count = strip?.[what][minute];
    if (strip !== undefined && count !== undefined) strip[what][minute] = Math.max(0, count + by);
  }

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

function windowOf(position: number): number {
  return Math.floor(position / windowSize) * windowSize;
}

function windowsOf(first: number, count: number): number[] {
  const offsets: number[] = [];
  for (let offset = windowOf(first); offset < first + Math.max(1, count); offset += windowSize) offsets.push(offset);
  return offsets;
}
