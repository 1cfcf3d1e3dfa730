import { closeSync, fdatasyncSync, openSync } from 'node:fs';

export interface WalSync {
  /** Makes all commits durable. @throws Error, with SQLite's code for a failing disk */
  sync(): void;
  close(): void;
}

/** SQLite's result code for a failing disk. */
const ioError = 10;

/**
 * Does what SQLite omits at a commit with `synchronous=NORMAL`: it syncs the log, through a separate handle, which
 * makes no difference to the system. SQLite itself syncs the log when it restarts and before it is written back, which
 * keeps the file consistent. This way, only the commits that need it are synced. Not in another thread: measured on two
 * cores, 15,000 deliveries a second instead of 21,000, because two halves of a burst then alternate and each needs a
 * sync.
 * @param file the database's path; its writer is open, so that its log stays the same file
 */
export function walSync(file: string): WalSync {
  let handle: number | undefined;
  return {
    sync: () => {
      try {
        handle ??= openSync(`${file}-wal`, 'r+');
        fdatasyncSync(handle);
      } catch (error) {
        throw Object.assign(error as Error, { errcode: ioError });
      }
    },
    close: () => {
      if (handle !== undefined) closeSync(handle);
    },
  };
}
