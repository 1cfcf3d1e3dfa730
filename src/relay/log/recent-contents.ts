/** Minimum number of remembered events, and half the maximum; 16 bytes for each slot, of which half are used. */
const generationSize = 32_768;
const slots = generationSize * 2;

/**
 * Recent contents, each with its latest event, so that a duplicate is recognized on arrival. Older ones are found by
 * the history's index, a moment later. Two generations: when one is full, the older is discarded.
 */
export class RecentContents {
  #fresh = new Generation();
  #older = new Generation();
  /** The previous event with the same content, by event; in two generations as well. */
  #before = new Map<number, number>();
  #longBefore = new Map<number, number>();

  /** The latest event with a content; undefined if it isn't remembered. */
  eventOf(fingerprint: number): number | undefined {
    return this.#fresh.get(fingerprint + 1) ?? this.#older.get(fingerprint + 1);
  }

  /** The remembered events with a content, the latest first. */
  *eventsOf(fingerprint: number): Generator<number> {
    let event = this.eventOf(fingerprint);
    while (event !== undefined) {
      yield event;
      event = this.#before.get(event) ?? this.#longBefore.get(event);
    }
  }

  /** @param fingerprint a whole number below 2^53 - 1 */
  remember(fingerprint: number, event: number): void {
    const earlier = this.eventOf(fingerprint);
    if (earlier !== undefined && earlier !== event) this.#chain(event, earlier);
    if (this.#fresh.count >= generationSize) {
      const oldest = this.#older;
      this.#older = this.#fresh;
      this.#fresh = oldest;
      oldest.clear();
    }
    this.#fresh.set(fingerprint + 1, event);
  }

  #chain(event: number, earlier: number): void {
    if (this.#before.size >= generationSize) {
      this.#longBefore = this.#before;
      this.#before = new Map();
    }
    this.#before.set(event, earlier);
  }
}

/**
 * Maps positive numbers to numbers in two flat arrays: the garbage collector would walk a map of a million boxed
 * numbers each time.
 */
class Generation {
  readonly #keys = new Float64Array(slots);
  readonly #values = new Float64Array(slots);
  count = 0;

  get(key: number): number | undefined {
    const at = this.#slot(key);
    return this.#keys[at] === key ? this.#values[at] : undefined;
  }

  set(key: number, value: number): void {
    const at = this.#slot(key);
    if (this.#keys[at] !== key) this.count += 1;
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  clear(): void {
    if (this.count > 0) this.#keys.fill(0);
    this.count = 0;
  }

  /** The slot of a key, or the free one for it. There is always a free one. */
  #slot(key: number): number {
    let at = key % slots;
    while (this.#keys[at] !== 0 && this.#keys[at] !== key) at = at + 1 === slots ? 0 : at + 1;
    return at;
  }
}
