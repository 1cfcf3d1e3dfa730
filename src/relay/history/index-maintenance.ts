import type { Status } from '../../protocol/status.ts';
import type { HistoryThread } from './history-thread.ts';
import type { IndexNews } from './history-worker.ts';
import type { Store } from '../log/store.ts';

/** A burst ends when fewer deliveries than `quietDeliveries` have arrived since the last check. */
const lookEveryMs = 250;
const quietDeliveries = 25;
const looksBetween = 8;

/** Deliveries before the write-ahead log is written back: after a burst, and during one. */
const checkpointWhenQuiet = 500;
const checkpointInBurst = 5000;

export interface IndexMaintenanceOptions {
  readonly history: Pick<HistoryThread, 'tell'>;
  readonly store: Pick<Store, 'setIndexSize'>;
  readonly announcer: { statusChanged(): void };
  log(level: 'warn' | 'info', message: string): void;
}

/** Updates the index and the files at times when no requests wait: after a burst, or when it has lasted long. */
export class IndexMaintenance {
  readonly #options: IndexMaintenanceOptions;
  #index: Status['index'] = { events: 0, of: 0, failure: null };
  #sinceLook = 0;
  #looks = 0;
  #sinceCheckpoint = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IndexMaintenanceOptions) {
    this.#options = options;
  }

  get index(): Status['index'] {
    return this.#index;
  }

  begin(): void {
    this.#timer ??= setTimeout(this.#look, lookEveryMs).unref();
  }

  indexed({ index: { events, of, bytes }, failure }: IndexNews): void {
    const { store, announcer } = this.#options;
    if (failure !== null && this.#index.failure === null) {
      const later = 'searches of words may miss older events';
      this.#options.log('warn', `the text of the history is not indexed (${failure}): ${later}`);
    }
    this.#index = { events, of, failure };
    store.setIndexSize(bytes, events);
    announcer.statusChanged();
  }

  stored(): void {
    this.#sinceLook += 1;
    this.begin();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    const quiet = this.#sinceLook < quietDeliveries;
    this.#sinceCheckpoint += this.#sinceLook;
    this.#sinceLook = 0;
    this.#timer = quiet ? undefined : setTimeout(this.#look, lookEveryMs).unref();
    this.#looks = quiet ? 0 : this.#looks + 1;
    if (quiet) this.#options.history.tell('changed');
    else if (this.#looks % looksBetween === 1) this.#options.history.tell('changing');
    if (this.#sinceCheckpoint < (quiet ? checkpointWhenQuiet : checkpointInBurst)) return;
    this.#sinceCheckpoint = 0;
    this.#options.history.tell('checkpoint');
  };
}
