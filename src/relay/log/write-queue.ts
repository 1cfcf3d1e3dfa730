/**
 * All writes in one turn of the event loop, and in those that follow at once, share one transaction and one disk sync.
 * Bookkeeping, for which no caller waits, is kept until the store works again.
 */
import { writeFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isCorruption, rollBack, sqliteCode, sqliteFull, StoreError, suspectMark } from './database.ts';

interface PendingWrite {
  readonly apply: () => void;
  readonly onDisk: (() => void) | undefined;
  /** `false` for lost bookkeeping. */
  readonly resolve: (written: boolean) => void;
  readonly reject: ((error: StoreError) => void) | undefined;
  readonly what: string;
}

export interface WriteQueueOptions {
  readonly db: DatabaseSync;
  readonly file: string;
  begin(): void;
  complete(): void;
  committed(): void;
  onHealth(failure: StoreError | null): void;
  onLost(message: string): void;
}

/** Bookkeeping waits for a commit to share. A crash only causes a repetition. */
const bookkeepingDelayMs = 10;
const retryDelayMs = 1000;
const gatherMs = 2;
/** Minimum free space before a full disk counts as writable again. */
const roomBytes = 65_536;

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #writes: PendingWrite[] = [];
  #bookkeeping: PendingWrite[] = [];
  #immediate: NodeJS.Immediate | undefined;
  #gathered = 0;
  #gatheringSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: StoreError | null = null;
  /** Nothing more is written to a damaged file; the next start sets it aside. */
  #damaged = false;
  #closed = false;
  commits = 0;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  get failure(): StoreError | null {
    return this.#failure;
  }

  /** Kept while the disk fails, but lost if it fails for another reason. @param what describes it for the log */
  keep(what: string, apply: () => void): Promise<boolean> {
    return new Promise((resolve) => {
      this.#bookkeeping.push({ apply, onDisk: undefined, resolve, reject: undefined, what });
      if (this.#immediate === undefined && this.#failure === null) {
        this.#timer ??= setTimeout(this.#flush, bookkeepingDelayMs);
      }
    });
  }

  /**
   * @param onDisk called before it can be read or is reported
   * @param onAllOnDisk called after `onDisk` of all writes in its commit @throws StoreError: then nothing is stored
   */
  write(apply: () => void, onDisk?: () => void, onAllOnDisk?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new StoreError('the history is closed', 'ask-when-it-runs'));
        return;
      }
      const written = (): void => {
        onAllOnDisk?.();
        resolve();
      };
      this.#writes.push({ apply, onDisk, resolve: written, reject, what: '' });
      this.#flushSoon();
    });
  }

  /** A small separate transaction. @throws StoreError: then nothing is written */
  now<T>(apply: () => T): T {
    const { db } = this.#options;
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = apply();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      rollBack(db);
      throw error instanceof StoreError ? error : this.failed(error as Error);
    }
  }

  failed(cause: Error): StoreError {
    const error = explained(cause);
    if (isCorruption(cause)) {
      this.#markSuspect(cause);
      this.#damaged = true;
    }
    if (isDiskFailure(cause)) {
      const first = this.#failure === null;
      this.#failure = error;
      if (first) this.#options.onHealth(error);
      if (!this.#damaged) this.#timer ??= setTimeout(this.#flush, retryDelayMs);
    }
    return error;
  }

  close(): boolean {
    if (this.#closed) return false;
    this.#flush();
    this.#closed = true;
    if (this.#bookkeeping.length > 0) {
      const [first, ...others] = this.#bookkeeping;
      const more = others.length === 0 ? '' : `, plus ${others.length} more`;
      this.#options.onLost(`${first?.what ?? ''}${more}: not written before the relay stopped`);
    }
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    return true;
  }

  #flushSoon(): void {
    if (this.#immediate !== undefined) return;
    this.#gathered = this.#writes.length;
    this.#gatheringSince = performance.now();
    this.#immediate = setImmediate(this.#flushWhenGathered);
  }

  /** Commits when a turn of the event loop has brought nothing new, so that a burst is few commits. */
  readonly #flushWhenGathered = (): void => {
    const count = this.#writes.length;
    if (count > this.#gathered && performance.now() - this.#gatheringSince < gatherMs) {
      this.#gathered = count;
      this.#immediate = setImmediate(this.#flushWhenGathered);
    } else this.#flush();
  };

  readonly #flush = (): void => {
    clearImmediate(this.#immediate);
    clearTimeout(this.#timer);
    this.#immediate = undefined;
    this.#timer = undefined;
    if (this.#closed) return;
    const waiting = this.#writes;
    const writes = this.#bookkeeping.length === 0 ? waiting : [...this.#bookkeeping, ...waiting];
    if (this.#damaged) {
      this.#writes = [];
      for (const write of waiting) write.reject?.(this.#failure ?? damaged(null));
      return;
    }
    if (writes.length === 0) {
      if (this.#failure !== null) this.#tryRoom();
      return;
    }
    this.#writes = [];
    this.#bookkeeping = [];
    const failure = this.#commit(writes);
    if (failure === null) this.#tell(writes);
    else if (writes.length > 1 && !isDiskFailure(failure)) {
      // A write that fails must not fail the others.
      const failures = writes.map((write) => this.#commit([write]));
      this.#tell(writes.filter((_, index) => failures[index] === null));
      for (const [index, write] of writes.entries()) this.#refuse(write, failures[index] ?? null);
    } else {
      for (const write of writes) this.#refuse(write, failure);
    }
  };

  #tell(committed: readonly PendingWrite[]): void {
    if (committed.length === 0) return;
    this.#works(() => {
      for (const write of committed) write.onDisk?.();
      for (const write of committed) write.resolve(true);
    });
  }

  /** Checks whether a full disk works again. Two commits, so that the test data is not written together with others. */
  #tryRoom(): void {
    const { db } = this.#options;
    const write = (apply: () => void): Error | null =>
      this.#commit([{ apply, onDisk: undefined, resolve: () => undefined, reject: undefined, what: 'room' }]);
    const failure =
      write(() =>
        db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run('room', 'x'.repeat(roomBytes)),
      ) ?? write(() => db.prepare('DELETE FROM meta WHERE key = ?').run('room'));
    if (failure === null) this.#works(() => undefined);
    else this.failed(failure);
  }

  #refuse(write: PendingWrite, failure: Error | null): void {
    if (failure === null) return;
    const error = this.failed(failure);
    if (write.reject !== undefined) write.reject(error);
    else if (isDiskFailure(failure)) this.#bookkeeping.push(write);
    else {
      this.#options.onLost(`${write.what}: could not be written and is lost: ${failure.message}`);
      write.resolve(false);
    }
  }

  #commit(writes: readonly PendingWrite[]): Error | null {
    this.#options.begin();
    try {
      this.#options.db.exec('BEGIN IMMEDIATE');
      for (const write of writes) write.apply();
      this.#options.complete();
      this.#options.db.exec('COMMIT');
    } catch (error) {
      rollBack(this.#options.db);
      return error as Error;
    }
    this.commits += 1;
    this.#options.committed();
    return null;
  }

  #markSuspect(cause: Error): void {
    try {
      writeFileSync(suspectMark(this.#options.file), cause.message, { mode: 0o600 });
    } catch {
      // The disk accepts no writes: the failure itself was reported.
    }
  }

  #works(next: () => void): void {
    const failed = this.#failure !== null;
    this.#failure = null;
    next();
    if (failed) this.#options.onHealth(null);
  }
}

function damaged(cause: Error | null): StoreError {
  return new StoreError(
    `the history is damaged${cause === null ? '' : `: ${cause.message}`}`,
    'restart-to-set-aside',
    cause,
  );
}

function explained(cause: Error): StoreError {
  if (isCorruption(cause)) return damaged(cause);
  if (sqliteCode(cause) === sqliteFull) {
    return new StoreError('the disk that contains the history is full', 'make-room', cause);
  }
  return new StoreError(`cannot write the history: ${cause.message}`, 'check-data-directory', cause);
}

/** SQLite's result codes: busy, locked, read-only, I/O error, full, cannot open, not authorized. */
const diskFailures: ReadonlySet<number> = new Set([5, 6, 8, 10, sqliteFull, 14, 23]);

function isDiskFailure(error: Error): boolean {
  return isCorruption(error) || diskFailures.has(sqliteCode(error) ?? -1);
}
