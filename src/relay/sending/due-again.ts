import type { Job } from './waiting.ts';

/** The longest delay of a timer, in milliseconds. */
const longestTimer = 2_147_483_647;

/** If the clock changes by more than this, it was set, in milliseconds. */
const maxDriftMs = 1000;

/** Forwardings with the times of their retries, and the timer for the first of them. */
export class DueAgain {
  readonly #jobs = new Map<number, Job>();
  /** The earliest first. May contain outdated times, which are skipped. */
  #due: { readonly at: number; readonly notificationId: number }[] = [];
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  /** Difference of the system's clock to the monotonic one, in milliseconds. */
  #clockAhead = Date.now() - performance.now();

  /** @param onDue called when one is due, if {@link arm} was called before */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Number of forwardings, due or not. */
  get size(): number {
    return this.#jobs.size;
  }

  get nextAt(): number | undefined {
    return this.#jobs.size === 0 ? undefined : this.#due[0]?.at;
  }

  /** Adds one without its stored notification, because there may be many. @param at milliseconds since the epoch */
  add(job: Job, at: number): void {
    // The time is that of the current clock.
    this.#followClock();
    this.#keep(job, at);
  }

  #keep(job: Job, at: number): void {
    const { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked } = job;
    const known = { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked, nextAt: at };
    this.#jobs.set(notificationId, known);
    // Those with the same time stay in order of arrival.
    let start = 0;
    let end = this.#due.length;
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((this.#due[middle]?.at ?? 0) <= at) start = middle + 1;
      else end = middle;
    }
    this.#due.splice(start, 0, { at, notificationId });
  }

  /** @param now milliseconds since the epoch */
  takeDue(now: number): Job | undefined {
    this.#followClock();
    for (let first = this.#due[0]; first !== undefined && first.at <= now; first = this.#due[0]) {
      this.#due.shift();
      const job = this.#jobs.get(first.notificationId);
      if (job === undefined || (job.nextAt ?? 0) > now) continue;
      this.#jobs.delete(first.notificationId);
      return job;
    }
    return undefined;
  }

  /** Makes all of them due, in the order of their times. */
  dueNow(): void {
    const now = Date.now();
    this.#reschedule((at) => Math.min(at, now));
  }

  /** Adapts the times if the system's clock was set back: otherwise, retries would be delayed by as much. */
  #followClock(): void {
    const before = this.#clockAhead;
    this.#clockAhead = Date.now() - performance.now();
    const back = before - this.#clockAhead;
    if (back > maxDriftMs) this.#reschedule((at) => at - back);
  }

  /** Replaces the queue, so that outdated times don't accumulate with each call. */
  #reschedule(due: (at: number) => number): void {
    const inOrder = [...this.#jobs.values()].sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0));
    this.#due = [];
    for (const job of inOrder) this.#keep(job, due(job.nextAt ?? 0));
  }

  has(notificationId: number): boolean {
    return this.#jobs.has(notificationId);
  }

  /** Removes forwardings. @returns the IDs of their notifications */
  drop(isGone: (job: Job) => boolean): number[] {
    const dropped = [...this.#jobs.values()].filter(isGone).map(({ notificationId }) => notificationId);
    for (const id of dropped) this.#jobs.delete(id);
    if (dropped.length > 0) this.#reschedule((at) => at);
    return dropped;
  }

  /** Starts the timer for the first one. */
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
      // If that is too early, it is started again.
      Math.min(Math.max(next - Date.now(), 0), longestTimer),
    );
  }

  /** Stops the timer until it is started again. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
