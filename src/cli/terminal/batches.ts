/** Deliveries that go on in several notifications: what becomes of these is told together. */
import type { Attempt, Delivery, EventRow } from '../../protocol/history.ts';

/** What came of a batch's notifications at one destination since that was told last. */
export interface BatchOutcome {
  readonly deliveryId: string;
  readonly destination: string;
  /** How many notifications go there in all. */
  readonly parts: number;
  readonly sent: number;
  readonly failed: number;
  readonly retrying: number;
  /** The longest attempt, in milliseconds. */
  readonly slowestMs: number;
  /** The last attempt that was not taken, else the last. */
  readonly last: Attempt;
}

interface Batch {
  readonly parts: number;
  /** Sent or failed, and told. */
  settled: number;
  since: BatchOutcome | null;
  timer: NodeJS.Timeout | undefined;
}

/** What was not told for so long is, in milliseconds. */
const tellAfterMs = 1000;
/** Of so many batches the outcomes are put together; those of others are told one by one. */
const mostBatches = 1000;

/** Puts the attempts of each batch together. */
export class Batches {
  readonly #tell: (outcome: BatchOutcome) => void;
  readonly #batches = new Map<string, Batch>();

  /** @param tell what is to be told: when all of a batch was tried, and of one that takes long once a second */
  constructor(tell: (outcome: BatchOutcome) => void) {
    this.#tell = tell;
  }

  /** A delivery came. @param events all of them; of one whose events are not all there, attempts are told one by one */
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

  /** @returns false where the attempt is to be told by itself */
  attempt(attempt: Attempt): boolean {
    const key = `${attempt.deliveryId} ${attempt.destinationId}`;
    const batch = this.#batches.get(key);
    if (batch === undefined) return false;
    const { outcome, deliveryId, destination } = attempt;
    const since = batch.since ?? {
      ...{ deliveryId, destination, parts: batch.parts },
      ...{ sent: 0, failed: 0, retrying: 0, slowestMs: 0, last: attempt },
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

  /** Tells what was not told yet. */
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
    // What is sent again later is told by itself.
    if (batch.settled >= batch.parts) this.#batches.delete(key);
    this.#tell(since);
  }
}
