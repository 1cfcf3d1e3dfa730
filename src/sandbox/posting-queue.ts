import type { PostResult } from './campaign-monitor/webhook-post.ts';

export interface PostAttempt {
  readonly at: string;
  readonly status: number | null;
  readonly milliseconds: number;
  /** The vendor's word, such as `ProtocolError` or `Timeout`; null for a success. */
  readonly failure: string | null;
}

export interface PostRecord {
  readonly id: number;
  readonly createdAt: string;
  /** `discarded`: no longer wanted before it could be sent, or too many were waiting. */
  state: 'waiting' | 'delivered' | 'failed' | 'discarded';
  readonly attempts: PostAttempt[];
  nextAttemptAt: string | null;
}

export interface Posting<R extends PostRecord> {
  readonly record: R;
  /** A lane posts one at a time, so that first attempts arrive in order. */
  readonly lane: string | number;
  readonly isWanted: () => boolean;
  readonly post: () => Promise<PostResult>;
  readonly judge?: (result: PostResult) => boolean;
  readonly changed: () => void;
}

const maxWaiting = 20_000;

const maxFinished = 1000;

export class PostingQueue<R extends PostRecord> {
  readonly #retryDelaysMs: () => readonly number[];
  readonly #log = new Map<number, R>();
  readonly #finished: number[] = [];
  readonly #lanes = new Map<string | number, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #made = 0;
  #closed = false;

  constructor(retryDelaysMs: () => readonly number[]) {
    this.#retryDelaysMs = retryDelaysMs;
  }

  get waiting(): number {
    return this.#log.size - this.#finished.length;
  }

  log(limit: number): R[] {
    return [...this.#log.values()].reverse().slice(0, limit);
  }

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
    // A stop aborts the POST, which says nothing about the receiver.
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
