/**
 * Finds events by the columns and the text of the index; events that are not indexed yet are read from the log, up to a
 * limit. The result says how many were not searched.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isCorruption, openDatabase, sqliteCode } from '../log/database.ts';
import type { Filter } from '../../protocol/event-filter.ts';
import type { LogHoldView } from '../log/held.ts';
import { blockSize, EventColumns } from './event-columns.ts';
import type { Block, Test } from './event-columns.ts';
import { stateTestsOf, testsOf } from './event-tests.ts';
import { HeldColumns } from './held-columns.ts';
import type { EventsUnderWay } from './held-columns.ts';
import type { HistoryIndex } from './history-index.ts';
import { phrasesOf, TextIndex } from './text-index.ts';
import type { Phrases, Selection } from './text-index.ts';

/** Maximum time for a query to bring the index up to date first, in milliseconds. */
const followMs = 40;
const followTextMs = 40;

/** Maximum number of events outside the index to search, the newest; fewer for text, which costs more. */
const mostTail = 5000;
const mostTextTail = 1000;
const mostTextTailBytes = 4_194_304;

/** The result of a filter, all from one moment. */
export interface Found {
  /** Newest first. */
  readonly ids: (before: number) => Iterable<number>;
  /** Visits all of them, in any order, with the columns that contain them. */
  each(visit: (block: Block, at: number) => void): void;
  /** Events that were not searched, because they are not in the index yet. */
  readonly unseen: number;
  readonly held: HeldColumns;
}

export class EventSearch {
  readonly index: HistoryIndex;
  readonly #log: DatabaseSync;
  /** The searched events that are not in the index yet; kept until the log changes. */
  #tail: { readonly after: number; readonly end: number; readonly columns: EventColumns } | undefined;
  #textTail:
    | { readonly after: number; readonly end: number; readonly db: DatabaseSync; readonly text: TextIndex }
    | undefined;

  constructor(index: HistoryIndex, log: DatabaseSync) {
    this.index = index;
    this.#log = log;
  }

  /** @param underWay the events being sent */
  find(filter: Filter, view: LogHoldView, underWay: readonly EventsUnderWay[]): Found {
    const phrases = phrasesOf(filter.words, filter.addresses);
    const { index } = this;
    const isAtEnd = isUpToDate(() => index.follow(followMs));
    const held = new HeldColumns(view, index.freedBy, underWay);
    const tests = [...stateTestsOf(filter, held), ...testsOf(filter)];
    const tail = isAtEnd ? undefined : this.#readTail();
    const all = tail === undefined ? [index.columns] : [tail, index.columns];
    const known = all.reduce((sum, columns) => sum + columns.count, 0);
    const unseen = isAtEnd ? 0 : Math.max(0, index.feed.rows - known);
    if (phrases === null) {
      return {
        ids: function* (before) {
          for (const columns of all) yield* columns.ids(tests, before);
        },
        each: (visit) => {
          for (const columns of all) columns.select(tests, Infinity, visitEach(visit));
        },
        unseen,
        held,
      };
    }
    return { ...this.#findText(phrases, new Selected(all, tests), unseen), held };
  }

  close(): void {
    this.#textTail?.db.close();
    this.index.close();
  }

  #findText(phrases: Phrases, selected: Selected, unseen: number): Omit<Found, 'held'> {
    const { index } = this;
    const isAtEnd = isUpToDate(() => index.followText(followTextMs));
    const tail = isAtEnd ? undefined : this.#readTextTail();
    // The text of the tail's events may have been indexed in the meantime.
    const textEnd = index.lastText;
    const ids = (before: number): Iterable<number> => this.#textIds(phrases, selected, tail?.text, textEnd, before);
    const visitAll = (visit: (id: number) => void): void => {
      tail?.text.visit(phrases, selected, visit);
      index.guarded(() => index.text.visit(phrases, selected, visit));
    };
    const unindexed = tail === undefined ? 0 : selected.countBetween(textEnd, tail.firstEvent);
    return {
      ids,
      each: (visit) => {
        visitAll((id) => selected.visit(id, visit));
      },
      unseen: unseen + unindexed,
    };
  }

  *#textIds(
    phrases: Phrases,
    selected: Selected,
    tail: TextIndex | undefined,
    textEnd: number,
    before: number,
  ): Generator<number> {
    if (tail !== undefined) yield* tail.find(phrases, selected, Math.min(before, Number.MAX_SAFE_INTEGER));
    let last = Math.min(before, textEnd + 1);
    for (let again = false; ; again = true) {
      try {
        for (const id of this.index.text.find(phrases, selected, last)) {
          last = id;
          yield id;
        }
        return;
      } catch (error) {
        if (again || !isCorruption(error)) throw error;
        this.index.startAgain();
        this.index.followText();
      }
    }
  }

  #readTail(): EventColumns {
    const { feed, lastDelivery } = this.index;
    const end = feed.end.delivery;
    if (this.#tail?.end === end && this.#tail.after === lastDelivery) return this.#tail.columns;
    const columns = new EventColumns();
    for (const event of feed.newestAfter(lastDelivery, mostTail).events)
      columns.set(event.id, event.values, event.summary);
    this.#tail = { after: lastDelivery, end, columns };
    return columns;
  }

  #readTextTail(): { readonly text: TextIndex; readonly firstEvent: number } {
    const { feed, lastTextDelivery } = this.index;
    const { events, after } = feed.newestAfter(lastTextDelivery, mostTextTail, mostTextTailBytes);
    const firstEvent = events[0]?.id ?? Infinity;
    const end = feed.end.delivery;
    if (this.#textTail?.end === end && this.#textTail.after === after) return { ...this.#textTail, firstEvent };
    this.#textTail?.db.close();
    const db = openDatabase(':memory:');
    const text = new TextIndex(db);
    for (const row of feed.bodiesAfter(after)) text.add(row, this.#log);
    this.#textTail = { after, end, db, text };
    return { text, firstEvent };
  }
}

/**
 * Whether the index is up to date after this. False, too, if its file can't be written, as on a full disk: the rest is
 * then read from the log.
 */
export function isUpToDate(follow: () => boolean): boolean {
  try {
    return follow();
  } catch (error) {
    if (sqliteCode(error) === undefined || isCorruption(error)) throw error;
    return false;
  }
}

function visitEach(visit: (block: Block, at: number) => void): (block: Block, mask: Uint8Array) => void {
  return (block, mask) => {
    for (let at = 0; at < blockSize; at++) if (mask[at] === 1) visit(block, at);
  };
}

/** The events that pass a filter's tests: a bit for each, by block. */
class Selected implements Selection {
  readonly count: number;
  readonly #all: readonly EventColumns[];
  readonly #tests: readonly Test[];
  /** The index and the tail may meet within a block. */
  readonly #blocks = new Map<number, { readonly block: Block; readonly bits: Uint8Array }[]>();

  constructor(all: readonly EventColumns[], tests: readonly Test[]) {
    this.#all = all;
    this.#tests = tests;
    let count = 0;
    for (const columns of all) {
      columns.select(tests, Infinity, (block, mask) => {
        const { bits, set } = packed(mask);
        if (set === 0) return;
        count += set;
        const others = this.#blocks.get(block.number);
        if (others === undefined) this.#blocks.set(block.number, [{ block, bits }]);
        else others.push({ block, bits });
      });
    }
    this.count = count;
  }

  has(id: number): boolean {
    return this.#blockOf(id) !== undefined;
  }

  *ids(before: number): Generator<number> {
    for (const columns of this.#all) yield* columns.ids(this.#tests, before);
  }

  visit(id: number, visit: (block: Block, at: number) => void): void {
    const block = this.#blockOf(id);
    if (block !== undefined) visit(block, id % blockSize);
  }

  /** Number of events with an ID above `after` and below `before`. */
  countBetween(after: number, before: number): number {
    let count = 0;
    for (const entries of this.#blocks.values()) {
      for (const { block, bits } of entries) {
        const from = Math.max(after + 1 - block.firstId, 0);
        const to = Math.min(before - block.firstId, blockSize);
        for (let at = from; at < to; at++) if (hasBit(bits, at)) count += 1;
      }
    }
    return count;
  }

  #blockOf(id: number): Block | undefined {
    const at = id % blockSize;
    return this.#blocks.get(Math.floor(id / blockSize))?.find(({ bits }) => hasBit(bits, at))?.block;
  }
}

function packed(mask: Uint8Array): { readonly bits: Uint8Array; readonly set: number } {
  const bits = new Uint8Array(blockSize / 8);
  let set = 0;
  for (let at = 0; at < blockSize; at++) {
    if (mask[at] === 0) continue;
    set += 1;
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
  }
  return { bits, set };
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}
