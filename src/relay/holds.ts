/**
 * What is held at the gate, in the log: it is there before anybody is told, in one transaction with whether sending is
 * paused, so that a crash leaves both or neither.
 */
import type { HeldBy } from '../protocol/debug.ts';
import { changeCodes, holderCodes, isOpen, passCodes, stateCodes } from './database.ts';
import type { Hold } from './forwardings.ts';
import { heldCountsOf, heldCountsQuery, holderName } from './stored.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';
import type { WriteQueue } from './write-queue.ts';

/** One forwarding that is held. */
export interface HeldFact {
  readonly notificationId: number;
  readonly deliveryId: number;
  readonly destinationId: number;
  readonly heldBy: HeldBy;
  readonly breakpoint: number | null;
  readonly attempts: number;
  readonly detail: string | null;
}

/** A forwarding by its ids. */
export type ForwardingKey = Pick<HeldFact, 'notificationId' | 'destinationId'>;

export interface HoldsOptions {
  readonly sql: Statements;
  readonly queue: WriteQueue;
  readonly tally: Tally;
  /** The destinations that the log knows. */
  destinationIds(): Iterable<number>;
  /** Something may wait no longer: its delivery may be removed. */
  onSettled(): void;
}

/** What is held for a pause or at a breakpoint. */
const byGate = `state = ${stateCodes.held} AND held_by <= ${holderCodes.breakpoint} AND ${isOpen}`;

/** Holds and releases forwardings of a log, as its only writer does. */
export class Holds {
  readonly #options: HoldsOptions;
  readonly #sql: Statements;
  readonly #tally: Tally;

  constructor(options: HoldsOptions) {
    this.#options = options;
    this.#sql = options.sql;
    this.#tally = options.tally;
  }

  /** What was kept under a name, or undefined. */
  kept(name: 'gate' | 'breakpoints'): unknown {
    const row = this.#sql.get('SELECT value FROM meta WHERE key = ?', name);
    return row === undefined ? undefined : JSON.parse(row['value'] as string);
  }

  /** Keeps a value under a name. @returns when on disk @throws StoreError */
  keep(name: 'gate' | 'breakpoints', value: object): Promise<void> {
    return this.#options.queue.write(() => this.#set(name, value));
  }

  /**
   * Holds all that waits, but for what is under way.
   * @param gate what is kept of the gate from now on
   * @param hold how it is held
   * @param underWay the notifications that are being sent to a destination; asked when it is done
   * @param stopped what a breakpoint holds, and how
   * @param isBookkeeping nobody waits for it: it is kept and tried again while the store fails
   * @returns when on disk
   * @throws StoreError where somebody waits for it and it cannot be written
   */
  async holdAll(
    gate: object,
    hold: Hold,
    underWay: (destinationId: number) => readonly number[],
    stopped: { readonly keys: readonly ForwardingKey[]; readonly hold: Hold } | null,
    isBookkeeping: boolean,
  ): Promise<void> {
    const apply = (): void => {
      this.#set('gate', gate);
      let changed = 0;
      for (const { notificationId, destinationId } of stopped?.keys ?? []) {
        changed += this.#hold(
          stopped?.hold ?? hold,
          'destination_id = ? AND notification_id = ?',
          destinationId,
          notificationId,
        );
      }
      for (const destinationId of this.#options.destinationIds()) {
        changed += this.#hold(
          hold,
          'destination_id = ? AND notification_id NOT IN (SELECT value FROM json_each(?))',
          destinationId,
          JSON.stringify(underWay(destinationId)),
        );
      }
      this.#moved('waiting', 'held', changed);
    };
    if (isBookkeeping) await this.#options.queue.keep('that sending stopped at a breakpoint', apply);
    else await this.#options.queue.write(apply);
  }

  #hold({ by, breakpoint, detail }: Hold, which: string, ...values: (number | string)[]): number {
    return this.#sql.run(
      `UPDATE forwardings SET state = ${stateCodes.held}, held_by = ?, breakpoint = ?, detail = ? WHERE ${which} AND state = ${stateCodes.waiting} AND ${isOpen}`,
      holderCodes[by],
      breakpoint,
      detail,
      ...values,
    );
  }

  /**
   * Holds one that waits, as bookkeeping.
   * @returns, when that is known, whether it is on disk
   */
  holdOne({ notificationId, destinationId }: ForwardingKey, hold: Hold): Promise<boolean> {
    return this.#options.queue.keep(`that n${notificationId} is held`, () => {
      const changed = this.#hold(hold, 'destination_id = ? AND notification_id = ?', destinationId, notificationId);
      if (changed > 0) this.#tally.move('waiting', 'held', changed);
      this.#note(changeCodes.notifications, notificationId);
    });
  }

  /**
   * Releases all that pause and breakpoints hold: what was stopped at a breakpoint is not looked at again.
   * @param gate what is kept of the gate from now on
   * @param holdOf why what goes to a destination is held on
   * @param lookAgain whether breakpoints are asked for what a pause held
   * @returns how many, when on disk
   * @throws StoreError
   */
  async releaseAll(gate: object, holdOf: (destinationId: number) => Hold | null, lookAgain: boolean): Promise<number> {
    let released = 0;
    await this.#options.queue.write(() => {
      released = 0;
      this.#set('gate', gate);
      const held = lookAgain ? 'NULL' : String(passCodes['let-through']);
      for (const destinationId of this.#options.destinationIds()) {
        const on = holdOf(destinationId);
        const changed = this.#sql.run(
          `UPDATE forwardings SET state = ?, held_by = ?, detail = ?, breakpoint = NULL,
             pass = CASE WHEN held_by = ${holderCodes.breakpoint} OR pass = ${passCodes.passed} THEN ${passCodes.passed} ELSE ${held} END
           WHERE destination_id = ? AND ${byGate}`,
          stateCodes[on === null ? 'waiting' : 'held'],
          on === null ? null : holderCodes[on.by],
          on?.detail ?? null,
          destinationId,
        );
        if (on === null) this.#tally.move('held', 'waiting', changed);
        released += changed;
      }
      if (released > 0) this.#note(changeCodes.open);
    });
    return released;
  }

  /**
   * Releases these where pause or a breakpoint holds them, whatever breakpoints say.
   * @param holdOf why what goes to a destination is held on
   * @returns those that it released, as they were, when on disk
   * @throws StoreError
   */
  async release(
    notificationIds: () => readonly number[],
    holdOf: (destinationId: number) => Hold | null,
  ): Promise<HeldFact[]> {
    let released: HeldFact[] = [];
    await this.#options.queue.write(() => {
      released = notificationIds().flatMap((id) => this.heldOf(id));
      for (const { notificationId, destinationId } of released) {
        const on = holdOf(destinationId);
        this.#sql.run(
          `UPDATE forwardings SET state = ?, held_by = ?, detail = ?, breakpoint = NULL,
             pass = CASE WHEN held_by = ${holderCodes.breakpoint} OR pass = ${passCodes.passed} THEN ${passCodes.passed} ELSE ${passCodes['let-through']} END
           WHERE notification_id = ? AND destination_id = ?`,
          stateCodes[on === null ? 'waiting' : 'held'],
          on === null ? null : holderCodes[on.by],
          on?.detail ?? null,
          notificationId,
          destinationId,
        );
        if (on === null) this.#tally.move('held', 'waiting', 1);
        this.#note(changeCodes.notifications, notificationId);
      }
    });
    return released;
  }

  /**
   * Gives up what pause or a breakpoint holds of these; of all where none are given.
   * @returns those that it gave up, as they were, when on disk
   * @throws StoreError
   */
  async drop(notificationIds: () => readonly number[]): Promise<HeldFact[]> {
    let dropped: HeldFact[] = [];
    await this.#options.queue.write(() => {
      dropped = notificationIds().flatMap((id) => this.heldOf(id));
      this.discardHeld(dropped, 'discarded');
    });
    this.#options.onSettled();
    return dropped;
  }

  /**
   * Gives up all that pause and breakpoints hold.
   * @param gate what is kept of the gate from now on
   * @returns how many, when on disk
   * @throws StoreError
   */
  async dropAll(gate: object): Promise<number> {
    let dropped = 0;
    await this.#options.queue.write(() => {
      dropped = 0;
      this.#set('gate', gate);
      for (const destinationId of this.#options.destinationIds()) {
        dropped += this.#sql.run(
          `UPDATE forwardings SET state = ${stateCodes.discarded}, held_by = NULL, breakpoint = NULL, next_at = NULL, detail = 'discarded' WHERE destination_id = ? AND ${byGate}`,
          destinationId,
        );
      }
      this.#moved('held', 'discarded', dropped);
    });
    this.#options.onSettled();
    return dropped;
  }

  /** Gives up these where they are held. Within a transaction. @param detail why, as people read it */
  discardHeld(keys: readonly ForwardingKey[], detail: string): void {
    for (const { notificationId, destinationId } of keys) {
      const changed = this.#sql.run(
        `UPDATE forwardings SET state = ${stateCodes.discarded}, held_by = NULL, breakpoint = NULL, next_at = NULL, detail = ? WHERE notification_id = ? AND destination_id = ? AND ${byGate}`,
        detail,
        notificationId,
        destinationId,
      );
      if (changed > 0) this.#tally.move('held', 'discarded', changed);
      this.#note(changeCodes.notifications, notificationId);
    }
  }

  /** What pause or a breakpoint holds of a notification. */
  heldOf(notificationId: number): HeldFact[] {
    return this.allHeldOf(notificationId).filter(({ heldBy }) => heldBy === 'pause' || heldBy === 'breakpoint');
  }

  /** What is held of a notification, for whatever reason. */
  allHeldOf(notificationId: number): HeldFact[] {
    return this.#facts(
      `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       WHERE f.notification_id = ? AND f.state = ${stateCodes.held} ORDER BY f.destination_id`,
      notificationId,
    );
  }

  /** The next that pause or a breakpoint holds, by the order of notifications; undefined where none is. */
  next(): number | undefined {
    let next: number | undefined;
    for (const destinationId of this.#options.destinationIds()) {
      const row = this.#sql.get(
        `SELECT notification_id AS id FROM forwardings WHERE destination_id = ? AND ${byGate} ORDER BY notification_id LIMIT 1`,
        destinationId,
      );
      if (row !== undefined) next = Math.min(next ?? Infinity, Number(row['id']));
    }
    return next;
  }

  /** How much is held, by who holds it. */
  counts(): Record<HeldBy, number> {
    return heldCountsOf(this.#sql.all(heldCountsQuery));
  }

  /**
   * What is held, by the order of notifications, for whatever reason.
   * @param after only those of a later notification
   * @param most about so many: a notification is never cut
   */
  list(after: number, most: number): { readonly held: HeldFact[]; readonly more: boolean } {
    const all = [...this.#options.destinationIds()].flatMap((destinationId) =>
      this.#facts(
        `SELECT f.*, n.delivery_id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
         WHERE f.destination_id = ? AND f.state = ${stateCodes.held} AND f.${isOpen} AND f.notification_id > ? ORDER BY f.notification_id LIMIT ?`,
        destinationId,
        after,
        most + 1,
      ),
    );
    all.sort((a, b) => a.notificationId - b.notificationId || a.destinationId - b.destinationId);
    if (all.length <= most) return { held: all, more: false };
    const last = all[most - 1]?.notificationId ?? 0;
    const held = all.filter(({ notificationId }) => notificationId <= last);
    return { held, more: held.length < all.length };
  }

  #facts(sql: string, ...values: number[]): HeldFact[] {
    return this.#sql.all(sql, ...values).map((row: Row) => ({
      notificationId: Number(row['notification_id']),
      deliveryId: Number(row['delivery_id']),
      destinationId: Number(row['destination_id']),
      heldBy: holderName(row['held_by']) ?? 'missing-key',
      breakpoint: row['breakpoint'] as number | null,
      attempts: Number(row['attempts']),
      detail: row['detail'] as string | null,
    }));
  }

  #moved(from: 'waiting' | 'held', to: 'held' | 'discarded', changed: number): void {
    if (changed === 0) return;
    this.#tally.move(from, to, changed);
    this.#note(changeCodes.open);
  }

  #note(kind: number, notificationId = 0): void {
    this.#sql.run('INSERT INTO changes (kind, first, last) VALUES (?, ?, ?)', kind, notificationId, notificationId);
  }

  #set(name: string, value: object): void {
    this.#sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', name, JSON.stringify(value));
  }
}
