/** The oldest deliveries are removed, but never one with something waiting. */
import type { RemovedStep } from './removal.ts';

export interface Kept {
  readonly deliveries: number;
  readonly latest: number;
  readonly bytes: number;
  readonly somethingWaits: boolean;
}

export interface RetentionOptions {
  kept(): Kept;
  removeOldest(floor: number, last: number, most: number): Promise<RemovedStep>;
  /** Called when waiting deliveries alone exceed the limit, and when they no longer do. */
  onFull(full: boolean): void;
}

/** A burst must not be slowed by its own removal. */
const delayMs = 50;

const nextMs = 5;

/** One transaction blocks the thread for about a millisecond. */
const mostInStep = 300;
const mostAtOnce = 2000;

export class Retention {
  readonly #options: RetentionOptions;
  #limits = { maxDeliveries: Infinity, maxBytes: Infinity };
  #timer: NodeJS.Timeout | undefined;
  #removing = false;
  /** Every delivery below it has something waiting, as far as is known. */
  #floor = 0;
  /** The lowest delivery that was settled during a step, which may have checked it before. */
  #settledMeanwhile = Infinity;
  #full = false;
  #closed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  set(limits: { readonly maxDeliveries: number; readonly maxBytes: number }): void {
    this.#limits = { maxDeliveries: limits.maxDeliveries, maxBytes: limits.maxBytes };
    this.look();
  }

  get full(): boolean {
    return this.#full;
  }

  look(): void {
    this.#look(delayMs);
  }

  #look(waitMs: number): void {
    if (this.#timer !== undefined || this.#removing || this.#closed) return;
    const kept = this.#options.kept();
    if (this.#full && kept.bytes <= this.#limits.maxBytes) this.#setFull(false);
    if (this.#tooMany(kept) === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const kept = this.#options.kept();
      const most = this.#tooMany(kept);
      if (most === 0) return;
      this.#removing = true;
      // By count, the latest stay, even if many wait.
      const last = kept.bytes > this.#limits.maxBytes ? kept.latest : kept.latest - this.#limits.maxDeliveries;
      this.#remove(last, most).then(
        (removed) => {
          this.#removing = false;
          if (this.#closed) return;
          const { bytes, somethingWaits } = this.#options.kept();
          // Writes in the same commit may have settled deliveries after the step checked them.
          if (removed > 0 || this.#settledMeanwhile < Infinity) this.#look(nextMs);
          else if (bytes > this.#limits.maxBytes && somethingWaits) this.#setFull(true);
        },
        () => (this.#removing = false),
      );
    }, waitMs);
    this.#timer.unref();
  }

  settled(deliveryId: number): void {
    this.#floor = Math.min(this.#floor, deliveryId);
    this.#settledMeanwhile = Math.min(this.#settledMeanwhile, deliveryId);
  }

  startOver(): void {
    this.settled(0);
  }

  async removeAll(last: number): Promise<number> {
    this.startOver();
    let all = 0;
    for (;;) {
      const removed = await this.#remove(last, mostAtOnce);
      if (removed === 0) return all;
      all += removed;
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onFull(full);
  }

  /** By bytes, removes half the average estimate, because the oldest may be larger. */
  #tooMany({ deliveries, bytes }: Kept): number {
    const { maxDeliveries, maxBytes } = this.#limits;
    const byCount = deliveries - maxDeliveries;
    const byBytes = bytes <= maxBytes ? 0 : Math.ceil((((bytes - maxBytes) / bytes) * deliveries) / 2);
    return Math.max(0, Math.min(Math.max(byCount, byBytes), mostInStep));
  }

  async #remove(last: number, most: number): Promise<number> {
    for (;;) {
      this.#settledMeanwhile = Infinity;
      const step = await this.#options.removeOldest(this.#floor, last, most);
      this.#floor = Math.min(step.floor, this.#settledMeanwhile);
      if (step.removed > 0 || !step.more) return step.removed;
    }
  }
}
