/** Forwardings and attempts in the log: what becomes of a notification at each destination. */
import type { ForwardingState } from '../protocol/history.ts';
import { changeCodes, isCorruption, isOpen, stateCodes } from './database.ts';
import type { AttemptRecord, ForwardingRecord, OpenForwarding } from './records.ts';
import { stateName } from './stored.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';
import type { WriteQueue } from './write-queue.ts';

/** How many forwardings wait and are held for a destination. */
export interface OpenDestination {
  readonly destinationId: number;
  readonly waiting: number;
  readonly held: number;
}

export interface ForwardingsOptions {
  readonly sql: Statements;
  readonly queue: WriteQueue;
  readonly tally: Tally;
  /** The next attempt's id: ids grow, whatever was removed. */
  nextAttempt(): number;
  /** The destinations that the log knows. */
  destinationIds(): Iterable<number>;
  /** A destination as it is called in a message: not by its URL, which may hold a token. */
  nameOf(destinationId: number): string;
  /** Something may wait no longer: its delivery may be removed. */
  onSettled(): void;
}

/** The forwardings of a log, as its only writer holds them. */
export class Forwardings {
  readonly #options: ForwardingsOptions;
  readonly #sql: Statements;
  readonly #tally: Tally;

  constructor(options: ForwardingsOptions) {
    this.#options = options;
    this.#sql = options.sql;
    this.#tally = options.tally;
  }

  /** Adds a forwarding. Within a transaction. */
  insert(notificationId: number, forwarding: ForwardingRecord): void {
    this.#sql.run(
      'INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start, detail) VALUES (?, ?, ?, 0, 0, ?)',
      notificationId,
      forwarding.destinationId,
      stateCodes[forwarding.state],
      forwarding.detail,
    );
    this.#tally.draft[forwarding.state] += 1;
  }

  /**
   * Records an attempt and what became of its forwarding. Kept and tried again while the store fails. A forwarding that
   * was discarded meanwhile stays so, unless the attempt succeeded.
   * @returns, when that is known, whether it is on disk
   */
  recordAttempt(attempt: AttemptRecord, detail: string | null): Promise<boolean> {
    const to = attempt.outcome === 'retrying' ? 'waiting' : attempt.outcome;
    const said = attempt.status === null ? 'got no answer' : `was answered ${attempt.status}`;
    const after = attempt.outcome === 'retrying' ? 'and is tried again' : 'and is sent again after a restart';
    const what = `attempt ${attempt.number} at n${attempt.notificationId} ${said} ${after}`;
    return this.#options.queue.keep(what, () => {
      const before = this.state(attempt.notificationId, attempt.destinationId);
      if (before === undefined) return;
      this.#sql.run(
        `INSERT INTO attempts (id, notification_id, destination_id, number, at, duration_ms, status, error, outcome, next_at, stored_bytes, truncated, headers, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
        this.#options.nextAttempt(),
        attempt.notificationId,
        attempt.destinationId,
        attempt.number,
        attempt.at,
        attempt.durationMs,
        attempt.status,
        attempt.error,
        attempt.outcome,
        attempt.nextAt,
        attempt.truncated ? 1 : 0,
        JSON.stringify(attempt.headers),
        attempt.body,
      );
      const after = before === 'discarded' && to !== 'sent' ? 'discarded' : to;
      this.#sql.run(
        'UPDATE forwardings SET state = ?, attempts = ?, next_at = ?, status = ?, duration_ms = ?, detail = ? WHERE notification_id = ? AND destination_id = ?',
        stateCodes[after],
        attempt.number,
        after === 'waiting' ? attempt.nextAt : null,
        attempt.status,
        attempt.durationMs,
        after === 'discarded' ? 'discarded' : detail,
        attempt.notificationId,
        attempt.destinationId,
      );
      this.#tally.move(before, after, 1);
    });
  }

  /**
   * Holds what waits for a destination whose key or credentials are not known.
   * @returns, when that is known, whether it is on disk
   */
  holdWaiting(destinationId: number, detail: string): Promise<boolean> {
    return this.#moveAll(destinationId, 'waiting', 'held', detail);
  }

  /**
   * Releases what is held for a destination: it waits again.
   * @returns, when that is known, whether it is on disk
   */
  releaseHeld(destinationId: number): Promise<boolean> {
    return this.#moveAll(destinationId, 'held', 'waiting', null);
  }

  /**
   * Makes forwardings wait again, with a new round of the retry policy, or adds them where a destination is new.
   * Those that wait or are held stay as they are.
   * @returns, when on disk, those that now wait because of this call
   */
  async startRound(notificationId: number, destinationIds: readonly number[]): Promise<OpenForwarding[]> {
    const started: OpenForwarding[] = [];
    await this.#options.queue.write(() => {
      started.length = 0;
      const row = this.#sql.get('SELECT delivery_id FROM notifications WHERE id = ?', notificationId);
      if (row === undefined) return;
      for (const destinationId of destinationIds) {
        const attempts = this.#startOne(notificationId, destinationId);
        if (attempts === undefined) continue;
        const deliveryId = Number(row['delivery_id']);
        started.push({ notificationId, deliveryId, destinationId, attempts, roundStart: attempts, nextAt: null });
      }
      if (started.length > 0) this.#noteChange(changeCodes.notifications, notificationId);
    });
    return started;
  }

  /** @returns the attempts before; undefined where it waits already */
  #startOne(notificationId: number, destinationId: number): number | undefined {
    const before = this.#sql.get(
      'SELECT state, attempts FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    if (before === undefined) {
      this.insert(notificationId, { destinationId, state: 'waiting', detail: null });
      return 0;
    }
    const state = stateName(before['state']);
    if (state === 'waiting' || state === 'held') return undefined;
    this.#sql.run(
      'UPDATE forwardings SET state = ?, round_start = attempts, next_at = NULL, detail = NULL WHERE notification_id = ? AND destination_id = ?',
      stateCodes.waiting,
      notificationId,
      destinationId,
    );
    this.#tally.move(state, 'waiting', 1);
    return Number(before['attempts']);
  }

  /**
   * Gives up what waits or is held.
   * @param notificationIds which notifications; all where not given
   * @returns how many forwardings, when on disk
   */
  async discard(notificationIds?: readonly number[]): Promise<number> {
    let discarded = 0;
    await this.#options.queue.write(() => {
      discarded = 0;
      for (const from of ['waiting', 'held'] as const) {
        const changed =
          notificationIds === undefined ? this.#discardAll(from) : this.#discardThese(from, notificationIds);
        this.#tally.move(from, 'discarded', changed);
        discarded += changed;
      }
      if (discarded > 0 && notificationIds === undefined) this.#noteChange(changeCodes.open);
    });
    this.#options.onSettled();
    return discarded;
  }

  #discardAll(from: 'waiting' | 'held'): number {
    let changed = 0;
    for (const destinationId of this.#options.destinationIds()) {
      changed += this.#sql.run(
        `UPDATE forwardings SET state = ?, next_at = NULL, detail = 'discarded' WHERE destination_id = ? AND state = ? AND ${isOpen}`,
        stateCodes.discarded,
        destinationId,
        stateCodes[from],
      );
    }
    return changed;
  }

  #discardThese(from: 'waiting' | 'held', notificationIds: readonly number[]): number {
    let changed = 0;
    for (const id of notificationIds) {
      const here = this.#sql.run(
        `UPDATE forwardings SET state = ?, next_at = NULL, detail = 'discarded' WHERE state = ? AND notification_id = ?`,
        stateCodes.discarded,
        stateCodes[from],
        id,
      );
      if (here > 0) this.#noteChange(changeCodes.notifications, id);
      changed += here;
    }
    return changed;
  }

  /**
   * Forwardings that wait or are held for a destination, in the order of their notifications.
   * @param after only those of a later notification than this id
   */
  open(destinationId: number, state: 'waiting' | 'held', after: number, limit: number): OpenForwarding[] {
    return this.#look(
      `SELECT f.notification_id, n.delivery_id, f.attempts, f.round_start, f.next_at
       FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       WHERE f.destination_id = ? AND f.state = ? AND f.${isOpen} AND f.notification_id > ? ORDER BY f.notification_id LIMIT ?`,
      destinationId,
      stateCodes[state],
      after,
      limit,
    ).map((row) => ({
      notificationId: Number(row['notification_id']),
      deliveryId: Number(row['delivery_id']),
      destinationId,
      attempts: Number(row['attempts']),
      roundStart: Number(row['round_start']),
      nextAt: row['next_at'] === null ? null : Number(row['next_at']),
    }));
  }

  /**
   * The destinations that something waits or is held for, and how much.
   * @throws SQLite's error where they cannot be read
   */
  openDestinations(): OpenDestination[] {
    const { waiting, held } = stateCodes;
    return this.#look(
      `SELECT destination_id, sum(state = ${waiting}) AS waiting, sum(state = ${held}) AS held FROM forwardings WHERE ${isOpen} GROUP BY destination_id`,
    ).map((row) => ({
      destinationId: Number(row['destination_id']),
      waiting: Number(row['waiting']),
      held: Number(row['held']),
    }));
  }

  /** A forwarding's state as it is on disk, or undefined. */
  state(notificationId: number, destinationId: number): ForwardingState | undefined {
    const row = this.#sql.get(
      'SELECT state FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    return row === undefined ? undefined : stateName(row['state']);
  }

  /** The destinations that a notification goes or went to. */
  destinationsOf(notificationId: number): number[] {
    return this.#look('SELECT destination_id FROM forwardings WHERE notification_id = ?', notificationId).map((row) =>
      Number(row['destination_id']),
    );
  }

  #moveAll(
    destinationId: number,
    from: 'waiting' | 'held',
    to: 'waiting' | 'held',
    detail: string | null,
  ): Promise<boolean> {
    const what = `that what is ${from} for ${this.#options.nameOf(destinationId)} is ${to}`;
    return this.#options.queue.keep(what, () => {
      const changed = this.#sql.run(
        `UPDATE forwardings SET state = ?, detail = ? WHERE destination_id = ? AND state = ? AND ${isOpen}`,
        stateCodes[to],
        detail,
        destinationId,
        stateCodes[from],
      );
      if (changed === 0) return;
      this.#tally.move(from, to, changed);
      this.#noteChange(changeCodes.open);
    });
  }

  #noteChange(kind: number, notificationId = 0): void {
    this.#sql.run('INSERT INTO changes (kind, first, last) VALUES (?, ?, ?)', kind, notificationId, notificationId);
  }

  /** Reads outside a write. What a damaged file does not give counts as none. */
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
