import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { Status } from '../../protocol/status.ts';
import type { HistoryThread } from './history-thread.ts';
import type { IndexNews } from './history-worker.ts';
import type { Store } from '../log/store.ts';

/** How often a burst is looked at, in milliseconds, and fewer deliveries than this since the last look end it. */
const lookEveryMs = 250;
const quietDeliveries = 25;
/** In a burst that goes on the index follows a little at every so many of these looks. */
const looksBetween = 8;

/**
 * Deliveries after which the write-ahead log is written back: when a burst is over, and during one, before the writer
 * would do it itself.
 */
const checkpointWhenQuiet = 500;
const checkpointInBurst = 5000;

export interface IndexMaintenanceOptions {
  readonly history: Pick<HistoryThread, 'tell'>;
  readonly store: Pick<Store, 'rememberContents' | 'setIndexSize'>;
  /** Tells the clients. */
  readonly announcer: {
    readonly heard: boolean;
    corrected(events: RelayNotificationParams<'event/changed'>['events']): void;
    statusChanged(): void;
  };
  log(level: 'warn' | 'info', message: string): void;
}

/**
 * Has the history's thread do what would else be done while requests wait: when a burst is over, or has gone on long.
 * Passes on what it says of the index.
 */
export class IndexMaintenance {
  readonly #options: IndexMaintenanceOptions;
  /** How far the index has come, as it was last told. */
  #index: Status['index'] = { events: 0, of: 0, failure: null };
  /** Why it is in memory; null where it is in its file. */
  #inMemory: string | null = null;
  #beginning: NodeJS.Immediate | undefined;
  #sinceLook = 0;
  /** Since the burst began. */
  #looks = 0;
  #sinceCheckpoint = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: IndexMaintenanceOptions) {
    this.#options = options;
  }

  /** How far the index of the history has come. */
  get index(): Status['index'] {
    return this.#index;
  }

  /** What the user should know of the index, as long as it is so. */
  get notices(): readonly string[] {
    return this.#inMemory === null ? [] : [inMemoryText(this.#inMemory)];
  }

  /** The relay is open: takes up what earlier ones left, after whatever waits for this one. */
  begin(): void {
    const { store, history } = this.#options;
    this.#beginning = setImmediate(() => {
      try {
        store.rememberContents();
      } catch (error) {
        const later = 'duplicates are detected a little later';
        this.#options.log('warn', `cannot read the history (${(error as Error).message}): ${later}`);
      }
      history.tell('begin');
    });
  }

  /** The index has come further. */
  indexed({ index: { events, of, bytes, inMemory }, marks, failure }: IndexNews): void {
    const { store, announcer } = this.#options;
    if (inMemory !== null && this.#inMemory === null) this.#options.log('warn', inMemoryText(inMemory));
    if (inMemory === null && this.#inMemory !== null) {
      this.#options.log('info', 'search.sqlite is open and in use as the history index again');
    }
    this.#inMemory = inMemory;
    if (failure !== null && this.#index.failure === null) {
      this.#options.log('warn', `the history index is not up to date (${failure}): searches may miss older events`);
    }
    this.#index = { events, of, failure };
    store.setIndexSize(bytes, events);
    if (marks.length > 0 && announcer.heard) {
      announcer.corrected(marks.map(({ event, duplicateOf }) => ({ id: `e${event}`, duplicateOf: `e${duplicateOf}` })));
    }
    announcer.statusChanged();
  }

  /** A delivery was stored. */
  stored(): void {
    this.#sinceLook += 1;
    this.#timer ??= setTimeout(this.#look, lookEveryMs).unref();
  }

  /** Looks no more. */
  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#beginning);
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

function inMemoryText(why: string): string {
  return `${why}: the history index stays in memory; the relay keeps trying to open the file.`;
}
