/**
 * Keeps the list of events true: loads pages, takes what the relay says, and tells when to draw. While nobody looks,
 * nothing is loaded and nothing drawn. While it is paused, no event joins the list, so that no row moves: what comes is
 * counted, and what is shown stays true in its place.
 */
import type { RelayNotificationParams } from '../../../protocol/methods.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';
import type { Counts, Status } from '../../../protocol/status.ts';
import { Coalescer, realTimers } from '../../ui/coalescer.ts';
import type { Timers } from '../../ui/coalescer.ts';
import { EventList, numberOf } from './event-list.ts';
import type { ListedEvent, ListLimits } from './event-list.ts';

/** What is to be drawn: everything, or these events alone. */
export type Drawing = 'all' | readonly ListedEvent[];

/** With more events than this still to be searched, it is said. */
const leastBehind = 5000;

export interface EventsFeedOptions {
  draw(drawing: Drawing): void;
  /** The history could not be read. */
  onError(error: Error): void;
  /** Whether time alone changes what is drawn: then it is drawn every half minute. */
  dated(): boolean;
  readonly timers?: Timers;
  readonly limits?: ListLimits;
}

/** Events in one page. */
export const pageSize = 100;

/** Events in one answer when all that is loaded is read again, so that reading one takes little time. */
const rereadSize = 250;

/** VS Code holds a change back that comes less than 200 ms after the one before, for as long as they keep coming. */
const drawPauseMs = 210;

/** Between two readings of the first page. */
const readPauseMs = 250;

/** What changes with time is drawn again after this time. */
const ageMs = 30_000;

/** More changed events than this are drawn as a whole. */
const mostSingly = 50;

type Reading = 'newest' | 'loaded';

export class EventsFeed {
  readonly list: EventList;
  readonly #options: EventsFeedOptions;
  readonly #timers: Timers;
  readonly #drawing: Coalescer;
  readonly #reading: Coalescer;
  readonly #changed = new Set<ListedEvent>();
  #client: RelayClient | undefined;
  #filter = '';
  #visible = false;
  #all = false;
  /** What is to be read; it waits while nobody looks. */
  #toRead: Reading | undefined;
  /** The first page; undefined until somebody looks. */
  #loading: Promise<void> | undefined;
  #loadingMore: Promise<void> | undefined;
  /** Answers to questions of an earlier one are thrown away. */
  #epoch = 0;
  #counts: Counts | undefined;
  #destinations = '';
  /** The notifications that are being sent. */
  #underWay: ReadonlySet<string> = new Set();
  #searchable: number | undefined;
  #addedSinceStatus = false;
  #failure: Error | undefined;
  #stopAges: (() => void) | undefined;
  #paused = false;
  /** The number of the newest event that the relay is known to have. */
  #newest = 0;
  /** Where a filter is in force: how many that match have come since the pause. */
  #matching = 0;

  constructor(options: EventsFeedOptions) {
    this.#options = options;
    this.list = new EventList(options.limits);
    this.#timers = options.timers ?? realTimers;
    this.#drawing = new Coalescer(
      () => this.#draw(),
      // What is long takes long to draw.
      () => Math.max(drawPauseMs, this.list.size / 2),
      this.#timers,
    );
    this.#reading = new Coalescer(
      () => this.#read(),
      () => (this.#toRead === 'loaded' ? Math.max(readPauseMs, this.list.size) : readPauseMs),
      this.#timers,
    );
  }

  get filter(): string {
    return this.#filter;
  }

  /** Why the events could not be read when they were last asked for. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** How many events have come since it was paused, that match the filter; at most {@link pageSize} of these are counted. */
  get fresh(): number {
    if (!this.#paused) return 0;
    return this.#filter === '' ? Math.max(0, this.#newest - this.list.newest) : this.#matching;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** From now on no event joins the list; or those join that have come, and all that come. */
  setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#matching = 0;
    if (!paused) this.#readLater('newest');
    this.#drawLater('all');
  }

  get attached(): boolean {
    return this.#client !== undefined;
  }

  /** Whose events they are; undefined where there is no relay. */
  get client(): RelayClient | undefined {
    return this.#client;
  }

  /** From now on the events are those of this relay. */
  attach(client: RelayClient): void {
    if (this.#client === client) return;
    this.#client = client;
    this.#counts = undefined;
    this.#newest = 0;
    this.#begin();
  }

  /** There is no relay: there are no events. */
  detach(): void {
    if (this.#client === undefined) return;
    this.#client = undefined;
    this.#counts = undefined;
    this.#paused = false;
    this.#newest = 0;
    this.#begin();
  }

  /** @param filter one that the relay has read without complaint; empty for everything */
  setFilter(filter: string): void {
    if (filter === this.#filter) return;
    this.#filter = filter;
    this.#begin();
  }

  /** Reads everything again, from the newest. */
  refresh(): Promise<void> {
    this.#begin();
    return this.ready();
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
    this.#stopAges?.();
    this.#stopAges = undefined;
    if (!visible) return;
    this.#tickLater();
    if (this.#client !== undefined && this.#loading === undefined) void this.ready();
    else if (this.#toRead !== undefined) this.#reading.request();
    if (this.#all || this.#changed.size > 0) this.#drawing.request();
  }

  /** Resolves when the first page is there. Whoever asks looks. */
  ready(): Promise<void> {
    this.#loading ??= this.#loadNewest();
    return this.#loading;
  }

  /** Loads the page after the oldest. */
  loadMore(): Promise<void> {
    this.#loadingMore ??= this.#loadMore().finally(() => (this.#loadingMore = undefined));
    return this.#loadingMore;
  }

  added({ deliveries, missed }: RelayNotificationParams<'event/added'>): void {
    if (this.#loading === undefined) return;
    this.#addedSinceStatus = true;
    for (const { events, omitted } of deliveries) {
      const last = events.at(-1);
      if (last !== undefined) this.#newest = Math.max(this.#newest, numberOf(last.id) + omitted);
    }
    if (this.#paused) {
      if (this.#filter !== '') this.#readLater('newest');
      else this.#drawLater('all');
      return;
    }
    if (missed > 0 || this.#failure !== undefined) this.#readLater('newest');
    // The list has no gaps.
    if (this.#filter !== '' || deliveries.some(({ omitted }) => omitted > 0)) this.#readLater('newest');
    else if (this.list.add(deliveries.flatMap((each) => each.events))) this.#drawLater('all');
  }

  corrected({ events }: RelayNotificationParams<'event/changed'>): void {
    if (this.#loading === undefined) return;
    if (this.#filter !== '') this.#readLater('newest');
    const changed = this.list.correct(events);
    if (changed.size > 0) this.#drawLater([...changed]);
  }

  attempted({ attempts, missed }: RelayNotificationParams<'attempt/recorded'>): void {
    if (this.#loading === undefined) return;
    const { changed, unknown } = this.list.record(attempts);
    if (missed > 0 || unknown) this.#readLater('loaded');
    if (this.#filter !== '') this.#readLater('newest');
    if (changed.size > 0) this.#drawLater([...changed]);
  }

  /** What nothing else tells: discarded, replayed, cleared, held, and destinations that go down or come back. */
  status({ counts, destinations, index }: Status): void {
    const before = this.#counts;
    this.#follow(index);
    this.#counts = counts;
    const states = JSON.stringify(destinations.map((each) => [each.destinationId, each.state, each.detail]));
    const destinationsChanged = states !== this.#destinations;
    this.#destinations = states;
    this.#noteUnderWay(destinations.flatMap(({ underWay }) => underWay));
    const added = this.#addedSinceStatus;
    this.#addedSinceStatus = false;
    if (before === undefined || this.#loading === undefined) return;
    if (
      destinationsChanged ||
      counts.discarded !== before.discarded ||
      counts.held !== before.held ||
      counts.deliveries < before.deliveries ||
      counts.failed < before.failed ||
      counts.sent < before.sent ||
      (!added && counts.waiting > before.waiting)
    )
      this.#readLater('loaded');
  }

  /** What begins or ends to be sent is drawn. */
  #noteUnderWay(ids: readonly string[]): void {
    const now = new Set(ids);
    const changed = [...now].filter((id) => !this.#underWay.has(id));
    for (const id of this.#underWay) if (!now.has(id)) changed.push(id);
    this.#underWay = now;
    const events = this.list.ofNotifications(changed);
    if (events.length > 0) this.#drawLater(events);
  }

  /** How much of the history can be searched, in hundredths, while that is not all; else undefined. */
  get searchable(): number | undefined {
    return this.#searchable;
  }

  /** What came a moment ago is not worth a word. */
  #follow({ events, of }: Status['index']): void {
    const before = this.#searchable;
    const behind = of - events;
    this.#searchable = behind > leastBehind && behind > of / 50 ? Math.floor((100 * events) / of) : undefined;
    if (this.#searchable === before) return;
    if (this.#searchable === undefined && this.#filter !== '') this.#readLater('newest');
    this.#drawLater('all');
  }

  /** Draws everything again: another grouping. */
  redraw(): void {
    this.#drawLater('all');
  }

  dispose(): void {
    this.#epoch += 1;
    this.#drawing.cancel();
    this.#reading.cancel();
    this.#stopAges?.();
  }

  #begin(): void {
    this.#epoch += 1;
    this.list.clear();
    this.#changed.clear();
    this.#matching = 0;
    this.#toRead = undefined;
    this.#loading = undefined;
    this.#failure = undefined;
    this.#reading.cancel();
    if (this.#visible && this.#client !== undefined) void this.ready();
    else this.#drawLater('all');
  }

  async #loadNewest(): Promise<void> {
    const epoch = this.#epoch;
    await this.#readPages(pageSize, pageSize);
    if (epoch === this.#epoch) this.#drawLater('all');
  }

  async #loadMore(): Promise<void> {
    const { cursor } = this.list;
    if (cursor === undefined || !this.list.hasOlder) return;
    await this.#readPage(cursor, pageSize);
    this.#drawLater('all');
  }

  #readLater(reading: Reading): void {
    if (this.#toRead !== 'loaded') this.#toRead = reading;
    if (this.#visible) this.#reading.request();
  }

  async #read(): Promise<void> {
    const reading = this.#toRead;
    if (reading === undefined || !this.#visible) return;
    this.#toRead = undefined;
    // Paged away from the newest, what is shown stays as it is; it is read again on the way back.
    if (this.list.hasNewer) return;
    const epoch = this.#epoch;
    if (this.#paused) await this.#readPaused(reading);
    else if (reading === 'newest') await this.#readPages(pageSize, pageSize);
    else await this.#readPages(Math.max(pageSize, this.list.size), rereadSize);
    if (epoch === this.#epoch) this.#drawLater('all');
  }

  /** What is loaded is read again in its place, and what has come since that matches the filter is counted. */
  async #readPaused(reading: Reading): Promise<void> {
    const client = this.#client;
    const { newest, size } = this.list;
    if (client === undefined) return;
    if (reading === 'loaded' && size > 0) await this.#readPages(size, rereadSize, `e${newest + 1}`);
    if (this.#filter === '') return;
    const epoch = this.#epoch;
    try {
      const { events } = await client.request('events/query', { filter: this.#filter, limit: pageSize });
      if (epoch === this.#epoch) this.#matching = events.filter(({ id }) => numberOf(id) > newest).length;
    } catch (error) {
      if (epoch === this.#epoch) this.#options.onError(error as Error);
    }
  }

  /** Reads from the newest on, or from a cursor, until `wanted` have come or there are no more. */
  async #readPages(wanted: number, size: number, from?: string): Promise<void> {
    let before = from;
    for (let left = wanted; left > 0; left -= size) {
      const next = await this.#readPage(before, Math.min(size, left));
      if (next === null) return;
      before = next;
    }
  }

  /** @returns the cursor of the page after it; null where there is none, or the answer came too late */
  async #readPage(before: string | undefined, limit: number): Promise<string | null> {
    const client = this.#client;
    if (client === undefined) return null;
    const epoch = this.#epoch;
    const journal = this.list.expect();
    try {
      const { events, next } = await client.request('events/query', {
        filter: this.#filter,
        limit,
        ...(before !== undefined && { before }),
      });
      if (epoch !== this.#epoch) return null;
      this.list.take(journal, { before, events, next });
      this.#failure = undefined;
      return next;
    } catch (error) {
      if (epoch === this.#epoch) {
        this.#failure = error as Error;
        this.#options.onError(error as Error);
      }
      return null;
    } finally {
      this.list.forget(journal);
    }
  }

  #drawLater(drawing: Drawing): void {
    if (drawing === 'all') this.#all = true;
    else if (!this.#all) for (const event of drawing) this.#changed.add(event);
    if (this.#visible) this.#drawing.request();
  }

  #draw(): void {
    if (!this.#visible) return;
    const drawing = this.#all || this.#changed.size > mostSingly ? 'all' : [...this.#changed];
    this.#all = false;
    this.#changed.clear();
    this.#options.draw(drawing);
  }

  #tickLater(): void {
    this.#stopAges = this.#timers.after(ageMs, () => {
      this.#tickLater();
      if (this.list.size > 0 && !this.#paused && this.#options.dated()) this.#drawLater('all');
      // What matches `since:` changes with time.
      if (this.#filter !== '') this.#readLater('newest');
    });
  }
}
