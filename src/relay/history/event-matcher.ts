/** Uses the same conditions and the same text as a search of the history. */
import type { DatabaseSync } from 'node:sqlite';
import { parseFilter } from '../../protocol/event-filter.ts';
import { openDatabase } from '../log/database.ts';
import { conditionsOf } from './event-conditions.ts';
import { addTexts, createTextTable, matchExpression, phrasesOf, textColumns } from './text-index.ts';

export interface EventRange {
  readonly deliveryId: number;
  readonly firstEvent: number;
  readonly count: number;
}

export class EventMatcher {
  readonly #log: DatabaseSync;
  /** Cached: the notifications of a delivery are usually matched one after another. */
  #text: { readonly deliveryId: number; readonly db: DatabaseSync } | undefined;

  constructor(log: DatabaseSync) {
    this.#log = log;
  }

  /** The IDs of the events that a filter finds, in order, ignoring its states. @throws FilterError */
  matching(filter: string, { deliveryId, firstEvent, count }: EventRange): number[] {
    const asked = parseFilter(filter, Date.now());
    const conditions = conditionsOf(asked);
    const where = conditions.map(({ column, sql }) => ` AND ${column === null ? '' : `e.${column} `}${sql}`).join('');
    const ids = this.#log
      .prepare(
        `SELECT e.id FROM deliveries d JOIN events e NOT INDEXED ON e.id BETWEEN d.first_event + ? AND d.first_event + ?
         WHERE d.id = ?${where} ORDER BY e.id`,
      )
      .all(firstEvent, firstEvent + count - 1, deliveryId, ...conditions.flatMap(({ values }) => values))
      .map(({ id }) => Number(id));
    const phrases = phrasesOf(asked.words, asked.addresses);
    if (phrases === null || ids.length === 0) return ids;
    const has = this.#textOf(deliveryId).prepare('SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?');
    return ids.filter((id) => has.get(matchExpression(phrases), BigInt(id)) !== undefined);
  }

  #textOf(deliveryId: number): DatabaseSync {
    if (this.#text?.deliveryId === deliveryId) return this.#text.db;
    this.#text?.db.close();
    this.#text = undefined;
    const db = openDatabase(':memory:');
    createTextTable(db, 'search');
    const row = this.#log.prepare(`SELECT ${textColumns} FROM deliveries WHERE id = ?`).get(deliveryId);
    if (row !== undefined) addTexts(db, 'search', row, this.#log);
    this.#text = { deliveryId, db };
    return db;
  }
}
