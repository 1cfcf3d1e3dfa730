import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { DataDirectoryError } from '../protocol/data-directory.ts';
import { isCorruption, openOwn, sqliteCode, StoreError } from './database.ts';

/** The right to be the one relay of a data directory. The system releases it when the process dies. */
export interface Lock {
  release(): void;
}

const busy = 5;
const locked = 6;

/**
 * Takes the lock: a write transaction on an SQLite file of its own, of which there is one at a time, held for life.
 * `IMMEDIATE`, which is one step: `EXCLUSIVE` takes several, and two that start at once can keep each other out.
 * @param dataDir the data directory
 * @returns null where another process holds it
 * @throws DataDirectoryError where the file cannot be made, or is damaged; StoreError on a runtime without SQLite
 */
export function takeLock(dataDir: string): Lock | null {
  const file = join(dataDir, 'lock.sqlite');
  let db: DatabaseSync | undefined;
  try {
    db = openOwn(file);
    db.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  } catch (error) {
    db?.close();
    const code = sqliteCode(error);
    if (code === busy || code === locked) return null;
    throw explained(error, dataDir, file);
  }
  return { release: () => db.close() };
}

function explained(error: unknown, dataDir: string, file: string): unknown {
  if (error instanceof StoreError) return error;
  const { message } = error as Error;
  if (!isCorruption(error)) {
    return new DataDirectoryError(dataDir, `cannot be locked: ${file}: ${message}`, 'check-folder', undefined, error);
  }
  return new DataDirectoryError(
    dataDir,
    `cannot be locked: ${file} is damaged (${message})`,
    'look-at-data-directory',
    `Nothing is kept in ${file}: where no relay runs, remove it and try again.`,
    error,
  );
}
