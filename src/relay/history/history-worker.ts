/** The thread that reads the history, so that queries don't delay the webhook endpoint (see history-thread.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../log/database.ts';
import type { Progress } from '../log/held.ts';
import { HistoryReader, storeFile } from './history.ts';
import type { IndexState } from './history.ts';
import { serve, tell } from './remote-calls.ts';

const dataDir = (workerData as { dataDir: string }).dataDir;

/** The index is updated in pieces of this length, in milliseconds, so that queries don't wait longer for it. */
const followMs = 100;
const followDelayMs = 1000;
/** During a burst, in milliseconds, to leave the processor to it. */
const shortPieceMs = 50;
/** Between two pieces, in milliseconds, so that queries run. */
const nextPieceMs = 1;
/** Pause before a failed write is tried again, as on a full disk, in milliseconds. */
const againMs = 10_000;

/** Sent after each piece. */
export interface IndexNews {
  readonly index: IndexState;
  /** Why the index isn't updated; null if it is. */
  readonly failure: string | null;
}

export class HistoryCalls extends HistoryReader {
  #timer: NodeJS.Timeout | undefined;

  begin(): void {
    this.#followSoon(nextPieceMs);
  }

  /** Something was stored: the index is updated when there is time. */
  changed(): void {
    this.#followSoon(followDelayMs);
  }

  /** Very much is being stored: the index is updated for one piece only. */
  changing(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#followSome(false, shortPieceMs);
  }

  /** Moves the write-ahead log into the store's file, which the writer would otherwise do while requests wait. */
  checkpoint(): void {
    const db = openDatabase(storeFile(dataDir));
    try {
      db.exec(
        'PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_checkpoint(PASSIVE)',
      );
    } finally {
      db.close();
    }
  }

  #followSoon(delayMs: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#followSome(true);
    }, delayMs);
  }

  #followSome(goOn: boolean, budgetMs = followMs): void {
    let failure: string | null = null;
    try {
      if (!this.follow(budgetMs) && goOn) this.#followSoon(nextPieceMs);
    } catch (error) {
      failure = (error as Error).message;
      this.#followSoon(againMs);
    }
    if (parentPort === null) return;
    tell(parentPort, { index: this.indexState, failure } satisfies IndexNews);
  }
}

if (parentPort !== null) {
  const calls = new HistoryCalls(dataDir);
  serve(parentPort, calls, (progress) => (calls.progress = progress as Progress));
}
