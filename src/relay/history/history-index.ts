/**
 * The search index, derived from the log: columns and text of every event, in a separate file that can be deleted and
 * rebuilt. It follows the log in the thread that reads the history, so that it costs receiving nothing. Several
 * processes may follow one log: each step is one transaction on the file.
 */
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { isCorruption, openDatabase, openOwn, rollBack } from '../log/database.ts';
import { schemaDifference } from '../log/schema.ts';
import { Statements } from '../log/statements.ts';
import type { Row } from '../log/statements.ts';
import { Block, EventColumns, stateBits } from './event-columns.ts';
import { bodyBytesOf, LogFeed } from './log-feed.ts';
import type { Position } from '../log/log-runs.ts';
import { TextIndex } from './text-index.ts';

/** Approximate number of events whose columns are added in one transaction. */
const stepEvents = 5000;
/** Deliveries whose forwardings are read again in one transaction. */
const stepRefreshed = 1000;
/** Approximate number of events whose text is added in one transaction, and bytes of their bodies. */
const stepTexts = 1000;
const stepTextBytes = 4_194_304;
/** Removed events before their rows are removed from the text. */
const mostGone = 10_000;
/** Pages of an index of a few events: its tables, and a block. */
const emptyPages = 58;

/** Increased with any change of the file's tables or of the columns' layout: a file with another layout is rebuilt. */
const layout = 5;

const tables = `
  CREATE TABLE progress (
    identity TEXT NOT NULL, run TEXT NOT NULL, revision INTEGER NOT NULL, delivery INTEGER NOT NULL, attempt INTEGER NOT NULL,
    change INTEGER NOT NULL, text_delivery INTEGER NOT NULL, text_event INTEGER NOT NULL, gone INTEGER NOT NULL,
    freed_by INTEGER NOT NULL);
  CREATE TABLE blocks (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
  -- Events that are gone, and whose text is still there.
  CREATE TABLE gone (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
`;

interface Progress extends Position {
  readonly revision: number;
  /** The last delivery and the last event whose text is indexed. */
  readonly textDelivery: number;
  readonly textEvent: number;
  /** Removed events whose text is still there. */
  readonly gone: number;
  /** The number of the pause whose releases are in the column `freed`. */
  readonly freedBy: number;
}

/** The existing index belongs to another log, has another layout, isn't ours, or has lost track of its log. */
class UselessIndexError extends Error {}

interface Opened {
  readonly db: DatabaseSync;
  readonly text: TextIndex;
}

export class HistoryIndex {
  readonly columns = new EventColumns();
  readonly feed: LogFeed;
  readonly #log: DatabaseSync;
  readonly #file: string;
  #inMemory: string | null = null;
  #db: DatabaseSync;
  #sql: Statements;
  #text: TextIndex;
  #progress: Progress;
  /** Differs from the file's if another process has continued, or a step failed. */
  #revision = -1;
  /** Deliveries whose forwardings may have changed before `#changesSeen`, which is written when none are left. */
  readonly #toRefresh = new Set<number>();
  #seen: Pick<Position, 'attempt' | 'change'> | undefined;
  /** Removals found in this step. */
  #goneNow = 0;

  /**
   * Opens or creates the index: in memory if its file can't be opened now, as on a full disk, or while another process
   * locks it for long.
   * @throws SQLite's error if the file is damaged and can't be rebuilt
   */
  constructor(file: string, log: DatabaseSync) {
    this.#file = file;
    this.#log = log;
    this.feed = new LogFeed(log);
    const opened = this.#open();
    this.#db = opened.db;
    this.#sql = new Statements(opened.db);
    this.#text = opened.text;
    this.#progress = this.#readProgress();
  }

  get text(): TextIndex {
    return this.#text;
  }

  /** Why it is in memory, until the relay starts again; null if it is in its file. */
  get inMemory(): string | null {
    return this.#inMemory;
  }

  get lastText(): number {
    return this.#progress.textEvent;
  }

  get lastDelivery(): number {
    return this.#progress.delivery;
  }

  get freedBy(): number {
    return this.#progress.freedBy;
  }

  get lastTextDelivery(): number {
    return this.#progress.textDelivery;
  }

  /** The file's used pages in bytes, without those of an index of a few events. */
  get liveBytes(): number {
    const pages = this.#sql.get(
      'SELECT page_count - freelist_count AS n FROM pragma_page_count(), pragma_freelist_count()',
    );
    return Math.max(0, Number(pages?.['n'] ?? 0) - emptyPages) * 4096;
  }

  /** Brings the columns up to date, within about this time. @returns whether they are */
  follow(budgetMs = Infinity): boolean {
    return this.#inSteps(budgetMs, () => {
      if (this.#revision === this.#progress.revision && this.#isAtEnd()) return false;
      return this.#transaction(() => this.#followOnce());
    });
  }

  /** Brings the text up to date. Columns first, because they show what was removed. @returns whether it is */
  followText(budgetMs = Infinity): boolean {
    const begun = performance.now();
    if (!this.follow(budgetMs)) return false;
    return this.#inSteps(budgetMs - (performance.now() - begun), () => {
      if (this.#progress.textDelivery >= this.feed.end.delivery && !this.#isMuchGone()) return false;
      return this.#transaction(() => this.#addTexts());
    });
  }

  close(): void {
    this.#sql.close();
    this.#db.close();
  }

  /** Reads the index's file; if it turns out to be damaged, rebuilds it and reads once more. */
  guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.startAgain();
      this.followText();
      return read();
    }
  }

  /** Deletes it: everything in it can be rebuilt. */
  startAgain(): void {
    this.close();
    if (this.#inMemory === null) this.#remove();
    const opened = this.#open();
    this.#db = opened.db;
    this.#sql = new Statements(opened.db);
    this.#text = opened.text;
    this.columns.clear();
    this.#toRefresh.clear();
    this.#seen = undefined;
    this.#revision = -1;
    this.#progress = this.#readProgress();
  }

  #inSteps(budgetMs: number, step: () => boolean): boolean {
    const deadline = performance.now() + budgetMs;
    let rebuilt = false;
    for (;;) {
      try {
        if (!step()) return true;
      } catch (error) {
        if (rebuilt || !(isCorruption(error) || error instanceof UselessIndexError)) throw error;
        rebuilt = true;
        this.startAgain();
      }
      if (performance.now() >= deadline) return false;
    }
  }

  #open(): Opened {
    try {
      const opened = this.#openFile();
      this.#inMemory = null;
      return opened;
    } catch (error) {
      if (isCorruption(error)) throw error;
      this.#inMemory = `cannot open ${basename(this.#file)} (${(error as Error).message})`;
      return this.#openOnce(openDatabase(':memory:'));
    }
  }

  #openFile(): Opened {
    try {
      return this.#openOnce(openOwn(this.#file));
    } catch (error) {
      if (!(error instanceof UselessIndexError) && !isCorruption(error)) throw error;
      this.#remove();
      return this.#openOnce(openOwn(this.#file));
    }
  }

  #remove(): void {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(this.#file + suffix, { force: true });
  }

  #openOnce(db: DatabaseSync): Opened {
    try {
      // A power loss may lose the file's end; with NORMAL, never its middle.
      db.exec(
        'PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; BEGIN IMMEDIATE',
      );
      const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
      const { identity, run } = this.feed;
      const isNew = Number(db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']) === 0;
      if (!isNew && (version !== layout || !isOwn(db))) throw new UselessIndexError();
      if (isNew) {
        db.exec(`${tables}; PRAGMA user_version = ${layout}`);
        const { attempt, change } = this.feed.end;
        db.prepare('INSERT INTO progress VALUES (?, ?, 0, 0, ?, ?, 0, 0, 0, 0)').run(identity, run, attempt, change);
      }
      const text = new TextIndex(db);
      const progress = db.prepare('SELECT identity, run, delivery, attempt, change FROM progress').get();
      const end = this.feed.endKnownIn(String(progress?.['run']));
      if (progress?.['identity'] !== identity || end === null || isAhead(progress, end)) throw new UselessIndexError();
      db.exec('COMMIT');
      return { db, text };
    } catch (error) {
      db.close();
      throw error;
    }
  }

  #readProgress(): Progress {
    const row = this.#sql.get('SELECT * FROM progress') ?? {};
    const number = (name: string): number => Number(row[name] ?? 0);
    return {
      revision: number('revision'),
      delivery: number('delivery'),
      attempt: number('attempt'),
      change: number('change'),
      textDelivery: number('text_delivery'),
      textEvent: number('text_event'),
      gone: number('gone'),
      freedBy: number('freed_by'),
    };
  }

  #isAtEnd(): boolean {
    const { delivery, attempt, change } = this.feed.end;
    const at = this.#progress;
    return this.#toRefresh.size === 0 && delivery <= at.delivery && attempt <= at.attempt && change <= at.change;
  }

  /** One transaction on the index, and one view of the log. */
  #transaction(apply: () => boolean): boolean {
    const db = this.#db;
    db.exec('BEGIN IMMEDIATE');
    try {
      this.#synchronise();
      const more = this.feed.atOnce(apply);
      db.exec('COMMIT');
      return more;
    } catch (error) {
      rollBack(db);
      this.#takeBack();
      throw error;
    }
  }

  /** A step failed: what is in memory is ahead of the file. */
  #takeBack(): void {
    this.#revision = -1;
    try {
      this.#synchronise();
    } catch {
      // It can't be read either: its content is unknown.
      this.columns.clear();
      this.#progress = { ...this.#progress, delivery: 0, textDelivery: 0, textEvent: 0 };
    }
  }

  /** Loads what another process has done, or the content at the start. */
  #synchronise(): void {
    this.#progress = this.#readProgress();
    if (this.#progress.revision === this.#revision) return;
    this.columns.clear();
    this.#toRefresh.clear();
    this.#seen = undefined;
    for (const row of this.#sql.iterate('SELECT number, bytes FROM blocks ORDER BY number')) {
      this.columns.load(new Block(Number(row['number']), row['bytes'] as Uint8Array));
    }
    this.#revision = this.#progress.revision;
  }

  /** @returns whether there is more to do */
  #followOnce(): boolean {
    this.#goneNow = 0;
    const freedBy = this.feed.pauseNo;
    if (freedBy !== this.#progress.freedBy) this.columns.fold();
    this.#seeChanges();
    this.#refreshSome();
    const { delivery } = this.#progress;
    const { events, lastDelivery } = this.feed.eventsAfter(delivery, stepEvents);
    for (const { id, values, summary } of events) this.columns.set(id, values, summary);
    // Don't wait for deliveries removed at the end of the log.
    this.#note({
      gone: this.#progress.gone + this.#goneNow,
      freedBy,
      delivery: events.length > 0 ? lastDelivery : Math.max(delivery, this.feed.end.delivery),
    });
    return this.#toRefresh.size > 0 || events.length > 0;
  }

  #seeChanges(): void {
    const at = this.#seen ?? this.#progress;
    const { attempt, change } = this.feed.end;
    const seen = { attempt: Math.max(at.attempt, attempt), change: Math.max(at.change, change) };
    if (change > at.change) {
      const found = this.feed.changesAfter(at.change);
      if (found === null) throw new UselessIndexError();
      for (const each of found.changes) {
        if (each.kind === 'removed') this.#forget(each.first, each.last);
        else if (each.kind === 'open') this.#refreshOpen();
        else this.#refresh(this.feed.deliveriesOf(each.first, each.last));
      }
    }
    if (attempt > at.attempt) this.#refresh(this.feed.attemptedAfter(at.attempt, this.#progress.delivery));
    this.#seen = seen;
  }

  #refresh(deliveries: readonly number[]): void {
    // Those that are not in it yet will be read in their current state.
    for (const id of deliveries) if (id <= this.#progress.delivery) this.#toRefresh.add(id);
  }

  /** Reads all forwardings again that were waiting. */
  #refreshOpen(): void {
    const found = new Set<number>();
    this.columns.select([waits], Infinity, (block, mask) => {
      for (const [at, chosen] of mask.entries()) if (chosen === 1) found.add(block.delivery[at] ?? 0);
    });
    this.#refresh([...found]);
  }

  #refreshSome(): void {
    let left = stepRefreshed;
    for (const delivery of this.#toRefresh) {
      if (left === 0) return;
      left -= 1;
      this.#toRefresh.delete(delivery);
      for (const { id, summary } of this.feed.summariesOf(delivery)) this.columns.summarise(id, summary);
    }
  }

  #forget(first: number, last: number): void {
    this.columns.remove(first, last);
    const { textEvent } = this.#progress;
    if (first > textEvent) return;
    const end = Math.min(last, textEvent);
    this.#sql.run('INSERT OR REPLACE INTO gone (first, last) VALUES (?, ?)', first, end);
    this.#goneNow += end - first + 1;
  }

  #isMuchGone(): boolean {
    const { gone } = this.#progress;
    return gone > 0 && (gone >= mostGone || this.#isAllGone());
  }

  #isAllGone(): boolean {
    return (this.columns.lowestId ?? Infinity) > this.#progress.textEvent;
  }

  #addTexts(): boolean {
    if (this.#isMuchGone()) this.#removeGone();
    let events = 0;
    let bytes = 0;
    let { textDelivery, textEvent } = this.#progress;
    for (const row of this.feed.bodiesAfter(textDelivery)) {
      this.#text.add(row, this.#log);
      textDelivery = Number(row['id']);
      textEvent = Number(row['first_event']) + Number(row['row_count']) - 1;
      events += Number(row['row_count']);
      bytes += bodyBytesOf(row);
      if (events >= stepTexts || bytes >= stepTextBytes) break;
    }
    if (events === 0) textDelivery = Math.max(textDelivery, this.feed.end.delivery);
    this.#note({ textDelivery, textEvent });
    return events >= stepTexts || bytes >= stepTextBytes;
  }

  #removeGone(): void {
    if (this.#isAllGone()) this.#text.clear();
    else
      for (const row of this.#sql.all('SELECT first, last FROM gone'))
        this.#text.remove(Number(row['first']), Number(row['last']));
    this.#db.exec('DELETE FROM gone');
    this.#note({ gone: 0 });
  }

  /** Writes changes and progress to the file. */
  #note(changed: Partial<Progress>): void {
    const { changed: blocks, gone } = this.columns.takeChanges();
    for (const { number, bytes } of blocks)
      this.#sql.run('INSERT OR REPLACE INTO blocks (number, bytes) VALUES (?, ?)', number, bytes);
    for (const number of gone) this.#sql.run('DELETE FROM blocks WHERE number = ?', number);
    const isRefreshed = this.#toRefresh.size === 0 && this.#seen !== undefined;
    const next: Progress = {
      ...this.#progress,
      ...(isRefreshed && this.#seen),
      ...changed,
      revision: this.#progress.revision + 1,
    };
    if (isRefreshed) this.#seen = undefined;
    this.#sql.run(
      'UPDATE progress SET run = ?, revision = ?, delivery = ?, attempt = ?, change = ?, text_delivery = ?, text_event = ?, gone = ?, freed_by = ?',
      this.feed.run,
      next.revision,
      next.delivery,
      next.attempt,
      next.change,
      next.textDelivery,
      next.textEvent,
      next.gone,
      next.freedBy,
    );
    this.#progress = next;
    this.#revision = next.revision;
  }
}

/** Whether it has exactly our schema: the file may be from another program. */
function isOwn(db: DatabaseSync): boolean {
  const { foreign, missing } = schemaDifference(db, (empty) => {
    empty.exec(tables);
    new TextIndex(empty);
  });
  return foreign === null && missing === null;
}

/** Whether it contains events that its log has lost, as in a power loss: their IDs will be used again. */
function isAhead(progress: Row, end: Position): boolean {
  return (['delivery', 'attempt', 'change'] as const).some((name) => Number(progress[name]) > end[name]);
}

/** A test for waiting forwardings. */
function waits({ states }: Block, mask: Uint8Array): void {
  for (let at = 0; at < mask.length; at++) if (((states[at] ?? 0) & stateBits.waiting) === 0) mask[at] = 0;
}
