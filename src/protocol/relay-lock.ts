import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { isBusy, openSqlite } from '../common/sqlite.ts';

export function lockFile(dataDir: string): string {
  return join(dataDir, 'lock.sqlite');
}

/** `EXCLUSIVE` takes several steps, in which two relays that start at once can block each other. */
export const takingLock = 'BEGIN IMMEDIATE';

/** SQLite only tells by trying, so a free lock is taken for a moment. @returns false, too, if it can't be tried */
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
