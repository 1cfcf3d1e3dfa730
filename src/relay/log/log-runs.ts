/** Each time that a log is opened for writing is a run of it, noted in the log with where it ended then. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteFull, StoreError } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { Statements } from './statements.ts';

/** How far something has followed the log: the last ids that it knows. */
export interface Position {
  readonly delivery: number;
  readonly attempt: number;
  readonly change: number;
}

/** From one opening of the log for writing to the next. */
export interface Run extends Position {
  readonly name: string;
}

/** The end of a log as it is now: also of what was removed from it. */
export function endOf(sql: Statements): Position {
  const highest = (readMeta(sql, 'highest') as Partial<Position> | undefined) ?? {};
  const row = sql.get(
    'SELECT (SELECT max(id) FROM deliveries) AS delivery, (SELECT max(id) FROM attempts) AS attempt, (SELECT max(id) FROM changes) AS change',
  );
  const number = (name: string): number => Number(row?.[name] ?? 0);
  return {
    delivery: Math.max(number('delivery'), highest.delivery ?? 0),
    attempt: Math.max(number('attempt'), highest.attempt ?? 0),
    change: number('change'),
  };
}

/** The latest runs of a log, each with the end that it found. */
export function runsOf(sql: Statements): readonly Run[] {
  return (readMeta(sql, 'runs') as Run[] | undefined) ?? [];
}

/** So many of the latest are kept: what knows an earlier one alone is made again. */
const mostRuns = 8;

/**
 * Notes a run, on disk before anything is written in it: what comes after a loss of power gets the ids of what was lost,
 * and whoever knew that learns of it by the end that the next run found.
 * @throws StoreError where the disk is full; SQLite's error
 */
export function beginRun(db: DatabaseSync): void {
  const sql = new Statements(db);
  const runs = [...runsOf(sql), { name: randomBytes(8).toString('hex'), ...endOf(sql) }].slice(-mostRuns);
  try {
    db.exec('PRAGMA synchronous = FULL');
    writeMeta(sql, 'runs', runs);
  } catch (error) {
    if (sqliteCode(error) !== sqliteFull) throw error;
    throw new StoreError('the disk is full: cannot write the history', 'make-room', error);
  } finally {
    db.exec('PRAGMA synchronous = NORMAL');
  }
}
