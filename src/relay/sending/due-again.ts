/** What of a destination is tried again at a time. */
import { DueQueue } from './due-queue.ts';
import type { Job } from './waiting.ts';

/** A timer waits no longer than this, in milliseconds. */
const longestTimer = 2_147_483_647;

/** A clock that goes back by more was set, in milliseconds. */
const maxDriftMs = 1000;

/** Forwardings that are due at a time, and the timer for the first of them. */
export class DueAgain {
  readonly #jobs = new Map<number, Job>();
  /** When each is due; what was added again meanwhile is passed over. */
  #due = new DueQueue<number>();
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  /** What the system's clock is ahead of the monotonic one, in milliseconds. */
  #clockAhead = Date.now() - performance.now();

  /** @param onDue called when one is due, where {@link arm} was called before */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** How many there are, due or not. */
  get size(): number {
    return this.#jobs.size;
  }

  /** When the first is due, in milliseconds since the epoch; undefined where there is none. */
  get nextAt(): number | undefined {
    return this.#jobs.size === 0 ? undefined : this.#due.nextAt;
  }

  /**
   * Keeps one until it is due: without what was stored of it, since there may be very many.
   * @param at milliseconds since the epoch
   */
  add(job: Job, at: number): void {
    // Its time is of the clock as it stands now.
    this.#followClock();
    this.#keep(job, at);
  }

  #keep(job: Job, at: number): void {
    const { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked } = job;
    const known = { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked, nextAt: at };
    this.#jobs.set(notificationId, known);
    this.#due.add(at, notificationId);
  }

  /**
   * Takes the first that is due.
   * @param now milliseconds since the epoch
   */
  takeDue(now: number): Job | undefined {
    this.#followClock();
    for (let id = this.#due.takeDue(now); id !== undefined; id = this.#due.takeDue(now)) {
      const job = this.#jobs.get(id);
      if (job === undefined || (job.nextAt ?? 0) > now) continue;
      this.#jobs.delete(id);
      return job;
    }
    return undefined;
  }

  /** Makes all of them due, in the order in which they would have been. */
  dueNow(): void {
    const now = Date.now();
    this.#reschedule((at) => Math.min(at, now));
  }

  /** Were the clock set back, all would stand still for as long. */
  #followClock(): void {
    const before = this.#clockAhead;
    this.#clockAhead = Date.now() - performance.now();
    const back = before - this.#clockAhead;
    if (back > maxDriftMs) this.#reschedule((at) => at - back);
  }

  /** When each was due before is forgotten: it would gather with each call. */
  #reschedule(due: (at: number) => number): void {
    const inOrder = [...this.#jobs.values()].sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0));
    this.#due = new DueQueue();
    for (const job of inOrder) this.#keep(job, due(job.nextAt ?? 0));
  }

  /** Whether a notification is among them. */
  has(notificationId: number): boolean {
    return this.#jobs.has(notificationId);
  }

  /** Drops those that are gone, and says which those were. */
  drop(isGone: (job: Job) => boolean): number[] {
    const dropped = [...this.#jobs.values()].filter(isGone).map(({ notificationId }) => notificationId);
    for (const id of dropped) this.#jobs.delete(id);
    if (dropped.length > 0) this.#reschedule((at) => at);
    return dropped;
  }

  /** Sees to it that `onDue` is called for the first. */
  arm(): void {
    this.#followClock();
    const next = this.nextAt;
    if (this.#timer !== undefined && this.#timerAt === next) return;
    this.close();
    if (next === undefined) return;
    this.#timerAt = next;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#onDue();
      },
      // It is armed again where that is too early.
      Math.min(Math.max(next - Date.now(), 0), longestTimer),
    );
  }

  /** Waits for nothing any more, until it is armed again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
