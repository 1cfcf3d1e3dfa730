/** How much history is kept: the oldest deliveries go, never one that something waits for. */
import type { Totals } from './records.ts';

/** What one step of removing did. */
export interface RemovedStep {
  removed: number;
  /** Every delivery below it is gone or waits for something. */
  floor: number;
  /** There was more to look at. */
  more: boolean;
}

export interface RetentionOptions {
  totals(): Readonly<Totals>;
  /** Removes deliveries from `floor` to `last` that nothing waits for, oldest first, while `goOn`: one step. */
  removeOldest(floor: number, last: number, goOn: (totals: Totals) => boolean): Promise<RemovedStep>;
  /** Called when what waits alone is more than may be kept, and when it no longer is. */
  onFull(full: boolean): void;
}

/** How long what is too much may stay, in milliseconds, so that a burst is not slowed by its own removal. */
const delayMs = 50;

/** Keeps the history within its limits by removing the oldest. */
export class Retention {
  readonly #options: RetentionOptions;
  #limits = { maxDeliveries: Infinity, maxBytes: Infinity };
  #timer: NodeJS.Timeout | undefined;
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
    if (this.#full && !this.#isTooLarge()) this.#setFull(false);
    if (this.#timer !== undefined || this.#closed || !this.#isTooMuch(this.#options.totals())) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#isTooMuch(this.#options.totals())) return;
      this.#remove(Number.MAX_SAFE_INTEGER, (totals) => this.#isTooMuch(totals)).then(
        (removed) => {
          if (removed > 0) this.look();
          else if (this.#isTooLarge()) this.#setFull(true);
        },
        // The store has said why.
        () => undefined,
      );
    }, delayMs);
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
      const removed = await this.#remove(last, () => true);
      if (removed === 0) return all;
      all += removed;
    }
  }

  /** Removes nothing more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #isTooLarge(): boolean {
    return this.#options.totals().storedBytes > this.#limits.maxBytes;
  }

  #setFull(full: boolean): void {
    if (full === this.#full) return;
    this.#full = full;
    this.#options.onFull(full);
  }

  #isTooMuch(totals: Readonly<Totals>): boolean {
    return totals.deliveries > this.#limits.maxDeliveries || totals.storedBytes > this.#limits.maxBytes;
  }

  /** The first step that removes anything. */
  async #remove(last: number, goOn: (totals: Totals) => boolean): Promise<number> {
    for (;;) {
      this.#settledMeanwhile = Infinity;
      const step = await this.#options.removeOldest(this.#floor, last, goOn);
      this.#floor = Math.min(step.floor, this.#settledMeanwhile);
      if (step.removed > 0 || !step.more) return step.removed;
    }
  }
}
