import type { SQLInputValue } from 'node:sqlite';
import { isCorruption, isWaiting, stateCodes, stateName, writeMeta, type StoredState } from './database.ts';
import { updateDiscarded, updateStates, updateWaiting } from './event-states.ts';
import { heldFactOf } from './held.ts';
import type { ForwardingKey, HeldFact, HoldView, StoppedKey, StoredSending } from './held.ts';
import type { AttemptRecord, ForwardingRecord, OpenForwarding } from './records.ts';
import { notificationFactsOf, type StoredNotification } from './stored.ts';
import type { RenderSettings } from '../../normalizer/normalize.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';
import type { WriteQueue } from './write-queue.ts';

export interface ForwardingsOptions {
  readonly sql: Statements;
  readonly queue: WriteQueue;
  readonly tally: Tally;
  destinationIds(): Iterable<number>;
  /** IDs grow and are never reused. */
  nextAttempt(): number;
  renderSettings(id: number): RenderSettings | undefined;
  onSettled(): void;
}

const waitingRows = `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id WHERE f.${isWaiting} AND`;

export interface WaitingForwarding extends OpenForwarding {
  readonly notification?: StoredNotification;
}

export class Forwardings {
  readonly #options: ForwardingsOptions;
  readonly #sql: Statements;
  readonly #tally: Tally;

  constructor(options: ForwardingsOptions) {
    this.#options = options;
    this.#sql = options.sql;
    this.#tally = options.tally;
  }

  /** Within a transaction. */
  insert(notificationId: number, { destinationId, released }: ForwardingRecord): void {
    this.#sql.run(
      `INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start, released) VALUES (?, ?, ${stateCodes.waiting}, 0, 0, ?)`,
      notificationId,
      destinationId,
      released,
    );
    this.#tally.add(destinationId, 'waiting');
  }

  /**
   * Retried while the store fails. A forwarding that was discarded in the meantime stays discarded unless it was sent.
   */
  recordAttempt(attempt: AttemptRecord, detail: string | null, stopped: number | null = null): Promise<boolean> {
    const { notificationId, destinationId, outcome } = attempt;
    const to = outcome === 'retrying' ? 'waiting' : outcome;
    const said = attempt.status === null ? 'got no answer' : `was answered ${attempt.status}`;
    const after = outcome === 'retrying' ? 'and will be retried' : 'and will be retried after a restart';
    const what = `attempt ${attempt.number} of n${notificationId} ${said} ${after}`;
    return this.#options.queue.keep(what, () => {
      const before = this.state(notificationId, destinationId);
      if (before === undefined) return;
      this.#sql.run(
        `INSERT INTO attempts (id, notification_id, destination_id, number, at, duration_ms, status, error, outcome, next_at, truncated, headers, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        this.#options.nextAttempt(),
        notificationId,
        destinationId,
        attempt.number,
        attempt.at,
        attempt.durationMs,
        attempt.status,
        attempt.error,
        outcome,
        attempt.nextAt,
        attempt.truncated ? 1 : 0,
        JSON.stringify(attempt.headers),
        attempt.body,
      );
      const state = before === 'discarded' && to !== 'sent' ? 'discarded' : to;
      this.#sql.run(
        'UPDATE forwardings SET state = ?, attempts = ?, next_at = ?, status = ?, duration_ms = ?, detail = ?, stopped = NULL WHERE notification_id = ? AND destination_id = ?',
        stateCodes[state],
        attempt.number,
        state === 'waiting' ? attempt.nextAt : null,
        attempt.status,
        attempt.durationMs,
        state === 'discarded' ? 'discarded' : detail,
        notificationId,
        destinationId,
      );
      if (stopped !== null) this.#stop({ notificationId, destinationId, breakpoint: stopped });
      this.#tally.move(destinationId, before, state, 1);
      updateStates(this.#sql, notificationId);
    });
  }

  /** Breakpoints must not check it again in this round. */
  keepLooked({ notificationId, destinationId }: ForwardingKey): Promise<boolean> {
    return this.#options.queue.keep(`the breakpoint check of n${notificationId}`, () => {
      this.#sql.run(
        `UPDATE forwardings SET looked = 1 WHERE notification_id = ? AND destination_id = ? AND ${isWaiting}`,
        notificationId,
        destinationId,
      );
    });
  }

  /** Waiting forwardings don't change, except that retries are due now. @returns what is due because of this call */
  async startRound(
    notificationId: number,
    destinationIds: readonly number[],
    isRetried: (destinationId: number) => boolean = () => false,
  ): Promise<OpenForwarding[]> {
    const started: OpenForwarding[] = [];
    await this.#options.queue.write(() => {
      started.length = 0;
      const row = this.#sql.get('SELECT delivery_id FROM notifications WHERE id = ?', notificationId);
      if (row === undefined) return;
      const deliveryId = Number(row['delivery_id']);
      for (const destinationId of destinationIds) {
        const round = this.#startOne(notificationId, destinationId, isRetried(destinationId));
        if (round === undefined) continue;
        const { attempts } = round;
        started.push({ notificationId, deliveryId, destinationId, roundStart: attempts, nextAt: null, ...round });
      }
      if (started.length > 0) updateStates(this.#sql, notificationId);
    });
    return started;
  }

  #startOne(
    notificationId: number,
    destinationId: number,
    isRetried: boolean,
  ): Pick<OpenForwarding, 'attempts' | 'released' | 'looked'> | undefined {
    const before = this.#sql.get(
      'SELECT state, attempts, released, looked FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    if (before === undefined) {
      this.insert(notificationId, { destinationId, released: null, stopped: null });
      return { attempts: 0, released: null, looked: false };
    }
    const state = stateName(before['state']);
    const attempts = Number(before['attempts']);
    if (state === 'waiting') {
      if (!isRetried) return undefined;
      // Its release and its breakpoint check still apply.
      this.#sql.run(
        'UPDATE forwardings SET round_start = attempts, next_at = NULL WHERE notification_id = ? AND destination_id = ?',
        notificationId,
        destinationId,
      );
      return { attempts, released: before['released'] as number | null, looked: before['looked'] !== null };
    }
    this.#sql.run(
      `UPDATE forwardings SET state = ${stateCodes.waiting}, round_start = attempts, next_at = NULL, detail = NULL,
         released = NULL, stopped = NULL, looked = NULL WHERE notification_id = ? AND destination_id = ?`,
      notificationId,
      destinationId,
    );
    this.#tally.move(destinationId, state, 'waiting', 1);
    return { attempts, released: null, looked: false };
  }

  async discard(notificationIds?: readonly number[]): Promise<number> {
    let discarded = 0;
    await this.#options.queue.write(() => {
      discarded = 0;
      if (notificationIds === undefined) {
        for (const id of [...this.#tally.draftWaiting.keys()]) discarded += this.#discard(id, 'discarded', '');
        if (discarded > 0) updateDiscarded(this.#sql);
      }
      for (const notificationId of notificationIds ?? []) {
        for (const destinationId of this.destinationsOf(notificationId)) {
          discarded += this.discardOne({ notificationId, destinationId });
        }
      }
    });
    this.#options.onSettled();
    return discarded;
  }

  /** Within a transaction. */
  discardOne({ notificationId, destinationId }: ForwardingKey, detail = 'discarded'): number {
    const changed = this.#discard(destinationId, detail, ' AND notification_id = ?', notificationId);
    if (changed > 0) updateStates(this.#sql, notificationId);
    return changed;
  }

  #discard(destinationId: number, detail: string, condition: string, ...values: SQLInputValue[]): number {
    const changed = this.#sql.run(
      `UPDATE forwardings SET state = ${stateCodes.discarded}, next_at = NULL, detail = ? WHERE destination_id = ? AND ${isWaiting}${condition}`,
      detail,
      destinationId,
      ...values,
    );
    this.#tally.move(destinationId, 'waiting', 'discarded', changed);
    return changed;
  }

  /**
   * `sending` is called when it is written, `onDisk` after the callbacks of all writes in its commit. @throws
   * StoreError
   */
  storeSending(sending: () => StoredSending, onDisk?: () => void): Promise<void> {
    return this.#options.queue.write(() => writeMeta(this.#sql, 'sending', sending()), undefined, onDisk);
  }

  stop(sending: () => StoredSending, stopped: readonly StoppedKey[]): Promise<boolean> {
    return this.#options.queue.keep('the stop at a breakpoint', () => {
      writeMeta(this.#sql, 'sending', sending());
      for (const each of stopped) this.#stop(each);
    });
  }

  #stop({ notificationId, destinationId, breakpoint }: StoppedKey): void {
    this.#sql.run(
      `UPDATE forwardings SET stopped = ?, looked = 1, released = NULL WHERE notification_id = ? AND destination_id = ? AND ${isWaiting}`,
      breakpoint,
      notificationId,
      destinationId,
    );
  }

  /** `choose` is called within the transaction. @returns the previous state @throws StoreError */
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

  async drop(choose: () => readonly HeldFact[]): Promise<HeldFact[]> {
    const dropped = await this.#change(choose, (fact) => this.discardOne(fact));
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

  /** `underWay` is called within the transaction. @throws StoreError */
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
          this.#discard(
            destinationId,
            'discarded',
            ' AND released IS NOT ? AND notification_id NOT IN (SELECT value FROM json_each(?))',
            view.sending.no,
            JSON.stringify(sent.map(({ notificationId }) => notificationId)),
          );
        }
        updateWaiting(this.#sql);
      },
      undefined,
      onDisk,
    );
    this.#options.onSettled();
  }

  /** @param released number of a pause: only what it released; null: all */
  waiting(destinationId: number, released: number | null, after: number, limit: number): WaitingForwarding[] {
    const which = released === null ? '' : ' AND f.released = ?';
    return this.#look(
      // If the clock was set back, a retry must not wait longer than planned.
      `SELECT f.notification_id, f.attempts, f.round_start, f.released, f.looked, n.*,
         min(f.next_at, coalesce((SELECT ? + f.next_at - at FROM attempts a WHERE a.notification_id = f.notification_id
           AND a.destination_id = f.destination_id ORDER BY id DESC LIMIT 1), f.next_at)) AS next_at
       FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       WHERE f.destination_id = ? AND f.${isWaiting}${which} AND f.notification_id > ? ORDER BY f.notification_id LIMIT ?`,
      Date.now(),
      destinationId,
      ...(released === null ? [] : [released]),
      after,
      limit,
    ).map((row) => {
      const notificationId = Number(row['notification_id']);
      const deliveryId = Number(row['delivery_id']);
      const settings = this.#options.renderSettings(Number(row['render_settings_id']));
      const facts = notificationFactsOf(notificationId, row);
      return {
        notificationId,
        deliveryId,
        destinationId,
        attempts: Number(row['attempts']),
        roundStart: Number(row['round_start']),
        nextAt: row['next_at'] as number | null,
        released: row['released'] as number | null,
        looked: row['looked'] !== null,
        ...(settings && { notification: { ...facts, deliveryId, firstEvent: Number(row['first_event']), settings } }),
      };
    });
  }

  state(notificationId: number, destinationId: number): StoredState | undefined {
    const row = this.#sql.get(
      'SELECT state FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    return row === undefined ? undefined : stateName(row['state']);
  }

  destinationsOf(notificationId: number): number[] {
    return this.#look('SELECT destination_id FROM forwardings WHERE notification_id = ?', notificationId).map((row) =>
      Number(row['destination_id']),
    );
  }

  destinationsOfDelivery(deliveryId: number): number[] {
    const sql = `SELECT DISTINCT destination_id FROM deliveries JOIN forwardings
      ON notification_id BETWEEN first_notification AND first_notification + notification_count - 1 WHERE deliveries.id = ?`;
    return this.#look(sql, deliveryId).map((row) => Number(row['destination_id']));
  }

  heldOf(notificationId: number, view: HoldView): HeldFact[] {
    return this.#sql
      .all(`${waitingRows} f.notification_id = ? ORDER BY f.destination_id`, notificationId)
      .map((row) => heldFactOf(row, view))
      .filter((fact) => fact !== null);
  }

  nextHeld(view: HoldView, isChosen: (fact: HeldFact) => boolean): number | undefined {
    let next: number | undefined;
    for (const destinationId of this.#options.destinationIds()) {
      if (view.destinationHold(destinationId) !== null) continue;
      const rows = this.#sql.iterate(
        `${waitingRows} f.destination_id = ? AND f.released IS NOT ? ORDER BY f.notification_id`,
        destinationId,
        view.sending.no,
      );
      for (const row of rows) {
        const fact = heldFactOf(row, view);
        if (fact === null || !isChosen(fact)) continue;
        next = Math.min(next ?? Infinity, fact.notificationId);
        break;
      }
    }
    return next;
  }

  /** @param most approximate: a notification is never split */
  listHeld(after: number, most: number, view: HoldView): { readonly held: HeldFact[]; readonly more: boolean } {
    const all: HeldFact[] = [];
    for (const destinationId of this.#options.destinationIds()) {
      // Skip a destination that isn't held, because it may have many waiting forwardings.
      if (view.sending.paused === null && view.destinationHold(destinationId) === null) continue;
      const rows = this.#sql.iterate(
        `${waitingRows} f.destination_id = ? AND f.notification_id > ? ORDER BY f.notification_id`,
        destinationId,
        after,
      );
      let here = 0;
      for (const row of rows) {
        const fact = heldFactOf(row, view);
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

  /** A damaged file gives no rows. */
  #look(sql: string, ...values: number[]): Row[] {
    try {
      return this.#sql.all(sql, ...values);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.#options.queue.failed(error as Error);
      return [];
    }
  }
}
