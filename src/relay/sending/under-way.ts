/** Notifications that are being sent, and limits for them. */
import type { Job } from './waiting.ts';

/** Shared by all destinations. */
export interface AllUnderWay {
  /** Size of all bodies that are being sent. */
  bytes: number;
}

/**
 * If more than this is being sent to all destinations, in bytes, each gets one notification at a time: a body repeats
 * for each notification and destination.
 */
const mostBytesUnderWay = 67_108_864;

/** Notifications that are being sent to one destination. */
export class UnderWay {
  readonly #all: AllUnderWay;
  /** Null if it was discarded during the attempt: then it isn't retried. */
  readonly #jobs = new Map<number, Job | null>();

  constructor(all: AllUnderWay) {
    this.#all = all;
  }

  hasRoom(concurrency: number): boolean {
    const { size } = this.#jobs;
    return size < concurrency && (size === 0 || this.#all.bytes < mostBytesUnderWay);
  }

  notificationIds(most: number): number[] {
    const ids: number[] = [];
    for (const [id, job] of this.#jobs) {
      if (ids.length === most) break;
      if (job !== null) ids.push(id);
    }
    return ids;
  }

  get retried(): number {
    return [...this.#jobs.values()].filter((job) => job !== null && job.attempts > job.roundStart).length;
  }

  begin(job: Job, bytes: number): void {
    this.#jobs.set(job.notificationId, job);
    this.#all.bytes += bytes;
  }

  /**
   * Its attempt has ended.
   * @param bytes as given to `begin`
   * @returns its current state: one that was replayed during the attempt is in a new round
   */
  end(job: Job, bytes: number): { readonly job: Job; readonly discarded: boolean } {
    const current = this.#jobs.get(job.notificationId) ?? null;
    this.#jobs.delete(job.notificationId);
    this.#all.bytes -= bytes;
    return { job: current ?? job, discarded: current === null };
  }

  has(notificationId: number): boolean {
    return this.#jobs.has(notificationId);
  }

  discard(isGone: (notificationId: number) => boolean): void {
    for (const id of this.#jobs.keys()) if (isGone(id)) this.#jobs.set(id, null);
  }

  /**
   * If it is replayed during an attempt (after a discard, or because it was just due again), that attempt is the first
   * of the round.
   */
  replayed(job: Job): void {
    if (this.#jobs.has(job.notificationId)) this.#jobs.set(job.notificationId, job);
  }
}
