import type { Attempt, Delivery, EventRow } from '../../protocol/history.ts';

export interface BatchOutcome {
  readonly deliveryId: string;
  readonly destination: string;
  readonly parts: number;
  readonly sent: number;
  readonly failed: number;
  readonly retrying: number;
  readonly slowestMs: number;
  /** The last attempt that failed, or else the last. */
  readonly last: Attempt;
}

interface Batch {
  readonly parts: number;
  settled: number;
  since: BatchOutcome | null;
  timer: NodeJS.Timeout | undefined;
}

const tellAfterMs = 1000;
/** Attempts of further batches are reported one by one. */
const mostBatches = 1000;

export class Batches {
  readonly #tell: (outcome: BatchOutcome) => void;
  readonly #batches = new Map<string, Batch>();

  /** @param tell called when all of a batch was attempted, and once a second for a batch that takes longer */
  constructor(tell: (outcome: BatchOutcome) => void) {
    this.#tell = tell;
  }

  /** Unless these are all events of the delivery, its attempts are reported one by one. */
  came({ id, eventCount }: Delivery, events: readonly EventRow[]): void {
    if (eventCount < 2 || events.length !== eventCount) return;
    const parts = new Map<string, Set<string>>();
    for (const { destinationId, notificationId } of events.flatMap(({ forwardings }) => forwardings)) {
      parts.set(destinationId, (parts.get(destinationId) ?? new Set()).add(notificationId));
    }
    for (const [destinationId, { size }] of parts) {
      if (size < 2 || this.#batches.size >= mostBatches) continue;
      this.#batches.set(`${id} ${destinationId}`, { parts: size, settled: 0, since: null, timer: undefined });
    }
  }

  /** @returns false if the attempt is to be reported by itself */
  attempt(attempt: Attempt): boolean {
    const key = `${attempt.deliveryId} ${attempt.destinationId}`;
    const batch = this.#batches.get(key);
    if (batch === undefined) return false;
    const { outcome, deliveryId, destination } = attempt;
    const since = batch.since ?? {
      deliveryId,
      destination,
      parts: batch.parts,
      sent: 0,
      failed: 0,
      retrying: 0,
      slowestMs: 0,
      last: attempt,
    };
    batch.since = {
      ...since,
      [outcome]: since[outcome] + 1,
      slowestMs: Math.max(since.slowestMs, attempt.durationMs),
      last: outcome === 'sent' && since.failed + since.retrying > 0 ? since.last : attempt,
    };
    const { sent, failed, retrying } = batch.since;
    if (batch.settled + sent + failed + retrying >= batch.parts) this.#tellOf(key, batch);
    else batch.timer ??= setTimeout(() => this.#tellOf(key, batch), tellAfterMs).unref();
    return true;
  }

  flush(): void {
    for (const [key, batch] of this.#batches) this.#tellOf(key, batch);
  }

  #tellOf(key: string, batch: Batch): void {
    clearTimeout(batch.timer);
    batch.timer = undefined;
    const { since } = batch;
    if (since === null) return;
    batch.since = null;
    batch.settled += since.sent + since.failed;
    if (batch.settled >= batch.parts) this.#batches.delete(key);
    this.#tell(since);
  }
}
