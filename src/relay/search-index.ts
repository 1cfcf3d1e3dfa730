/**
 * Free text: a full-text index beside the store, in a file of its own that can be thrown away and made again. It is
 * brought up to date from the store by whoever reads the history, so that receiving pays nothing for it.
 */
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { readPayload, textField } from '../campaign-monitor/payload.ts';
import { loadSqlite } from './database.ts';
import { bytesOf } from './stored.ts';

/** Deliveries indexed in one transaction. */
const step = 500;

/** Of an event's texts, what is indexed, in characters. */
const mostText = 10_000;

export class SearchIndex {
  readonly #main: DatabaseSync;
  readonly #file: string;
  #db: DatabaseSync;

  /**
   * Opens or makes the index.
   * @param file its path
   * @param main the store it is derived from
   */
  constructor(file: string, main: DatabaseSync) {
    this.#file = file;
    this.#main = main;
    this.#db = this.#open();
  }

  /**
   * Indexes what the store has and the index has not.
   * @param budgetMs stop after about this time, in milliseconds
   * @returns whether it is up to date
   */
  catchUp(budgetMs = Infinity): boolean {
    const deadline = performance.now() + budgetMs;
    for (;;) {
      if (!this.#step()) return true;
      if (performance.now() > deadline) return false;
    }
  }

  /**
   * The ids of events that match, newest first.
   * @param match an FTS5 expression, from {@link matchExpression}
   * @param before only ids below it
   */
  *matches(match: string, before: number): Generator<number> {
    const statement = this.#db.prepare(
      'SELECT rowid AS id FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC',
    );
    for (const row of statement.iterate(match, before)) yield Number(row['id']);
  }

  close(): void {
    this.#db.close();
  }

  #open(): DatabaseSync {
    try {
      return this.#openOnce();
    } catch {
      // Damaged, or of another layout: it holds nothing that cannot be made again.
      for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.#file + suffix, { force: true });
      return this.#openOnce();
    }
  }

  #openOnce(): DatabaseSync {
    const Database = loadSqlite();
    const db = new Database(this.#file);
    try {
      db.exec(
        'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY',
      );
      db.exec(`
        CREATE TABLE IF NOT EXISTS progress (identity TEXT NOT NULL, delivery INTEGER NOT NULL, lowest INTEGER NOT NULL);
        CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (address, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`);
      const identity = String(this.#main.prepare("SELECT value FROM meta WHERE key = 'identity'").get()?.['value']);
      const stored = db.prepare('SELECT identity FROM progress').get()?.['identity'];
      if (stored !== undefined && stored !== identity) throw new Error('the index of another store');
      if (stored === undefined)
        db.prepare('INSERT INTO progress (identity, delivery, lowest) VALUES (?, 0, 0)').run(identity);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** One transaction's worth; false where there is nothing left. */
  #step(): boolean {
    const db = this.#db;
    db.exec('BEGIN IMMEDIATE');
    try {
      const progress = db.prepare('SELECT delivery, lowest FROM progress').get();
      const after = Number(progress?.['delivery'] ?? 0);
      const deliveries = this.#main
        .prepare(
          'SELECT id, source, status, reason, content_type, first_event, row_count, body FROM deliveries WHERE id > ? ORDER BY id LIMIT ?',
        )
        .all(after, step);
      const insert = db.prepare('INSERT INTO search (rowid, address, text) VALUES (?, ?, ?)');
      for (const delivery of deliveries) {
        for (const [id, address, text] of textsOf(delivery)) insert.run(id, address, text);
      }
      const last = deliveries.at(-1);
      if (last !== undefined) db.prepare('UPDATE progress SET delivery = ?').run(Number(last['id']));
      this.#removeGone(Number(progress?.['lowest'] ?? 0));
      db.exec('COMMIT');
      return deliveries.length === step;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What retention has removed from the low end goes here too, now and then. */
  #removeGone(lowestBefore: number): void {
    const row = this.#main.prepare('SELECT min(id) AS id FROM events').get();
    const lowest = row?.['id'] === null ? lowestBefore : Number(row?.['id']);
    if (lowest < lowestBefore + 10_000) return;
    this.#db.prepare('DELETE FROM search WHERE rowid < ?').run(lowest);
    this.#db.prepare('UPDATE progress SET lowest = ?').run(lowest);
  }
}

function textsOf(delivery: Record<string, unknown>): [number, string, string][] {
  const first = Number(delivery['first_event']);
  const body = bytesOf(delivery['body']);
  if (delivery['status'] !== 'accepted') {
    const reason = typeof delivery['reason'] === 'string' ? delivery['reason'] : '';
    return [[first, '', `${reason} ${body.toString('utf8', 0, 2000)}`]];
  }
  if (delivery['source'] === 'campaign-monitor') {
    const payload = readPayload(body, delivery['content_type'] as string | null);
    if (payload.kind !== 'events') return [];
    return payload.events.map((event, position) => [
      first + position,
      textField(event, 'EmailAddress') ?? '',
      stringsOf(event),
    ]);
  }
  const count = Number(delivery['row_count']);
  const text = body.toString('utf8', 0, mostText);
  return Array.from({ length: count }, (_, position) => [first + position, '', text]);
}

/** Every string in a value, to a bound: what free text finds. */
function stringsOf(value: unknown): string {
  const texts: string[] = [];
  let length = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0 && length < mostText) {
    const next = pending.pop();
    if (typeof next === 'string') {
      texts.push(next);
      length += next.length;
    } else if (typeof next === 'object' && next !== null) pending.push(...(Object.values(next) as unknown[]));
  }
  return texts.join(' ').slice(0, mostText);
}

/**
 * The FTS5 expression for words and addresses: each is a run of words whose last may be a beginning.
 * @returns null where nothing is searched for
 */
export function matchExpression(words: readonly string[], addresses: readonly string[]): string | null {
  const phrase = (text: string): string | null => {
    const tokens = text.normalize('NFC').match(/[\p{L}\p{N}\p{Co}]+/gu);
    return tokens === null ? null : `"${tokens.join(' ')}" *`;
  };
  const parts = words.map(phrase).filter((each) => each !== null);
  const any = addresses.map(phrase).filter((each) => each !== null);
  if (any.length > 0) parts.push(`address : (${any.join(' OR ')})`);
  return parts.length === 0 ? null : parts.join(' AND ');
}
