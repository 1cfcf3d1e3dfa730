/** The lock of a data directory, as its clients see it: whoever holds it is the relay (relay/lock.ts takes it). */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { isBusy, openSqlite } from '../common/sqlite.ts';

/** What the lock is on. */
export function lockFile(dataDir: string): string {
  return join(dataDir, 'lock.sqlite');
}

/** What takes the lock. `IMMEDIATE`, which is one step: `EXCLUSIVE` takes several, and two that start at once can keep each other out. */
export const takingLock = 'BEGIN IMMEDIATE';

/**
 * Whether a relay holds the lock of a data directory. SQLite tells only whoever tries to take it, so it is taken for a
 * moment where it is free; a relay that starts then waits that long.
 * @returns false, too, where it cannot be tried
 */
export function isLocked(dataDir: string): boolean {
  const file = lockFile(dataDir);
  if (!existsSync(file)) return false;
  let db: DatabaseSync | undefined;
  try {
    db = openSqlite(file);
    db.exec(`PRAGMA busy_timeout = 0; ${takingLock}`);
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db?.close();
  }
}
