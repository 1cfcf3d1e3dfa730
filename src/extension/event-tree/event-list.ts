import type { Attempt, EventRow } from '../../protocol/history.ts';
import type { EventNode } from '../events/event-node.ts';
import { numberOf } from '../events/history-watch.ts';
import { KnownRows } from '../events/known-rows.ts';

/** The same object while the event is loaded. */
export class ListedEvent implements EventNode {
  readonly kind = 'event';
  readonly number: number;
  row: EventRow;
  constructor(row: EventRow) {
    this.number = numberOf(row.id);
    this.row = row;
  }
}

/** What arrived while a page was being loaded: the page may not contain it. */
export interface Journal {
  readonly added: Set<string>;
  readonly attempts: Attempt[];
}

export interface Page {
  /** The cursor of the request; undefined for the newest page. */
  readonly before: string | undefined;
  readonly events: readonly EventRow[];
  readonly next: string | null;
}

export interface ListLimits {
  /** Maximum number of rows as new ones arrive, unless older ones were loaded. */
  readonly live: number;
  /** Maximum number of rows in total; older pages then push the newest out. */
  readonly most: number;
}

const defaultListLimits: ListLimits = { live: 300, most: 2000 };

export class EventList {
  readonly known = new KnownRows<ListedEvent>();
  readonly #limits: ListLimits;
  readonly #journals = new Set<Journal>();
  #events: ListedEvent[] = [];
  #limit: number;
  #hasOlder = false;
  #hasNewer = false;

  constructor(limits: ListLimits = defaultListLimits) {
    this.#limits = limits;
    this.#limit = limits.live;
  }

  get size(): number {
    return this.#events.length;
  }

  get hasOlder(): boolean {
    return this.#hasOlder;
  }

  /** The newest events are no longer loaded, so new ones aren't shown. */
  get hasNewer(): boolean {
    return this.#hasNewer;
  }

  get cursor(): string | undefined {
    return this.#events[0]?.row.id;
  }

  get newest(): number {
    return this.#events.at(-1)?.number ?? 0;
  }

  newestFirst(): ListedEvent[] {
    return this.#events.toReversed();
  }

  clear(): void {
    this.#events = [];
    this.known.clear();
    this.#limit = this.#limits.live;
    this.#hasOlder = false;
    this.#hasNewer = false;
  }

  /** Records what arrives while a page is loaded, until `take` or `forget`. */
  expect(): Journal {
    const journal: Journal = { added: new Set(), attempts: this.known.expect() };
    this.#journals.add(journal);
    return journal;
  }

  forget(journal: Journal): void {
    this.#journals.delete(journal);
    this.known.settle(journal.attempts);
  }

  add(rows: readonly EventRow[]): boolean {
    let fresh = rows.filter((row) => this.known.get(row.id) === undefined);
    for (const journal of this.#journals) for (const row of fresh) journal.added.add(row.id);
    if (fresh.length === 0 || this.#hasNewer) return false;
    const oldest = this.#events[0]?.number ?? 0;
    if (this.#hasOlder) fresh = fresh.filter((row) => numberOf(row.id) > oldest);
    fresh.sort((a, b) => numberOf(a.id) - numberOf(b.id));
    if (fresh.length > this.#limit) {
      fresh = fresh.slice(-this.#limit);
      this.#hasOlder = true;
    }
    if (fresh.length === 0) return false;
    this.#insert(fresh.map((row) => this.#remember(row)));
    this.#trimOldest();
    return true;
  }

  /** The page replaces its part of the list, except for what arrived since the request. */
  take(journal: Journal, page: Page): void {
    this.#journals.delete(journal);
    const last = page.events.at(-1);
    const low = page.next === null || last === undefined ? 0 : numberOf(last.id);
    const high = page.before === undefined ? Infinity : numberOf(page.before);
    const newest = this.#events.at(-1)?.number ?? 0;
    const oldest = this.#events[0]?.number ?? Infinity;
    // What lies in a gap between the page and the loaded events is unknown.
    const gap = low > newest;
    const older = page.before !== undefined && page.before === this.cursor;
    const inPage = new Set(page.events.map((row) => row.id));
    const kept = this.#events.filter((event) => {
      const outside = event.number < low || event.number >= high;
      const keep = outside ? !gap : inPage.has(event.row.id) || journal.added.has(event.row.id);
      if (!keep) this.known.remove(event.row.id);
      return keep;
    });
    this.#events = kept;
    const added: ListedEvent[] = [];
    for (const row of page.events) {
      const known = this.known.get(row.id);
      if (known === undefined) added.push(this.#remember(row));
      else known.row = row;
    }
    this.#insert(added.reverse());
    if (low <= oldest || gap) this.#hasOlder = page.next !== null;
    if (page.before === undefined) this.#hasNewer = false;
    this.known.settle(journal.attempts);
    if (older) {
      this.#limit = Math.min(this.#limits.most, Math.max(this.#limit, this.#events.length));
      this.#trimNewest();
    } else this.#trimOldest();
  }

  #remember(row: EventRow): ListedEvent {
    const event = new ListedEvent(row);
    this.known.add(event);
    return event;
  }

  #insert(added: readonly ListedEvent[]): void {
    const first = added[0];
    if (first === undefined) return;
    if (first.number > (this.#events.at(-1)?.number ?? 0)) {
      this.#events.push(...added);
      return;
    }
    this.#events = [...this.#events, ...added].sort((a, b) => a.number - b.number);
  }

  #trimOldest(): void {
    const surplus = this.#events.length - this.#limit;
    if (surplus <= 0) return;
    for (const event of this.#events.splice(0, surplus)) this.known.remove(event.row.id);
    this.#hasOlder = true;
  }

  #trimNewest(): void {
    if (this.#events.length <= this.#limit) return;
    for (const event of this.#events.splice(this.#limit)) this.known.remove(event.row.id);
    this.#hasNewer = true;
  }
}
