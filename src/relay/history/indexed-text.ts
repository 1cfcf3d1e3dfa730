/**
 * The text is derived from the log, so its file can be deleted at any time. Several processes may follow one log: each
 * step is one transaction on the file.
 */
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { bytesOf, isCorruption, openOwn, rollBack } from '../log/database.ts';
import { schemaDifference } from '../log/schema.ts';
import { Statements, type Row } from '../log/statements.ts';
import { addTexts, createTextTable, matchExpression, termsWith, textColumns, type Phrases } from './text-index.ts';

/** Approximate maximum number of events in one transaction, and bytes of their bodies. */
const stepTexts = 1000;
const stepTextBytes = 4_194_304;
const lookEvery = 1000;
/** Removed events before their text is removed, and maximum in one transaction. */
const mostGone = 10_000;
const stepGone = 5000;
/** Maximum number of the newest events to search outside the file, and bytes of their bodies. */
const mostTail = 1000;
const mostTailBytes = 4_194_304;
/** Pages of an index of a few events, which don't count. */
const emptyPages = 6;

/** Increase with any change of the file's tables: a file with another layout is replaced. */
const layout = 5;

/** The file covers the log with this identity up to this delivery and its last event. */
const tables =
  'CREATE TABLE progress (identity TEXT NOT NULL, delivery INTEGER NOT NULL, received_at INTEGER NOT NULL, event INTEGER NOT NULL)';

interface Progress {
  readonly delivery: number;
  readonly event: number;
}

/** The file belongs to another log or to an end that the log has lost, has another layout, or isn't ours. */
class UselessTextError extends Error {}

export class IndexedText {
  readonly #file: string;
  readonly #log: DatabaseSync;
  readonly #logSql: Statements;
  #opened: { readonly db: DatabaseSync; readonly sql: Statements } | undefined;
  #progress: Progress = { delivery: 0, event: 0 };
  /** Infinity while removed events are being removed. */
  #sinceLook = 0;
  /** `temp.tail` has the deliveries after `after`, up to `last`. */
  #tail: { readonly after: number; readonly last: number } | undefined;

  constructor(file: string, log: DatabaseSync) {
    this.#file = file;
    this.#log = log;
    this.#logSql = new Statements(log);
  }

  get lastEvent(): number {
    return this.#progress.event;
  }

  get liveBytes(): number {
    const pages = this.#opened?.sql.get(
      'SELECT page_count - freelist_count AS n FROM pragma_page_count(), pragma_freelist_count()',
    );
    return Math.max(0, Number(pages?.['n'] ?? 0) - emptyPages) * 4096;
  }

  /**
   * Must not be called within a transaction on the log. @returns whether the text is up to date within about this time
   * @throws SQLite's or the system's error if the file can't be opened or written now
   */
  follow(budgetMs: number): boolean {
    const deadline = performance.now() + budgetMs;
    let isNew = false;
    for (;;) {
      try {
        if (!this.#step()) return true;
      } catch (error) {
        if (isNew || !(isCorruption(error) || error instanceof UselessTextError)) throw error;
        isNew = true;
        this.startAgain();
      }
      if (performance.now() >= deadline) return false;
    }
  }

  /** Must not be called within a transaction. */
  startAgain(): void {
    this.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.#file + suffix, { force: true });
  }

  close(): void {
    this.#progress = { delivery: 0, event: 0 };
    if (this.#opened === undefined) return;
    this.#detach();
    this.#opened.sql.close();
    this.#opened.db.close();
    this.#opened = undefined;
  }

  matching(phrases: Phrases): string | null {
    if (this.#opened === undefined) return null;
    const next = this.#log.prepare('SELECT term FROM temp.terms WHERE term >= ? LIMIT 1');
    return matchExpression(phrases, (beginning) => termsWith(beginning, next));
  }

  /** Puts the text of the newest events that the file lacks into `temp.tail`. @returns the first of them */
  readTail(): number {
    const { delivery } = this.#progress;
    const rows: Row[] = [];
    let [count, bytes, after] = [0, 0, delivery];
    for (const row of this.#logSql.iterate(
      'SELECT id, row_count, first_event, length(body) AS bytes FROM deliveries WHERE id > ? ORDER BY id DESC',
      delivery,
    )) {
      count += Number(row['row_count']);
      bytes += Number(row['bytes']);
      if (rows.length > 0 && (count > mostTail || bytes > mostTailBytes)) {
        after = Number(row['id']);
        break;
      }
      rows.push(row);
    }
    const last = Number(rows[0]?.['id'] ?? delivery);
    const first = Number(rows.at(-1)?.['first_event'] ?? Number.MAX_SAFE_INTEGER);
    if (this.#tail?.after === after && this.#tail.last === last) return first;
    this.#tail = undefined;
    this.#log.exec('DROP TABLE IF EXISTS temp.tail');
    createTextTable(this.#log, 'temp.tail');
    for (const { id } of rows.reverse()) {
      const row = this.#logSql.get(`SELECT ${textColumns} FROM deliveries WHERE id = ?`, Number(id));
      if (row !== undefined) addTexts(this.#log, 'temp.tail', row, this.#log);
    }
    this.#tail = { after, last };
    return first;
  }

  #step(): boolean {
    const { db, sql } = (this.#opened ??= this.#open());
    const before = this.#progress;
    if (before.delivery >= this.#lastDelivery() && this.#sinceLook < lookEvery) return false;
    db.exec('BEGIN IMMEDIATE');
    try {
      this.#progress = this.#readProgress(sql);
      const more = this.#sinceLook >= lookEvery ? this.#removeGone(db) : this.#add(db, sql);
      db.exec('COMMIT');
      return more;
    } catch (error) {
      rollBack(db);
      this.#progress = before;
      throw error;
    }
  }

  #add(db: DatabaseSync, sql: Statements): boolean {
    let { delivery, event } = this.#progress;
    let [events, bytes, receivedAt] = [0, 0, 0];
    for (const row of this.#logSql.iterate(
      `SELECT ${textColumns} FROM deliveries WHERE id > ? ORDER BY id`,
      delivery,
    )) {
      addTexts(db, 'search', row, this.#log);
      delivery = Number(row['id']);
      receivedAt = Number(row['received_at']);
      event = Number(row['first_event']) + Number(row['row_count']) - 1;
      this.#sinceLook += 1;
      events += Number(row['row_count']);
      bytes += bytesOf(row['body']).byteLength;
      if (events >= stepTexts || bytes >= stepTextBytes) break;
    }
    if (events === 0) return false;
    sql.run('UPDATE progress SET delivery = ?, received_at = ?, event = ?', delivery, receivedAt, event);
    this.#progress = { delivery, event };
    return true;
  }

  #removeGone(db: DatabaseSync): boolean {
    const least = this.#sinceLook === Infinity ? 1 : mostGone;
    this.#sinceLook = 0;
    const count = (table: string): number => Number(this.#logSql.get(`SELECT count(*) AS n FROM ${table}`)?.['n']);
    const gone = count('text.search_docsize') - count('events');
    if (gone < least) return true;
    const ids = this.#logSql.all(
      'SELECT id FROM text.search_docsize t WHERE NOT EXISTS (SELECT 1 FROM events WHERE id = t.id) LIMIT ?',
      Math.min(gone, stepGone),
    );
    const remove = db.prepare('DELETE FROM search WHERE rowid = ?');
    for (const { id } of ids) remove.run(id as number);
    if (gone > stepGone) this.#sinceLook = Infinity;
    return true;
  }

  #lastDelivery(): number {
    return Number(this.#logSql.get('SELECT max(id) AS id FROM deliveries')?.['id'] ?? 0);
  }

  #open(): { db: DatabaseSync; sql: Statements } {
    const db = openOwn(this.#file);
    try {
      // With NORMAL, a power loss may lose the file's end, but never its middle.
      db.exec(
        'PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE',
      );
      const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
      const isNew = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']) === 0;
      if (!isNew && (version !== layout || !isOwn(db))) throw new UselessTextError();
      if (isNew) {
        create(db);
        db.prepare('INSERT INTO progress VALUES (?, 0, 0, 0)').run(this.#identity());
      }
      db.exec('COMMIT');
      const sql = new Statements(db);
      const progress = this.#readProgress(sql);
      this.#log.prepare('ATTACH ? AS text').run(this.#file);
      this.#log.exec(
        `PRAGMA text.cache_size = -2048; CREATE VIRTUAL TABLE temp.terms USING fts5vocab ('text', 'search', 'instance')`,
      );
      this.#progress = progress;
      this.#sinceLook = lookEvery;
      return { db, sql };
    } catch (error) {
      db.close();
      this.#detach();
      throw error;
    }
  }

  #detach(): void {
    this.#log.exec('DROP TABLE IF EXISTS temp.terms');
    const isAttached = this.#log.prepare("SELECT 1 FROM pragma_database_list WHERE name = 'text'").get() !== undefined;
    if (isAttached) this.#log.exec('DETACH text');
  }

  #identity(): string {
    return String(this.#logSql.get("SELECT value FROM meta WHERE key = 'identity'")?.['value']);
  }

  #readProgress(sql: Statements): Progress {
    const row = sql.get('SELECT * FROM progress');
    const delivery = Number(row?.['delivery']);
    const known = this.#logSql.get(
      'SELECT (SELECT received_at FROM deliveries WHERE id = ?) AS at, (SELECT max(id) FROM deliveries) AS last',
      delivery,
    );
    const at = (known?.['at'] ?? null) as number | null;
    // A delivery that was removed by itself can't be compared, but then there are later ones, or none.
    const isLost =
      at === null ? known?.['last'] !== null && Number(known?.['last']) < delivery : at !== row?.['received_at'];
    if (row?.['identity'] !== this.#identity() || (delivery > 0 && isLost)) throw new UselessTextError();
    return { delivery, event: Number(row['event']) };
  }
}

function create(db: DatabaseSync): void {
  db.exec(`${tables}; PRAGMA user_version = ${layout}`);
  createTextTable(db, 'search');
}

function isOwn(db: DatabaseSync): boolean {
  const { foreign, missing } = schemaDifference(db, create);
  return foreign === null && missing === null;
}
