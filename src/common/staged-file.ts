/** Files that are replaced whole: a crash leaves the old or the new. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** What is to be in a file, on disk beside it. */
export interface StagedFile {
  /** Puts it in the place of what was there. @throws the system's error */
  put(): void;
  /** Takes it away again. */
  discard(): void;
}

/**
 * Writes what is to be in a file, for its owner alone, beside it: under its name with this process's number.
 * @throws the system's error: nothing is left then
 */
export function stageFile(file: string, text: string): StagedFile {
  const temporary = `${file}.${process.pid}`;
  const discard = (): void => rmSync(temporary, { force: true });
  // One that was left by a process of the same number is not written to: its mode may be another.
  discard();
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
  } catch (error) {
    discard();
    throw error;
  }
  return { put: () => renameSync(temporary, file), discard };
}

/**
 * Puts on disk what was put into a folder, so that not even a machine that loses its power takes it back. Where the
 * system has no such thing (Windows), or the file system refuses, that is all that can be had.
 */
export function syncFolder(folder: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
  } catch {
    // SQLite goes on there, too.
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
