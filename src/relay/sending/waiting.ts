/**
 * Waiting forwardings of one destination, in order. They are on disk; a window of them is in memory, and is refilled
 * when it is empty.
 */
import type { OpenForwarding } from '../log/records.ts';
import type { StoredNotification } from '../log/stored.ts';

export interface Job extends OpenForwarding {
  /** The stored notification, if it was read. */
  readonly notification?: StoredNotification;
}

/** Maximum number of forwardings in memory; the rest is on disk. */
export const windowSize = 2000;

/** Maximum number of taken items before the array is shortened. */
const mostTaken = 1024;

export class Waiting {
  /** In order; starts at `#next`, so that taking one is cheap. */
  #queue: Job[] = [];
  #next = 0;
  /** Not to be read from disk again: waiting here or for a retry, being sent, or sent and not yet recorded. */
  readonly #inMemory = new Set<number>();
  /** There is more on disk, after this notification; null if there isn't. */
  #moreAfter: number | null = 0;
  /** The highest notification ID that was added in order. */
  #last = 0;

  get inMemory(): boolean {
    return this.#inMemory.size > 0;
  }

  /** Adds one that was just written to disk. Without space, or with earlier ones on disk, it is read later. */
  add(job: Job): void {
    if (this.#moreAfter !== null) return;
    if (this.#queue.length - this.#next >= windowSize) {
      this.#moreAfter = this.#last;
      return;
    }
    if (this.#push(job)) this.#last = Math.max(this.#last, job.notificationId);
  }

  /** Adds one out of order, such as for a replay. */
  addLate(job: Job): void {
    this.#push(job);
  }

  #push(job: Job): boolean {
    if (this.#inMemory.has(job.notificationId)) return false;
    this.#inMemory.add(job.notificationId);
    this.#queue.push(job);
    return true;
  }

  /** The next in memory; it counts as in memory until `forget`. */
  take(): Job | undefined {
    const job = this.#queue[this.#next];
    if (job === undefined) return undefined;
    this.#next += 1;
    if (this.#next > mostTaken) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return job;
  }

  has(notificationId: number): boolean {
    return this.#queue.slice(this.#next).some((job) => job.notificationId === notificationId);
  }

  /** If nothing waits in memory, but on disk: the ID of the notification to read after. Otherwise null. */
  get readAfter(): number | null {
    return this.#next < this.#queue.length ? null : this.#moreAfter;
  }

  /**
   * Adds what was read from disk after `readAfter`.
   * @param read if it has `windowSize` items, there may be more
   * @param postponed called for what is not due yet: it is in memory, but not here
   * @param now milliseconds since the epoch
   */
  fill(read: readonly Job[], now: number, postponed: (job: Job, at: number) => void): void {
    this.#moreAfter = read.length < windowSize ? null : (read.at(-1)?.notificationId ?? null);
    this.#queue = [];
    this.#next = 0;
    for (const job of read) {
      if (this.#inMemory.has(job.notificationId)) continue;
      this.#inMemory.add(job.notificationId);
      this.#last = Math.max(this.#last, job.notificationId);
      if (job.nextAt !== null && job.nextAt > now) postponed(job, job.nextAt);
      else this.#queue.push(job);
    }
  }

  /** Returns a taken one to its position: it was not sent. */
  putBack(job: Job): void {
    this.#queue = [...this.#queue.slice(this.#next), job].sort((a, b) => a.notificationId - b.notificationId);
    this.#next = 0;
  }

  /** It is finished, or waits no longer: from now on, its state on disk applies. */
  forget(notificationId: number): void {
    this.#inMemory.delete(notificationId);
  }

  drop(isGone: (job: Job) => boolean): void {
    const kept: Job[] = [];
    for (const job of this.#queue.slice(this.#next)) {
      if (isGone(job)) this.#inMemory.delete(job.notificationId);
      else kept.push(job);
    }
    this.#queue = kept;
    this.#next = 0;
  }

  /** More may wait on disk than is known here: it is read again from the beginning. */
  lookAgain(): void {
    this.#moreAfter = 0;
  }
}
