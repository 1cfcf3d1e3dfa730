/** `node:sqlite`, and how it says that a file is somebody else's at the moment. */
import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';

/**
 * The constructor of `node:sqlite`.
 * @throws the system's error on a runtime without it
 */
export function nodeSqlite(): typeof DatabaseSync {
  // Not an import: a bundle must load, and explain itself, where the module is missing.
  const load = createRequire(process.execPath);
  return (load('node:sqlite') as { DatabaseSync: typeof DatabaseSync }).DatabaseSync;
}

/** SQLite's primary result code of an error, or undefined. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

const busy = 5;
const locked = 6;

/** Whether an error says that another connection has what was asked for. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === busy || code === locked;
}
