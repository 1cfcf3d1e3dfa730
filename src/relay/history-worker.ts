/** The thread that reads the history, so that no query delays the webhook endpoint. Its other end is history-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { RelayAdvice } from '../protocol/errors.ts';
import { HistoryReader, storeFile } from './history.ts';
import { loadSqlite } from './database.ts';
import type { HistoryAnswer, HistoryCall } from './history-thread.ts';

const dataDir = (workerData as { dataDir: string }).dataDir;
const reader = new HistoryReader(dataDir);

/** Indexing is done in pieces of this length, in milliseconds, so that a query waits no longer for it. */
const indexBudgetMs = 100;
const indexDelayMs = 1000;
let indexTimer: NodeJS.Timeout | undefined;

function indexSoon(delayMs: number): void {
  indexTimer ??= setTimeout(() => {
    indexTimer = undefined;
    try {
      if (!reader.index(indexBudgetMs)) indexSoon(1);
    } catch {
      // As on a full disk: a search for text tries again, and says so.
    }
  }, delayMs);
}

/** Moves what is in the write-ahead log into the store's file, which the writer would else do while requests wait. */
function checkpoint(): void {
  const Database = loadSqlite();
  const db = new Database(storeFile(dataDir));
  try {
    db.exec(
      'PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_checkpoint(PASSIVE)',
    );
  } finally {
    db.close();
  }
}

function answer(call: HistoryCall): unknown {
  switch (call.method) {
    case 'query':
      return reader.query(call.params);
    case 'event':
      return reader.event(call.id);
    case 'delivery':
      return reader.delivery(call.id);
    case 'target':
      return reader.target(call.params.id, call.params);
    case 'notificationIdsFor':
      return reader.notificationIdsFor(call.ids);
    case 'notificationIds':
      return reader.notificationIds(call.filter);
    case 'failedNotificationIds':
      return reader.failedNotificationIds();
    case 'changed':
      indexSoon(indexDelayMs);
      return null;
    case 'checkpoint':
      checkpoint();
      return null;
  }
}

parentPort?.on('message', ({ number, call }: { number: number; call: HistoryCall }) => {
  let message: HistoryAnswer;
  try {
    message = { number, value: answer(call) };
  } catch (error) {
    const { name, message: text, advice } = error as Error & { advice?: RelayAdvice };
    message = { number, error: { name, message: text, advice } };
  }
  parentPort?.postMessage(message);
});
