/**
 * Free text: a full-text index beside the store, in a file of its own that can be thrown away and made again. It is
 * brought up to date from the store by whoever reads the history, so that receiving pays nothing for it.
 */
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { readPayload, textField } from '../campaign-monitor/payload.ts';
import { isCorruption, openOwn, rollBack } from './database.ts';
import { FilterError } from './filter.ts';
import { bytesOf } from './stored.ts';

/** Deliveries indexed in one transaction, and about how many bytes of their bodies. */
const step = 500;
const stepBytes = 8_388_608;

/** Of an event's texts, what is indexed, in characters. */
const mostText = 10_000;

/** Of a platform notification, what is indexed for all its events together, and for each at least, in bytes. */
const mostPlatformText = 20 * mostText;
const leastText = 200;

/** The free-text index of a history. */
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
    let rebuilt = false;
    for (;;) {
      try {
        if (!this.#step()) return true;
      } catch (error) {
        if (rebuilt || !isCorruption(error)) throw error;
        rebuilt = true;
        this.#startAgain();
      }
      if (performance.now() > deadline) return false;
    }
  }

  /**
   * The ids of events that match, newest first.
   * @param match an FTS5 expression, from {@link matchExpression}
   * @param before only ids below it
   */
  *matches(match: string, before: number): Generator<number> {
    let last = before;
    for (let rebuilt = false; ; rebuilt = true) {
      try {
        const statement = this.#db.prepare(
          'SELECT rowid AS id FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC',
        );
        for (const row of statement.iterate(match, last)) {
          last = Number(row['id']);
          yield last;
        }
        return;
      } catch (error) {
        if (rebuilt || !isCorruption(error)) throw error;
        this.#startAgain();
        this.catchUp();
      }
    }
  }

  /** Closes its file. */
  close(): void {
    this.#db.close();
  }

  #open(): DatabaseSync {
    try {
      return this.#openOnce();
    } catch (error) {
      // It holds nothing that cannot be made again.
      if (!(error instanceof ForeignIndexError) && !isCorruption(error)) throw error;
      this.#remove();
      return this.#openOnce();
    }
  }

  #startAgain(): void {
    this.#db.close();
    this.#remove();
    this.#db = this.#openOnce();
  }

  #remove(): void {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.#file + suffix, { force: true });
  }

  #openOnce(): DatabaseSync {
    const db = openOwn(this.#file);
    try {
      db.exec(
        'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY',
      );
      db.exec(`BEGIN IMMEDIATE;
        CREATE TABLE IF NOT EXISTS progress (identity TEXT NOT NULL, delivery INTEGER NOT NULL, row_count INTEGER NOT NULL);
        CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (address, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2')`);
      const identity = String(this.#main.prepare("SELECT value FROM meta WHERE key = 'identity'").get()?.['value']);
      const stored = db.prepare('SELECT identity FROM progress').get()?.['identity'];
      if (stored !== undefined && stored !== identity) throw new ForeignIndexError();
      if (stored === undefined)
        db.prepare('INSERT INTO progress (identity, delivery, row_count) VALUES (?, 0, 0)').run(identity);
      db.exec('COMMIT');
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
      const progress = db.prepare('SELECT delivery, row_count FROM progress').get();
      const after = Number(progress?.['delivery'] ?? 0);
      // One by one: 500 bodies may be 2.5 GB.
      const deliveries = this.#main
        .prepare(
          'SELECT id, source, status, reason, content_type, first_event, row_count, body FROM deliveries WHERE id > ? ORDER BY id LIMIT ?',
        )
        .iterate(after, step);
      const insert = db.prepare('INSERT INTO search (rowid, address, text) VALUES (?, ?, ?)');
      let rows = Number(progress?.['row_count'] ?? 0);
      let last: number | undefined;
      let taken = 0;
      let bytes = 0;
      for (const delivery of deliveries) {
        for (const [id, address, text] of textsOf(delivery, this.#main)) {
          insert.run(id, address, text);
          rows += 1;
        }
        last = Number(delivery['id']);
        taken += 1;
        bytes += bytesOf(delivery['body']).byteLength;
        if (bytes >= stepBytes) break;
      }
      if (last !== undefined) db.prepare('UPDATE progress SET delivery = ?, row_count = ?').run(last, rows);
      this.#removeGone(rows);
      db.exec('COMMIT');
      return taken === step || bytes >= stepBytes;
    } catch (error) {
      rollBack(db);
      throw error;
    }
  }

  /** What is no longer in the store goes here too, when it has become much, or all. */
  #removeGone(rows: number): void {
    const gone = rows - this.#rowsInStore();
    if (gone < mostGone && (gone === 0 || gone < rows)) return;
    const db = this.#db;
    if (gone >= rows) {
      db.exec(`INSERT INTO search (search) VALUES ('delete-all'); UPDATE progress SET row_count = 0`);
      return;
    }
    // Retention removes from the low end, mostly.
    const lowest = Number(this.#main.prepare('SELECT min(id) AS id FROM events').get()?.['id'] ?? 0);
    db.prepare('DELETE FROM search WHERE rowid < ?').run(lowest);
    if (this.#count() - this.#rowsInStore() >= Math.max(mostGone, rows / 4)) this.#removeGaps();
    db.prepare('UPDATE progress SET row_count = ?').run(this.#count());
  }

  /** Removes what lies between others that are still there, since something waits for them. */
  #removeGaps(): void {
    const stored = this.#main.prepare('SELECT id FROM events ORDER BY id').iterate();
    const remove = this.#db.prepare('DELETE FROM search WHERE rowid BETWEEN ? AND ?');
    let after = 0;
    for (const row of stored) {
      const id = Number(row['id']);
      if (id > after + 1) remove.run(after + 1, id - 1);
      after = id;
    }
    remove.run(after + 1, Number.MAX_SAFE_INTEGER);
  }

  #count(): number {
    return Number(this.#db.prepare('SELECT count(*) AS n FROM search_docsize').get()?.['n'] ?? 0);
  }

  #rowsInStore(): number {
    const row = this.#main.prepare("SELECT value FROM meta WHERE key = 'totals'").get();
    if (row === undefined) return 0;
    const { events, tests, rejected } = JSON.parse(row['value'] as string) as Record<string, number>;
    return (events ?? 0) + (tests ?? 0) + (rejected ?? 0);
  }
}

/** Rows of events that are gone, before they are removed. */
const mostGone = 10_000;

/** The index of another store lies there. */
class ForeignIndexError extends Error {}

function textsOf(delivery: Record<string, unknown>, main: DatabaseSync): [number, string, string][] {
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
  // The body has no part of its own for each of its events, of which there may be very many.
  const count = Number(delivery['row_count']);
  const text = body.toString('utf8', 0, Math.min(mostText, Math.max(leastText, Math.floor(mostPlatformText / count))));
  return main
    .prepare('SELECT id, address FROM events WHERE id BETWEEN ? AND ?')
    .all(first, first + count - 1)
    .map(({ id, address }) => [Number(id), typeof address === 'string' ? address : '', text]);
}

/** Every string and number in a value, to a bound: what free text finds. */
function stringsOf(value: unknown): string {
  const texts: string[] = [];
  let length = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0 && length < mostText) {
    const next = pending.pop();
    if (typeof next === 'string' || typeof next === 'number') {
      const text = String(next);
      texts.push(text);
      length += text.length;
    } else if (typeof next === 'object' && next !== null) {
      // One by one: there may be more than a call takes arguments.
      for (const each of Object.values(next) as unknown[]) pending.push(each);
    }
  }
  return texts.join(' ').slice(0, mostText);
}

/**
 * The FTS5 expression for words and addresses: each is a run of words whose last may be a beginning.
 * @returns null where nothing is searched for
 * @throws FilterError where an address has nothing to search for
 */
export function matchExpression(words: readonly string[], addresses: readonly string[]): string | null {
  const phrase = (text: string): string | null => {
    const tokens = text.normalize('NFC').match(/[\p{L}\p{N}\p{Co}]+/gu);
    return tokens === null ? null : `"${tokens.join(' ')}" *`;
  };
  const parts = words.map(phrase).filter((each) => each !== null);
  const any = addresses.map(phrase).filter((each) => each !== null);
  if (any.length < addresses.length) throw new FilterError('"address:" needs a letter or a digit');
  if (any.length > 0) parts.push(`address : (${any.join(' OR ')})`);
  return parts.length === 0 ? null : parts.join(' AND ');
}
