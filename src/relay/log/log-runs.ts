/** Each time that a log is opened for writing is a run of it, noted in the log with where it ended then. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteFull, StoreError } from './database.ts';
import { LogFeed } from '../history/log-feed.ts';

/** So many of the latest are kept: what knows an earlier one alone is made again. */
const mostRuns = 8;

/**
 * Notes a run, on disk before anything is written in it: what comes after a loss of power gets the ids of what was lost,
 * and whoever knew that learns of it by the end that the next run found.
 * @throws StoreError where the disk is full; SQLite's error
 */
export function beginRun(db: DatabaseSync): void {
  const feed = new LogFeed(db);
  const runs = [...feed.runs, { name: randomBytes(8).toString('hex'), ...feed.end }].slice(-mostRuns);
  try {
    db.exec('PRAGMA synchronous = FULL');
    db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('runs', ?)").run(JSON.stringify(runs));
  } catch (error) {
    if (sqliteCode(error) !== sqliteFull) throw error;
    throw new StoreError('the disk is full: the history cannot be written', 'make-room', error);
  } finally {
    db.exec('PRAGMA synchronous = NORMAL');
  }
}
