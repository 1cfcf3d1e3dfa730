/** The thread that reads the history, so that no query delays the webhook endpoint. Its other end is history-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { openDatabase } from '../log/database.ts';
import type { Progress } from '../log/held.ts';
import { HistoryReader, storeFile } from './history.ts';
import type { IndexState } from './history.ts';
import type { Mark } from './history-index.ts';
import { serve, tell } from './remote-calls.ts';

const dataDir = (workerData as { dataDir: string }).dataDir;

/** The index follows in pieces of this length, in milliseconds, so that a question waits no longer for it. */
const followMs = 100;
const followDelayMs = 1000;
/** In a burst, in milliseconds: the processor is left to that. */
const shortPieceMs = 50;
/** Between two pieces while there is more to do, in milliseconds: what was asked meanwhile is answered. */
const nextPieceMs = 1;
/** When what could not be written is tried again, as on a full disk, in milliseconds. */
const againMs = 10_000;

/** What the thread says unasked, after each piece. */
export interface IndexNews {
  readonly index: IndexState;
  readonly marks: readonly Mark[];
  /** Why the index does not follow; null where it does. */
  readonly failure: string | null;
}

/** All that the relay asks of its history. */
export class HistoryCalls extends HistoryReader {
  #timer: NodeJS.Timeout | undefined;
  /** For an index in memory, which tries its file again. */
  #retry: NodeJS.Timeout | undefined;

  /** There may be something that the index has not got: it follows now. */
  begin(): void {
    this.#followSoon(nextPieceMs);
  }

  /** Something was stored: the index follows when there is time. */
  changed(): void {
    this.#followSoon(followDelayMs);
  }

  /** Very much is being stored: the index follows for one piece, and no longer. */
  changing(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#followSome(false, shortPieceMs);
  }

  /** Moves what is in the write-ahead log into the store's file, which the writer would else do while requests wait. */
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
    const { indexRetryMs } = this;
    clearTimeout(this.#retry);
    if (indexRetryMs !== null) this.#retry = setTimeout(() => this.#followSome(true), indexRetryMs);
    if (parentPort === null) return;
    tell(parentPort, { index: this.indexState, marks: this.takeMarks(), failure } satisfies IndexNews);
  }
}

if (parentPort !== null) {
  const calls = new HistoryCalls(dataDir);
  serve(parentPort, calls, (progress) => (calls.progress = progress as Progress));
}
