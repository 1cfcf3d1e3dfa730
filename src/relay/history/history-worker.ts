/** Reads the history in a thread, so that queries don't delay the webhook endpoint. */
import { parentPort, workerData } from 'node:worker_threads';
import { createMessageConnection, PortMessageReader, PortMessageWriter, ResponseError } from 'vscode-jsonrpc/node';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import type { RelayAdvice } from '../../protocol/advice.ts';
import { relayErrorCode, type RelayErrorCode } from '../../protocol/errors.ts';
import { openDatabase } from '../log/database.ts';
import type { Progress } from '../log/held.ts';
import { HistoryReader, storeFile, type IndexState } from './history.ts';

const dataDir = (workerData as { dataDir: string }).dataDir;

/** The text is indexed in short pieces, so that queries don't wait long. */
const followMs = 100;
const followDelayMs = 1000;
const shortPieceMs = 50;
const nextPieceMs = 1;
/** Before a failed write is retried, such as on a full disk. */
const againMs = 10_000;

export interface IndexNews {
  readonly index: IndexState;
  readonly failure: string | null;
}

export interface PassedCall {
  readonly progress: Progress;
  readonly args: readonly unknown[];
}

export interface PassedError {
  readonly code: RelayErrorCode;
  readonly advice?: RelayAdvice | undefined;
}

export class HistoryCalls extends HistoryReader {
  onNews: (news: IndexNews) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Updates the index when there is time. */
  changed(): void {
    this.#followSoon(followDelayMs);
  }

  /** During a burst, updates the index for one piece only. */
  changing(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#followSome(false, shortPieceMs);
  }

  /** Moves the write-ahead log into the store's file: otherwise the writer would, while requests wait. */
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
    try {
      this.onNews({ index: this.indexState, failure });
    } catch {
      // The log can't be read now, which the next query reports.
    }
  }
}

function serve(calls: HistoryCalls, connection: MessageConnection): void {
  const methods = calls as unknown as Readonly<Record<string, (...args: unknown[]) => unknown>>;
  connection.onRequest((method, params) => {
    try {
      const { progress, args } = params as PassedCall;
      calls.progress = progress;
      return methods[method]?.(...args) ?? null;
    } catch (error) {
      const { message, advice } = error as Error & { advice?: RelayAdvice };
      throw new ResponseError<PassedError>(0, message, { code: relayErrorCode(error), advice });
    }
  });
  calls.onNews = (news) => void connection.sendNotification('news', news);
  connection.listen();
}

if (parentPort !== null) {
  const port = parentPort;
  const calls = new HistoryCalls(dataDir);
  serve(calls, createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port)));
}
