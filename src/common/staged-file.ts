/** Replaces whole files: a crash leaves the old or the new. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface StagedFile {
  put(): void;
  discard(): void;
}

/** Beside the file, readable only by its owner. @throws the system's error: nothing is left then */
export function stageFile(file: string, text: string): StagedFile {
  const temporary = `${file}.${process.pid}`;
  const discard = (): void => rmSync(temporary, { force: true });
  // An old one of a process with the same ID may have another mode.
  discard();
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    discard();
    throw error;
  }
  return { put: () => renameSync(temporary, file), discard };
}

/** Flushes a folder's entries, so that they survive a power failure, if the system supports it. */
export function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
  } catch {
    // SQLite ignores this, too.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
