/**
 * Which events of one delivery a filter finds before they are in the index: with the same columns, tests and text index
 * as a search of the history.
 */
import type { DatabaseSync } from 'node:sqlite';
import { parseFilter } from '../../protocol/event-filter.ts';
import { openDatabase } from '../log/database.ts';
import { EventColumns } from './event-columns.ts';
import { testsOf } from './event-tests.ts';
import { LogFeed } from './log-feed.ts';
import { phrasesOf, TextIndex } from './text-index.ts';

/** Consecutive events of a delivery, such as those of a notification. */
export interface EventRange {
  readonly deliveryId: number;
  /** Position of the first in the delivery, from 0. */
  readonly firstEvent: number;
  readonly count: number;
}

export class EventMatcher {
  readonly #log: DatabaseSync;
  readonly #feed: LogFeed;
  /** Of the last delivery: its notifications are usually matched one after another. */
  #text: { readonly deliveryId: number; readonly db: DatabaseSync; readonly index: TextIndex } | undefined;

  constructor(log: DatabaseSync) {
    this.#log = log;
    this.#feed = new LogFeed(log);
  }

  /**
   * The IDs of the events that a filter finds, in order. Ignores states in the filter.
   * @param filter empty for all of them
   * @throws FilterError
   */
  matching(filter: string, { deliveryId, firstEvent, count }: EventRange): number[] {
    const asked = parseFilter(filter, Date.now());
    const columns = new EventColumns();
    for (const event of this.#feed.eventsOf(deliveryId, firstEvent, count))
      columns.set(event.id, event.values, event.summary);
    const ids = [...columns.ids(testsOf(asked), Infinity)];
    const phrases = phrasesOf(asked.words, asked.addresses);
    if (phrases === null || ids.length === 0) return ids.reverse();
    const selection = {
      count: ids.length,
      has: (id: number) => ids.includes(id),
      ids: (before: number) => ids.filter((id) => id < before),
    };
    return [...this.#textOf(deliveryId).find(phrases, selection, Infinity)].reverse();
  }

  #textOf(deliveryId: number): TextIndex {
    if (this.#text?.deliveryId === deliveryId) return this.#text.index;
    this.#text?.db.close();
    this.#text = undefined;
    const db = openDatabase(':memory:');
    const index = new TextIndex(db);
    const row = this.#feed.bodyOf(deliveryId);
    if (row !== undefined) index.add(row, this.#log);
    this.#text = { deliveryId, db, index };
    return index;
  }
}
