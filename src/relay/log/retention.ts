/** How much history is kept: the oldest deliveries go, never one that something waits for. */
import type { RemovedStep } from './removal.ts';

/** What the history holds. */
export interface Kept {
  readonly deliveries: number;
  /** The highest ID of a delivery. */
  readonly latest: number;
  /** What it takes on the disk: the pages of log and index that hold something, in bytes. */
  readonly bytes: number;
  /** Something waits or is held: that cannot be removed. */
  readonly somethingWaits: boolean;
}

export interface RetentionOptions {
  kept(): Kept;
  /** Removes at most `most` deliveries from `floor` to `last` that nothing waits for, oldest first: one step. */
  removeOldest(floor: number, last: number, most: number): Promise<RemovedStep>;
  /** Called when what waits alone is more than may be kept, and when it no longer is. */
  onFull(full: boolean): void;
}

/** How long what is too much may stay, in milliseconds, so that a burst is not slowed by its own removal. */
const delayMs = 50;

/** While there is more to remove, the next step comes after this, in milliseconds. */
const nextMs = 5;

/** Deliveries removed in one transaction, at most: it takes about a millisecond, in which nothing else is done. */
const mostInStep = 300;
/** The same where somebody waits for it. */
const mostAtOnce = 2000;

/** Keeps the history within its limits by removing the oldest. */
export class Retention {
  readonly #options: RetentionOptions;
  #limits = { maxDeliveries: Infinity, maxBytes: Infinity };
  #timer: NodeJS.Timeout | undefined;
  #removing = false;
  /** Every delivery below it waits for something, as far as is known. */
  #floor = 0;
  /** The lowest delivery that was settled while a step was under way, which may have looked at it before. */
  #settledMeanwhile = Infinity;
  #full = false;
  #closed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Sets how much is kept, and begins to remove what is too much. */
  set(limits: { readonly maxDeliveries: number; readonly maxBytes: number }): void {
    this.#limits = { maxDeliveries: limits.maxDeliveries, maxBytes: limits.maxBytes };
    this.look();
  }

  /** Whether what waits alone is more than may be kept, in bytes: nothing may be added, since nothing can go. */
  get full(): boolean {
    return this.#full;
  }

  /** Something was written: removes what is too much, soon. */
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
      // By count, the latest stay, however many wait.
      const last = kept.bytes > this.#limits.maxBytes ? kept.latest : kept.latest - this.#limits.maxDeliveries;
      this.#remove(last, most).then(
        (removed) => {
          this.#removing = false;
          if (this.#closed) return;
          const { bytes, somethingWaits } = this.#options.kept();
          // What was written together with the step, and settled by that, was not looked at.
          if (removed > 0 || this.#settledMeanwhile < Infinity) this.#look(nextMs);
          else if (bytes > this.#limits.maxBytes && somethingWaits) this.#setFull(true);
        },
        // The store has said why.
        () => (this.#removing = false),
      );
    }, waitMs);
    this.#timer.unref();
  }

  /** Something of this delivery no longer waits: it may be removed. */
  settled(deliveryId: number): void {
    this.#floor = Math.min(this.#floor, deliveryId);
    this.#settledMeanwhile = Math.min(this.#settledMeanwhile, deliveryId);
  }

  /** Anything may have stopped waiting. */
  startOver(): void {
    this.settled(0);
  }

  /** Removes every delivery up to `last` that nothing waits for. Resolves to how many, when on disk. */
  async removeAll(last: number): Promise<number> {
    this.startOver();
    let all = 0;
    for (;;) {
      const removed = await this.#remove(last, mostAtOnce);
      if (removed === 0) return all;
      all += removed;
    }
  }

  /** Removes nothing more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onFull(full);
  }

  /** How many deliveries are to be removed next; by bytes half as many as would do on average, since the oldest may be larger. */
  #tooMany({ deliveries, bytes }: Kept): number {
    const { maxDeliveries, maxBytes } = this.#limits;
    const byCount = deliveries - maxDeliveries;
    const byBytes = bytes <= maxBytes ? 0 : Math.ceil((((bytes - maxBytes) / bytes) * deliveries) / 2);
    return Math.max(0, Math.min(Math.max(byCount, byBytes), mostInStep));
  }

  /** The first step that removes anything. */
  async #remove(last: number, most: number): Promise<number> {
    for (;;) {
      this.#settledMeanwhile = Infinity;
      const step = await this.#options.removeOldest(this.#floor, last, most);
      this.#floor = Math.min(step.floor, this.#settledMeanwhile);
      if (step.removed > 0 || !step.more) return step.removed;
    }
  }
}
