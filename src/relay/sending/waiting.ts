/** All are on disk; a window of them is in memory, and is refilled when it is empty. */
import type { OpenForwarding } from '../log/records.ts';
import type { StoredNotification } from '../log/stored.ts';

export interface Job extends OpenForwarding {
  readonly notification?: StoredNotification;
}

export const windowSize = 2000;

const mostTaken = 1024;

export class Waiting {
  /** Starts at `#next`, so that taking one is cheap. */
  #queue: Job[] = [];
  #next = 0;
  /** Not to be read from disk again: waiting here or for a retry, being sent, or sent and not yet recorded. */
  readonly #inMemory = new Set<number>();
  /** There is more on disk after this notification; null if there isn't. */
  #moreAfter: number | null = 0;
  #last = 0;

  get inMemory(): boolean {
    return this.#inMemory.size > 0;
  }

  /** Without space, or with earlier ones on disk, it is read later. */
  add(job: Job): void {
    if (this.#moreAfter !== null) return;
    if (this.#queue.length - this.#next >= windowSize) {
      this.#moreAfter = this.#last;
      return;
    }
    if (this.#push(job)) this.#last = Math.max(this.#last, job.notificationId);
  }

  addLate(job: Job): void {
    this.#push(job);
  }

  #push(job: Job): boolean {
    if (this.#inMemory.has(job.notificationId)) return false;
    this.#inMemory.add(job.notificationId);
    this.#queue.push(job);
    return true;
  }

  /** It counts as in memory until `forget`. */
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

  get readAfter(): number | null {
    return this.#next < this.#queue.length ? null : this.#moreAfter;
  }

  /** @param postponed called for what is not due yet: it is in memory, but not here */
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

  putBack(job: Job): void {
    this.#queue = [...this.#queue.slice(this.#next), job].sort((a, b) => a.notificationId - b.notificationId);
    this.#next = 0;
  }

  /** From now on, its state on disk applies. */
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

  /** More may wait on disk than is known here: reads again from the beginning. */
  lookAgain(): void {
    this.#moreAfter = 0;
  }
}
