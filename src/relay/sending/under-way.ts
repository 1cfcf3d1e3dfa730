/** What is being sent at this moment, and how much of it may be. */
import type { Job } from './waiting.ts';

/** What all lanes have under way together. */
export interface AllUnderWay {
  /** Of the bodies that are being sent. */
  bytes: number;
}

/**
 * With more than this under way in all lanes, in bytes, each sends one at a time: a body repeats for each notification
 * and destination.
 */
const mostBytesUnderWay = 67_108_864;

/** What one destination is being sent. */
export class UnderWay {
  readonly #all: AllUnderWay;
  /** Null where it was discarded meanwhile: then its answer is the last. */
  readonly #jobs = new Map<number, Job | null>();

  constructor(all: AllUnderWay) {
    this.#all = all;
  }

  /** Whether one more may be sent. @param concurrency how many at once */
  hasRoom(concurrency: number): boolean {
    const { size } = this.#jobs;
    return size < concurrency && (size === 0 || this.#all.bytes < mostBytesUnderWay);
  }

  /** The notifications that are being sent, but for those that were discarded meanwhile. @param most so many at most */
  notificationIds(most: number): number[] {
    const ids: number[] = [];
    for (const [id, job] of this.#jobs) {
      if (ids.length === most) break;
      if (job !== null) ids.push(id);
    }
    return ids;
  }

  /** How many of them have been tried before, in this round. */
  get retried(): number {
    return [...this.#jobs.values()].filter((job) => job !== null && job.attempts > job.roundStart).length;
  }

  /** It is sent from now on. @param bytes its body's size */
  begin(job: Job, bytes: number): void {
    this.#jobs.set(job.notificationId, job);
    this.#all.bytes += bytes;
  }

  /**
   * It is answered, or has failed.
   * @param bytes as when it began
   * @returns it as it stands now: one that was replayed meanwhile is of a new round
   */
  end(job: Job, bytes: number): { readonly job: Job; readonly discarded: boolean } {
    const current = this.#jobs.get(job.notificationId) ?? null;
    this.#jobs.delete(job.notificationId);
    this.#all.bytes -= bytes;
    return { job: current ?? job, discarded: current === null };
  }

  /** Whether a notification is being sent. */
  has(notificationId: number): boolean {
    return this.#jobs.has(notificationId);
  }

  /** Takes note of what was discarded. */
  discard(isGone: (notificationId: number) => boolean): void {
    for (const id of this.#jobs.keys()) if (isGone(id)) this.#jobs.set(id, null);
  }

  /** Where it is replayed while under way (it was discarded, or was just due again), that request is the first of the round. */
  replayed(job: Job): void {
    if (this.#jobs.has(job.notificationId)) this.#jobs.set(job.notificationId, job);
  }
}
