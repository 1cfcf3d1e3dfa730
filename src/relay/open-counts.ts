/** How much waits and is held for each destination, for the status. */
import type { OpenDestination } from './forwardings.ts';
import type { Store } from './store.ts';

/** With more than this waiting or held it is counted anew only so often, in milliseconds: it takes a while. */
const manyOpen = 10_000;
const countEveryMs = 5000;

/** Counts what is open, and remembers it where counting would take long or is not possible. */
export class OpenCounts {
  readonly #store: Store;
  readonly #log: (level: 'error', message: string) => void;
  #counted: { readonly at: number; readonly open: ReadonlyMap<number, OpenDestination> } | undefined;
  /** It could not be counted, which was said. */
  #said = false;

  constructor(store: Store, log: (level: 'error', message: string) => void) {
    this.#store = store;
    this.#log = log;
  }

  /** What is open, by the store's number of the destination; none where nothing is. */
  get(): ReadonlyMap<number, OpenDestination> {
    const { waiting, held } = this.#store.totals;
    const isRecent = this.#counted !== undefined && Date.now() - this.#counted.at <= countEveryMs;
    if (this.#counted !== undefined && isRecent && waiting + held > manyOpen) return this.#counted.open;
    try {
      const open = new Map(this.#store.forwardings.openDestinations().map((each) => [each.destinationId, each]));
      this.#counted = { at: Date.now(), open };
      this.#said = false;
    } catch (error) {
      if (!this.#said) {
        const why = (error as Error).message;
        this.#log('error', `the history cannot be read (${why}): the status says what waited before`);
      }
      this.#said = true;
      this.#counted ??= { at: 0, open: new Map() };
    }
    return this.#counted.open;
  }
}
