import type { Job } from './waiting.ts';

export interface AllUnderWay {
  bytes: number;
}

/** With more than this in progress, each destination gets one notification at a time: bodies repeat for each. */
const mostBytesUnderWay = 67_108_864;

export class UnderWay {
  readonly #all: AllUnderWay;
  /** null if it was discarded during the attempt, and so isn't retried. */
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

  /** If it was replayed during the attempt, the returned job is in a new round. */
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

  /** An attempt that is in progress is the first of the new round. */
  replayed(job: Job): void {
    if (this.#jobs.has(job.notificationId)) this.#jobs.set(job.notificationId, job);
  }
}
