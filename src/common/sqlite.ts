import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';

/**
 * Opens a database that anyone may have made: its schema can neither call functions with effects outside it nor be
 * changed.
 * @param file its path, or `:memory:`
 * @throws SQLite's error; the system's on a runtime without `node:sqlite`
 */
export function openSqlite(file: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  // Not an import: a bundle must load, and explain itself, without the module.
  const load = createRequire(process.execPath);
  const { DatabaseSync: Database } = load('node:sqlite') as { DatabaseSync: typeof DatabaseSync };
  const db = new Database(file, options);
  try {
    // Node 24.12 and later, where it is the default.
    (db as Partial<Pick<DatabaseSync, 'enableDefensive'>>).enableDefensive?.(true);
    db.exec('PRAGMA trusted_schema = OFF');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

const busy = 5;
const locked = 6;

export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === busy || code === locked;
}
