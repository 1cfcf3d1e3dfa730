import type { DatabaseSync } from 'node:sqlite';
import { isBusy } from '../common/sqlite.ts';
import { DataDirectoryError } from '../protocol/data-directory.ts';
import { lockFile, takingLock } from '../protocol/relay-lock.ts';
import { isCorruption, openOwn, StoreError } from './log/database.ts';

/** The system releases it when the process ends. */
export interface Lock {
  release(): void;
}

/** A client that checks whether a relay is running holds the lock for a moment. */
const lookMs = 200;

/**
 * A write transaction on a separate SQLite file, which only one process can hold.
 * @returns null if another process holds it
 * @throws DataDirectoryError, or StoreError on a runtime without SQLite
 */
export function takeLock(dataDir: string): Lock | null {
  const file = lockFile(dataDir);
  let db: DatabaseSync | undefined;
  try {
    db = openOwn(file);
    db.exec(`PRAGMA busy_timeout = ${lookMs}; ${takingLock}`);
  } catch (error) {
    db?.close();
    if (isBusy(error)) return null;
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
    `${file} contains no data: if no relay is running, delete it and try again.`,
    error,
  );
}
