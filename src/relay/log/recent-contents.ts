/** How many are remembered at least, and at most twice as many. */
const generationSize = 32_768;

/**
 * The contents that came lately, each with its latest event, so that a duplicate is known when it comes. What is older
 * is known to the history's index, a moment later.
 */
export class RecentContents {
  readonly #events = new Generations();
  /** The event before, of those whose content came before. */
  readonly #before = new Generations();

  /** The latest event of a content; undefined where that is not remembered. */
  eventOf(fingerprint: number): number | undefined {
    return this.#events.get(fingerprint);
  }

  /** The events of a content that are remembered, the latest first. */
  *eventsOf(fingerprint: number): Generator<number> {
    let event = this.eventOf(fingerprint);
    while (event !== undefined) {
      yield event;
      event = this.#before.get(event);
    }
  }

  /** @param fingerprint a whole number below 2^53 - 1 */
  remember(fingerprint: number, event: number): void {
    const earlier = this.eventOf(fingerprint);
    if (earlier !== undefined && earlier !== event) this.#before.set(event, earlier);
    this.#events.set(fingerprint, event);
  }

  forget(): void {
    this.#events.clear();
    this.#before.clear();
  }
}

/** Numbers by number, in two generations: when one is full, the older is forgotten. */
class Generations {
  #fresh = new Map<number, number>();
  #older: ReadonlyMap<number, number> = new Map();

  get(key: number): number | undefined {
    return this.#fresh.get(key) ?? this.#older.get(key);
  }

  set(key: number, value: number): void {
    if (this.#fresh.size >= generationSize) {
      this.#older = this.#fresh;
      this.#fresh = new Map();
    }
    this.#fresh.set(key, value);
  }

  clear(): void {
    this.#fresh = new Map();
    this.#older = new Map();
  }
}
