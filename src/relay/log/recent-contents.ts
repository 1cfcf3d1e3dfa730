/** Number of contents in each of two generations, and of events of a content. */
const generationSize = 32_768;
const mostEvents = 20;

/**
 * Recent contents, each with its latest events, so that a duplicate is recognized on arrival. Older ones are found by
 * the history's index, a moment later. When a generation is full, the older one is discarded.
 */
export class RecentContents {
  #fresh = new Map<number, readonly number[]>();
  #older: ReadonlyMap<number, readonly number[]> = new Map();

  /** The remembered events with a content, the latest first. */
  eventsOf(fingerprint: number): readonly number[] {
    return this.#fresh.get(fingerprint) ?? this.#older.get(fingerprint) ?? [];
  }

  remember(fingerprint: number, event: number): void {
    const events = [event, ...this.eventsOf(fingerprint)].slice(0, mostEvents);
    if (this.#fresh.size >= generationSize) {
      this.#older = this.#fresh;
      this.#fresh = new Map();
    }
    this.#fresh.set(fingerprint, events);
  }
}
