import type { Attempt, EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { Coalescer, realTimers, type Timers } from '../ui/coalescer.ts';
import { HistoryReader, type IsCurrent } from '../events/history-reader.ts';
import type { HistoryWatch, Reading } from '../events/history-watch.ts';
import { EventList, type ListedEvent, type ListLimits } from './event-list.ts';

export type Drawing = 'all' | readonly ListedEvent[];

export interface EventsFeedOptions {
  readonly watch: HistoryWatch;
  draw(drawing: Drawing): void;
  around(): void;
  readonly timers?: Timers;
  readonly limits?: ListLimits;
}

export const pageSize = 100;

/** Events in one response when rereading everything that is loaded, so that each takes little time. */
const rereadSize = 250;

/** VS Code delays a change that follows the last within 200 ms, as long as they keep coming. */
const drawPauseMs = 210;

const readPauseMs = 250;

const mostSingly = 50;

export class EventsFeed extends HistoryReader {
  readonly list: EventList;
  readonly #options: EventsFeedOptions;
  readonly #drawing: Coalescer;
  readonly #changed = new Set<ListedEvent>();
  #all = false;
  #loadingMore: Promise<void> | undefined;

  constructor(options: EventsFeedOptions) {
    const timers = options.timers ?? realTimers;
    super(options.watch, timers);
    this.#options = options;
    this.list = new EventList(options.limits);
    this.#drawing = new Coalescer(
      () => this.#draw(),
      () => Math.max(drawPauseMs, this.list.size / 2),
      timers,
    );
  }

  override setVisible(visible: boolean): void {
    super.setVisible(visible);
    if (visible && (this.#all || this.#changed.size > 0)) this.#drawing.request();
  }

  loadMore(): Promise<void> {
    this.#loadingMore ??= this.#more().finally(() => (this.#loadingMore = undefined));
    return this.#loadingMore;
  }

  async #more(): Promise<void> {
    // A response that arrives while new events are held back is discarded: try once more.
    if (!(await this.#moreIsTaken())) await this.#moreIsTaken();
  }

  async #moreIsTaken(): Promise<boolean> {
    const taken: boolean[] = [];
    await this.ask(async (client, isCurrent) => {
      const { cursor } = this.list;
      if (cursor !== undefined && this.list.hasOlder) await this.#readPage(client, cursor, pageSize, isCurrent);
      taken.push(isCurrent());
    });
    return taken[0] !== false;
  }

  redraw(): void {
    this.#drawLater('all');
  }

  pauseMs(reading: Reading): number {
    return reading === 'newest' ? readPauseMs : Math.max(readPauseMs, this.list.size);
  }

  async read(client: RelayClient, reading: Reading, isCurrent: IsCurrent): Promise<void> {
    // Away from the newest page, the list stays as it is; it is read again on the way back.
    if (this.list.hasNewer) return;
    let from = this.watch.before;
    for (
      let left = reading === 'newest' ? pageSize : Math.max(pageSize, this.list.size);
      left > 0;
      left -= rereadSize
    ) {
      const next = await this.#readPage(client, from, Math.min(rereadSize, left), isCurrent);
      if (next === null) return;
      from = next;
    }
  }

  forget(): void {
    this.list.clear();
    this.#changed.clear();
  }

  added(rows: readonly EventRow[]): void {
    if (this.list.add(rows)) this.#drawLater('all');
  }

  attempted(attempts: readonly Attempt[]): void {
    const { changed, unknown } = this.list.known.record(attempts);
    if (unknown) this.later('loaded');
    if (changed.size > 0) this.#drawLater([...changed]);
  }

  underWay(notificationIds: readonly string[]): void {
    const events = this.list.known.ofNotifications(notificationIds);
    if (events.length > 0) this.#drawLater(events);
  }

  around(): void {
    this.#options.around();
    this.#drawLater('all');
  }

  override dispose(): void {
    super.dispose();
    this.#drawing.cancel();
  }

  /** @returns the cursor of the next page; null if there is none, or if the response arrived too late */
  async #readPage(
    client: RelayClient,
    before: string | undefined,
    limit: number,
    isCurrent: IsCurrent,
  ): Promise<string | null> {
    const journal = this.list.expect();
    try {
      const { events, next } = await client.request('events/query', {
        filter: this.watch.filter,
        limit,
        ...(before !== undefined && { before }),
      });
      if (!isCurrent()) return null;
      this.list.take(journal, { before, events, next });
      if (before === undefined) this.watch.noteNewest(events[0]?.id);
      return next;
    } finally {
      this.list.forget(journal);
    }
  }

  #drawLater(drawing: Drawing): void {
    if (drawing === 'all') this.#all = true;
    else if (!this.#all) for (const event of drawing) this.#changed.add(event);
    if (this.visible) this.#drawing.request();
  }

  #draw(): void {
    if (!this.visible) return;
    const drawing = this.#all || this.#changed.size > mostSingly ? 'all' : [...this.#changed];
    this.#all = false;
    this.#changed.clear();
    this.#options.draw(drawing);
  }
}
