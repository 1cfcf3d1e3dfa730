/** A run begins when a log is opened for writing, and is recorded in the log with the log's end at that time. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { sqliteCode, sqliteFull, StoreError } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';
import { Statements } from './statements.ts';

/** How far derived data has followed the log: the last known IDs. */
export interface Position {
  readonly delivery: number;
  readonly attempt: number;
  readonly change: number;
}

/** From one opening of the log for writing to the next. */
export interface Run extends Position {
  readonly name: string;
}

/** The current end of a log, including removed entries. */
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

export function runsOf(sql: Statements): readonly Run[] {
  return (readMeta(sql, 'runs') as Run[] | undefined) ?? [];
}

/** Number of runs kept: data derived in an earlier run is rebuilt. */
const mostRuns = 8;

/**
 * Records a run, on disk before anything is written in it: after a power loss, new entries get the IDs of lost ones,
 * and the run's end shows readers which of their entries were lost.
 * @throws StoreError if the disk is full; SQLite's error
 */
export function beginRun(db: DatabaseSync): void {
  const sql = new Statements(db);
  const runs = [...runsOf(sql), { name: randomBytes(8).toString('hex'), ...endOf(sql) }].slice(-mostRuns);
  try {
    writeMeta(sql, 'runs', runs);
  } catch (error) {
    if (sqliteCode(error) !== sqliteFull) throw error;
    throw new StoreError('the disk is full: cannot write the history', 'make-room', error);
  }
}
