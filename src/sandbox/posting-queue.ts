/** Outgoing POSTs: sent in order, retried on failure, and logged. */
import type { PostResult } from './campaign-monitor/webhook-post.ts';

export interface PostAttempt {
  readonly at: string;
  readonly status: number | null;
  readonly milliseconds: number;
  /** The vendor's word for the failure, such as `ProtocolError` or `Timeout`; null for a success. */
  readonly failure: string | null;
}

export interface PostRecord {
  readonly id: number;
  readonly createdAt: string;
  /** discarded: it was no longer wanted before it could be sent, or too many were waiting. */
  state: 'waiting' | 'delivered' | 'failed' | 'discarded';
  readonly attempts: PostAttempt[];
  /** When a failed one is sent again. */
  nextAttemptAt: string | null;
}

export interface Posting<R extends PostRecord> {
  readonly record: R;
  /** In a lane, only one is posted at a time, so that first attempts arrive in order. */
  readonly lane: string | number;
  /** If it is no longer wanted, it is discarded. */
  readonly isWanted: () => boolean;
  readonly post: () => Promise<PostResult>;
  /** Called with each result before the record's state changes. @returns whether a failed one may be sent again */
  readonly judge?: (result: PostResult) => boolean;
  /** Called when the record has changed: after each attempt, and when it is discarded. */
  readonly changed: () => void;
}

/** Maximum number of waiting POSTs. */
const maxWaiting = 20_000;

/** Maximum number of finished POSTs in the log, in addition to all that wait. */
const maxFinished = 1000;

export class PostingQueue<R extends PostRecord> {
  readonly #retryDelaysMs: () => readonly number[];
  readonly #log = new Map<number, R>();
  readonly #finished: number[] = [];
  /** The last POST of each lane. */
  readonly #lanes = new Map<string | number, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #made = 0;
  #closed = false;

  /** @param retryDelaysMs returns the current pauses before the second attempt and the following ones */
  constructor(retryDelaysMs: () => readonly number[]) {
    this.#retryDelaysMs = retryDelaysMs;
  }

  /** Number of unfinished POSTs. */
  get waiting(): number {
    return this.#log.size - this.#finished.length;
  }

  /** The newest records first. */
  log(limit: number): R[] {
    return [...this.#log.values()].reverse().slice(0, limit);
  }

  /** A record before its first attempt. */
  newRecord(createdAt = Date.now()): PostRecord {
    this.#made++;
    return {
      id: this.#made,
      createdAt: new Date(createdAt).toISOString(),
      state: 'waiting',
      attempts: [],
      nextAttemptAt: null,
    };
  }

  /** Adds one to its lane; discards it if too many are waiting. */
  add(posting: Posting<R>): void {
    const isFull = this.waiting >= maxWaiting;
    this.#log.set(posting.record.id, posting.record);
    if (isFull) this.#discard(posting);
    else this.#queue(posting);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #queue(posting: Posting<R>): void {
    const before = this.#lanes.get(posting.lane) ?? Promise.resolve();
    const lane = before
      .then(() => this.#attempt(posting))
      .finally(() => {
        if (this.#lanes.get(posting.lane) === lane) this.#lanes.delete(posting.lane);
      });
    this.#lanes.set(posting.lane, lane);
  }

  async #attempt(posting: Posting<R>): Promise<void> {
    if (this.#closed) return;
    const { record } = posting;
    record.nextAttemptAt = null;
    if (!posting.isWanted()) {
      this.#discard(posting);
      return;
    }
    const at = new Date().toISOString();
    const result = await posting.post();
    // A stop aborts the POST: that says nothing about the receiver.
    if (this.#isClosed()) return;
    const { status, milliseconds, failure } = result;
    record.attempts.push({ at, status, milliseconds, failure: failure?.FailureStatus ?? null });
    const again = posting.judge?.(result) ?? true;
    const delay = this.#retryDelaysMs()[record.attempts.length - 1];
    if (failure === null) {
      this.#finish(posting, 'delivered');
    } else if (!again || delay === undefined) {
      this.#finish(posting, 'failed');
    } else {
      record.nextAttemptAt = new Date(Date.now() + delay).toISOString();
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#queue(posting);
      }, delay);
      this.#timers.add(timer);
    }
    posting.changed();
  }

  #isClosed(): boolean {
    return this.#closed;
  }

  #discard(posting: Posting<R>): void {
    this.#finish(posting, 'discarded');
    posting.changed();
  }

  #finish({ record }: Posting<R>, state: 'delivered' | 'failed' | 'discarded'): void {
    record.state = state;
    this.#finished.push(record.id);
    const oldest = this.#finished.length > maxFinished ? this.#finished.shift() : undefined;
    if (oldest !== undefined) this.#log.delete(oldest);
  }
}
