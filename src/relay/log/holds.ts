/** Held forwardings in the log: read, released, stopped and discarded, each in one transaction (see held.ts). */
import { isWaiting, stateCodes } from './database.ts';
import { updateStates, updateWaiting } from './event-states.ts';
import { holdableOf, holdOf } from './held.ts';
import type { ForwardingKey, Hold, HoldView, StoredSending, StoppedKey } from './held.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';
import type { WriteQueue } from './write-queue.ts';

export interface HeldFact extends ForwardingKey {
  readonly deliveryId: number;
  readonly attempts: number;
  readonly hold: Hold;
}

export interface HoldsOptions {
  readonly sql: Statements;
  readonly queue: WriteQueue;
  readonly tally: Tally;
  destinationIds(): Iterable<number>;
  /** Forwardings may have ended: their delivery may be removed. */
  onSettled(): void;
}

export class Holds {
  readonly #options: HoldsOptions;
  readonly #sql: Statements;
  readonly #tally: Tally;

  constructor(options: HoldsOptions) {
    this.#options = options;
    this.#sql = options.sql;
    this.#tally = options.tally;
  }

  get keptBreakpoints(): unknown {
    return readMeta(this.#sql, 'breakpoints');
  }

  /** @returns when on disk; rejects with a StoreError */
  keepBreakpoints(value: object): Promise<void> {
    return this.#options.queue.write(() => writeMeta(this.#sql, 'breakpoints', value));
  }

  /**
   * Stores the state of sending: one write, however much waits.
   * @param sending called when it is written
   * @param onDisk called at once when it is written, after the callbacks of all writes in its commit
   * @returns when on disk
   * @throws StoreError
   */
  storeSending(sending: () => StoredSending, onDisk?: () => void): Promise<void> {
    return this.#options.queue.write(() => writeMeta(this.#sql, 'sending', sending()), undefined, onDisk);
  }

  /**
   * Stores, as bookkeeping, that sending stopped at a breakpoint.
   * @param sending the new state; called when it is written
   * @returns whether that is on disk, once it is known
   */
  stop(sending: () => StoredSending, stopped: readonly StoppedKey[]): Promise<boolean> {
    return this.#options.queue.keep('the stop at a breakpoint', () => {
      writeMeta(this.#sql, 'sending', sending());
      for (const { notificationId, destinationId, breakpoint } of stopped) {
        this.#sql.run(
          `UPDATE forwardings SET stopped = ?, looked = 1, released = NULL WHERE notification_id = ? AND destination_id = ? AND ${isWaiting}`,
          breakpoint,
          notificationId,
          destinationId,
        );
      }
    });
  }

  /**
   * @param choose called within the transaction
   * @param no the number of the current pause
   * @returns their state before, when on disk
   * @throws StoreError
   */
  release(choose: () => readonly HeldFact[], no: number): Promise<HeldFact[]> {
    return this.#change(choose, ({ notificationId, destinationId }) => {
      this.#sql.run(
        `UPDATE forwardings SET released = ? WHERE notification_id = ? AND destination_id = ? AND ${isWaiting}`,
        no,
        notificationId,
        destinationId,
      );
    });
  }

  /**
   * @param choose called within the transaction
   * @returns their state before, when on disk
   * @throws StoreError
   */
  async drop(choose: () => readonly HeldFact[]): Promise<HeldFact[]> {
    const dropped = await this.#change(choose, (fact) => this.discard(fact, 'discarded'));
    this.#options.onSettled();
    return dropped;
  }

  async #change(choose: () => readonly HeldFact[], change: (fact: HeldFact) => void): Promise<HeldFact[]> {
    let changed: HeldFact[] = [];
    await this.#options.queue.write(() => {
      changed = [...choose()];
      for (const fact of changed) change(fact);
    });
    return changed;
  }

  /**
   * Discards all that a pause holds, and stores the new state of sending.
   * @param view what is held
   * @param underWay what is being sent; called within the transaction
   * @param onDisk as of {@link Holds.storeSending}
   * @throws StoreError
   */
  async dropAll(
    view: HoldView,
    underWay: () => readonly ForwardingKey[],
    sending: StoredSending,
    onDisk: () => void,
  ): Promise<void> {
    await this.#options.queue.write(
      () => {
        writeMeta(this.#sql, 'sending', sending);
        for (const destinationId of this.#options.destinationIds()) {
          if (view.destinationHold(destinationId) !== null) continue;
          const sent = underWay().filter((each) => each.destinationId === destinationId);
          const changed = this.#sql.run(
            `UPDATE forwardings SET state = ${stateCodes.discarded}, next_at = NULL, detail = 'discarded'
           WHERE destination_id = ? AND ${isWaiting} AND released IS NOT ? AND notification_id NOT IN (SELECT value FROM json_each(?))`,
            destinationId,
            view.sending.no,
            JSON.stringify(sent.map(({ notificationId }) => notificationId)),
          );
          this.#tally.move(destinationId, 'waiting', 'discarded', changed);
        }
        updateWaiting(this.#sql);
      },
      undefined,
      onDisk,
    );
    this.#options.onSettled();
  }

  /** Discards a waiting forwarding. Within a transaction. @param detail why, for people */
  discard({ notificationId, destinationId }: ForwardingKey, detail: string): void {
    const changed = this.#sql.run(
      `UPDATE forwardings SET state = ${stateCodes.discarded}, next_at = NULL, detail = ? WHERE notification_id = ? AND destination_id = ? AND ${isWaiting}`,
      detail,
      notificationId,
      destinationId,
    );
    this.#tally.move(destinationId, 'waiting', 'discarded', changed);
    updateStates(this.#sql, notificationId);
  }

  of(notificationId: number, view: HoldView): HeldFact[] {
    return this.#sql
      .all(
        `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
         WHERE f.notification_id = ? AND f.${isWaiting} ORDER BY f.destination_id`,
        notificationId,
      )
      .map((row) => factOf(row, view))
      .filter((fact) => fact !== null);
  }

  /** In the order of notifications; undefined if a pause or a breakpoint holds none. */
  next(view: HoldView, isChosen: (fact: HeldFact) => boolean): number | undefined {
    let next: number | undefined;
    for (const destinationId of this.#options.destinationIds()) {
      if (view.destinationHold(destinationId) !== null) continue;
      const rows = this.#sql.iterate(
        `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
         WHERE f.destination_id = ? AND f.${isWaiting} AND f.released IS NOT ? ORDER BY f.notification_id`,
        destinationId,
        view.sending.no,
      );
      for (const row of rows) {
        const fact = factOf(row, view);
        if (fact === null || !isChosen(fact)) continue;
        next = Math.min(next ?? Infinity, fact.notificationId);
        break;
      }
    }
    return next;
  }

  /**
   * Held forwardings in the order of notifications.
   * @param after only those of a later notification
   * @param most approximate: a notification is never split
   */
  list(after: number, most: number, view: HoldView): { readonly held: HeldFact[]; readonly more: boolean } {
    const all: HeldFact[] = [];
    for (const destinationId of this.#options.destinationIds()) {
      // Skip a destination that isn't held, because it may have many waiting forwardings.
      if (view.sending.paused === null && view.destinationHold(destinationId) === null) continue;
      const rows = this.#sql.iterate(
        `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
         WHERE f.destination_id = ? AND f.${isWaiting} AND f.notification_id > ? ORDER BY f.notification_id`,
        destinationId,
        after,
      );
      let here = 0;
      for (const row of rows) {
        const fact = factOf(row, view);
        if (fact === null) continue;
        all.push(fact);
        here += 1;
        if (here > most) break;
      }
    }
    all.sort((a, b) => a.notificationId - b.notificationId || a.destinationId - b.destinationId);
    if (all.length <= most) return { held: all, more: false };
    const last = all[most - 1]?.notificationId ?? 0;
    const held = all.filter(({ notificationId }) => notificationId <= last);
    return { held, more: held.length < all.length };
  }
}

/** Whether a pause or a breakpoint holds it, and not its destination. */
export function isOfPause({ hold }: HeldFact): boolean {
  return hold.by === 'pause' || hold.by === 'breakpoint';
}

function factOf(row: Row, view: HoldView): HeldFact | null {
  const holdable = holdableOf(row);
  const hold = holdOf(holdable, view);
  if (hold === null) return null;
  const { notificationId, destinationId } = holdable;
  const [deliveryId, attempts] = [Number(row['delivery_id']), Number(row['attempts'])];
  return { notificationId, destinationId, deliveryId, attempts, hold };
}
