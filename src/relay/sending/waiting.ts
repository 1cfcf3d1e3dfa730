/**
 * What waits for one destination, in order. It is on disk; a window of it is in memory, which is read on when its turn
 * comes.
 */
import type { OpenForwarding } from '../log/records.ts';
import type { StoredNotification } from '../log/stored.ts';

/** A forwarding that is to be sent. */
export interface Job extends OpenForwarding {
  /** What was stored of the notification, where it is at hand. */
  readonly notification?: StoredNotification;
}

/** How many forwardings wait in memory; the rest is on disk. */
export const windowSize = 2000;

/** How many that were taken are kept at the front before the queue is shortened. */
const mostTaken = 1024;

/** The window of what waits for a destination. */
export class Waiting {
  /** In order; `#next` is where it begins, so that taking one is cheap. */
  #queue: Job[] = [];
  #next = 0;
  /** All that must not be read from disk again: waiting here or for a retry, under way, or sent and not yet recorded. */
  readonly #inMemory = new Set<number>();
  /** There is more on disk, after this notification; null where there is not. */
  #moreAfter: number | null = 0;
  /** The greatest notification id that came in its order. */
  #last = 0;

  /** Whether something of it is in memory: waiting, under way, or not yet recorded. */
  get inMemory(): boolean {
    return this.#inMemory.size > 0;
  }

  /** Takes one that was just put on disk. Without room, or with others before it on disk, it is read in its turn. */
  add(job: Job): void {
    if (this.#moreAfter !== null) return;
    if (this.#queue.length - this.#next >= windowSize) {
      this.#moreAfter = this.#last;
      return;
    }
    if (this.#push(job)) this.#last = Math.max(this.#last, job.notificationId);
  }

  /** Takes one whose place in the order has passed, as in a replay. */
  addLate(job: Job): void {
    this.#push(job);
  }

  #push(job: Job): boolean {
    if (this.#inMemory.has(job.notificationId)) return false;
    this.#inMemory.add(job.notificationId);
    this.#queue.push(job);
    return true;
  }

  /** The next in memory; it counts as being in memory until it is forgotten. */
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

  /** Whether a notification is here, to be taken in its turn. */
  has(notificationId: number): boolean {
    return this.#queue.slice(this.#next).some((job) => job.notificationId === notificationId);
  }

  /** Where to read on, by the id of a notification: nothing waits in memory, but on disk. Else null. */
  get readAfter(): number | null {
    return this.#next < this.#queue.length ? null : this.#moreAfter;
  }

  /**
   * Takes what was read from disk after `readAfter`.
   * @param read as many as `windowSize` where there may be more
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

  /** Puts one that was taken back to where it was: nothing of it was sent. */
  putBack(job: Job): void {
    this.#queue = [...this.#queue.slice(this.#next), job].sort((a, b) => a.notificationId - b.notificationId);
    this.#next = 0;
  }

  /** It is done, or waits no longer: from now on what the disk says of it counts. */
  forget(notificationId: number): void {
    this.#inMemory.delete(notificationId);
  }

  /** Forgets those of what waits here. */
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
