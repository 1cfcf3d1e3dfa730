import type { HistoryThread } from './history-thread.ts';

/** How often a burst is looked at, in milliseconds, and fewer deliveries than this since the last look end it. */
const lookEveryMs = 500;
const quietDeliveries = 50;

/**
 * Deliveries after which the write-ahead log is written back: when a burst is over, and during one, before the writer
 * would do it itself.
 */
const checkpointWhenQuiet = 500;
const checkpointInBurst = 5000;

/**
 * Has the history's thread do what would else be done while requests wait: when a burst is over, or has gone on long.
 */
export class Upkeep {
  readonly #history: Pick<HistoryThread, 'changed' | 'checkpoint'>;
  #sinceLook = 0;
  #sinceCheckpoint = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(history: Pick<HistoryThread, 'changed' | 'checkpoint'>) {
    this.#history = history;
  }

  /** A delivery was stored. */
  stored(): void {
    this.#sinceLook += 1;
    this.#timer ??= setTimeout(this.#look, lookEveryMs).unref();
  }

  /** Looks no more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const quiet = this.#sinceLook < quietDeliveries;
    this.#sinceCheckpoint += this.#sinceLook;
    this.#sinceLook = 0;
    this.#timer = quiet ? undefined : setTimeout(this.#look, lookEveryMs).unref();
    if (quiet) this.#history.changed();
    if (this.#sinceCheckpoint < (quiet ? checkpointWhenQuiet : checkpointInBurst)) return;
    this.#sinceCheckpoint = 0;
    this.#history.checkpoint();
  };
}
