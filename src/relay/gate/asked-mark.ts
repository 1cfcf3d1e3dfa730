/**
 * Which breakpoint is being asked, in a file of the data directory. It is written without a sync: it has to outlive the
 * process and not the machine, and tells the next relay which breakpoint ended the last one.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Windows has none. */
const { O_NOFOLLOW: noFollow } = constants as { readonly O_NOFOLLOW?: number };

/** What is longer is no mark of ours, in bytes. */
const mostBytes = 65_536;

/** A file as long as something is asked: one line, empty when nothing is. */
export class AskedMark {
  readonly #file: string;
  #descriptor: number | undefined;

  constructor(dataDir: string) {
    this.#file = join(dataDir, 'asked.json');
  }

  /** What was being asked when the last relay ended; empty where that was nothing, or cannot be read. */
  get left(): string {
    try {
      const bytes = Buffer.alloc(mostBytes);
      const descriptor = openSync(this.#file, constants.O_RDONLY | (noFollow ?? 0));
      const length = readSync(descriptor, bytes, 0, mostBytes, 0);
      closeSync(descriptor);
      const [line = '', rest] = bytes.toString('utf8', 0, length).split('\n', 2);
      return rest === undefined ? '' : line;
    } catch {
      return '';
    }
  }

  /**
   * Notes what is being asked from now on.
   * @param what a line; empty: nothing
   */
  note(what: string): void {
    try {
      writeSync(this.#open(), `${what}\n`, 0);
    } catch {
      // A disk that takes nothing is told of where something has to be on it.
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): number {
    const flags = constants.O_WRONLY | constants.O_CREAT | (noFollow ?? 0);
    this.#descriptor ??= openSync(this.#file, flags, 0o600);
    return this.#descriptor;
  }
}
