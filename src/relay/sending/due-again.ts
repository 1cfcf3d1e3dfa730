import type { Job } from './waiting.ts';

/** The longest delay that `setTimeout` accepts. */
const longestTimer = 2_147_483_647;

/** If the clock changes by more than this, it was set. */
const maxDriftMs = 1000;

export class DueAgain {
  readonly #jobs = new Map<number, Job>();
  /** The earliest first. May contain outdated times, which are skipped. */
  #due: { readonly at: number; readonly notificationId: number }[] = [];
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  /** System clock minus monotonic clock. */
  #clockAhead = Date.now() - performance.now();

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#jobs.size;
  }

  get nextAt(): number | undefined {
    return this.#jobs.size === 0 ? undefined : this.#due[0]?.at;
  }

  /** Keeps no stored notification, because there may be many jobs. @param at milliseconds since the epoch */
  add(job: Job, at: number): void {
    this.#followClock();
    this.#keep(job, at);
  }

  #keep(job: Job, at: number): void {
    const { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked } = job;
    const known = { notificationId, deliveryId, destinationId, attempts, roundStart, released, looked, nextAt: at };
    this.#jobs.set(notificationId, known);
    // Jobs with the same time stay in order of arrival.
    let start = 0;
    let end = this.#due.length;
    while (start < end) {
      const middle = (start + end) >> 1;
      if ((this.#due[middle]?.at ?? 0) <= at) start = middle + 1;
      else end = middle;
    }
    this.#due.splice(start, 0, { at, notificationId });
  }

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

  dueNow(): void {
    const now = Date.now();
    this.#reschedule((at) => Math.min(at, now));
  }

  /** If the system's clock was set back, retries would be delayed by as much. */
  #followClock(): void {
    const before = this.#clockAhead;
    this.#clockAhead = Date.now() - performance.now();
    const back = before - this.#clockAhead;
    if (back > maxDriftMs) this.#reschedule((at) => at - back);
  }

  /** Replaces the queue, so that outdated times don't accumulate. */
  #reschedule(due: (at: number) => number): void {
    const inOrder = [...this.#jobs.values()].sort((a, b) => (a.nextAt ?? 0) - (b.nextAt ?? 0));
    this.#due = [];
    for (const job of inOrder) this.#keep(job, due(job.nextAt ?? 0));
  }

  has(notificationId: number): boolean {
    return this.#jobs.has(notificationId);
  }

  drop(isGone: (job: Job) => boolean): number[] {
    const dropped = [...this.#jobs.values()].filter(isGone).map(({ notificationId }) => notificationId);
    for (const id of dropped) this.#jobs.delete(id);
    if (dropped.length > 0) this.#reschedule((at) => at);
    return dropped;
  }

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
      // If that is too early, the timer is started again.
      Math.min(Math.max(next - Date.now(), 0), longestTimer),
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
