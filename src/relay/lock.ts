import { join } from 'node:path';
import { openOwn, sqliteCode } from './database.ts';

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
 * @throws the system's error where the file cannot be made
 */
export function takeLock(dataDir: string): Lock | null {
  const db = openOwn(join(dataDir, 'lock.sqlite'));
  try {
    db.exec('PRAGMA busy_timeout = 0; BEGIN IMMEDIATE');
  } catch (error) {
    db.close();
    const code = sqliteCode(error);
    if (code === busy || code === locked) return null;
    throw error;
  }
  return { release: () => db.close() };
}
