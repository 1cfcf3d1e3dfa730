/** Forwardings and attempts in the log: what becomes of a notification at each destination. */
import type { HeldBy } from '../protocol/debug.ts';
import type { ForwardingState } from '../protocol/history.ts';
import { changeCodes, holderCodes, isCorruption, isOpen, passCodes, stateCodes } from './database.ts';
import type { AttemptRecord, ForwardingRecord, OpenForwarding } from './records.ts';
import { bytesOf, passName, stateName } from './stored.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';
import type { WriteQueue } from './write-queue.ts';

/** How many forwardings wait and are held for a destination. */
export interface OpenDestination {
  readonly destinationId: number;
  readonly waiting: number;
  readonly held: number;
}

/** Who holds a forwarding, and why. */
export interface Hold {
  readonly by: HeldBy;
  /** The number of the breakpoint that does. */
  readonly breakpoint: number | null;
  /** As people read it. */
  readonly detail: string;
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

/** What is told of the latest attempt. */
export type LastAttempt = Pick<AttemptRecord, 'number' | 'status' | 'outcome' | 'error' | 'durationMs' | 'body'>;

/** A forwarding that a replay has made wait again, or hold. */
export interface StartedForwarding extends OpenForwarding {
  readonly state: 'waiting' | 'held';
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
    const { destinationId, state, detail, pass } = forwarding;
    if (state === 'held' || pass !== undefined) {
      this.#sql.run(
        'INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start, detail, held_by, breakpoint, pass) VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?)',
        notificationId,
        destinationId,
        stateCodes[state],
        detail,
        state === 'held' ? holderCodes[forwarding.heldBy ?? 'missing-key'] : null,
        forwarding.breakpoint ?? null,
        pass === undefined ? null : passCodes[pass],
      );
    } else {
      this.#sql.run(
        'INSERT INTO forwardings (notification_id, destination_id, state, attempts, round_start, detail) VALUES (?, ?, ?, 0, 0, ?)',
        notificationId,
        destinationId,
        stateCodes[state],
        detail,
      );
    }
    this.#tally.draft[state] += 1;
  }

  /**
   * Records an attempt and what became of its forwarding. Kept and tried again while the store fails. A forwarding that
   * was discarded or held meanwhile stays so, unless that was its last attempt.
   * @param hold who holds it, where it would be tried again
   * @returns, when that is known, whether it is on disk
   */
  recordAttempt(attempt: AttemptRecord, detail: string | null, hold: Hold | null = null): Promise<boolean> {
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
      const after = stateAfter(before, to, hold);
      this.#sql.run(
        'UPDATE forwardings SET state = ?, attempts = ?, next_at = ?, status = ?, duration_ms = ?, detail = ? WHERE notification_id = ? AND destination_id = ?',
        stateCodes[after],
        attempt.number,
        after === 'waiting' || after === 'held' ? attempt.nextAt : null,
        attempt.status,
        attempt.durationMs,
        after === 'discarded' ? 'discarded' : detail,
        attempt.notificationId,
        attempt.destinationId,
      );
      this.#tally.move(before, after, 1);
      if (after === 'held') {
        if (before !== 'held' && hold !== null) this.#holdOne(attempt.notificationId, attempt.destinationId, hold);
        this.#noteChange(changeCodes.notifications, attempt.notificationId);
      } else if (before === 'held') this.#notHeld(attempt.notificationId, attempt.destinationId);
    });
  }

  /** Within a transaction, where it is in the state `held`. */
  #holdOne(notificationId: number, destinationId: number, { by, breakpoint, detail }: Hold): void {
    this.#sql.run(
      'UPDATE forwardings SET held_by = ?, breakpoint = ?, detail = ? WHERE notification_id = ? AND destination_id = ?',
      holderCodes[by],
      breakpoint,
      detail,
      notificationId,
      destinationId,
    );
  }

  #notHeld(notificationId: number, destinationId: number): void {
    this.#sql.run(
      'UPDATE forwardings SET held_by = NULL, breakpoint = NULL WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
  }

  /**
   * Holds what waits for a destination whose key or credentials are not known, or which is held by its settings.
   * @returns, when that is known, whether it is on disk
   */
  holdWaiting(destinationId: number, detail: string, by: HeldBy = 'missing-key'): Promise<boolean> {
    const what = `that what is waiting for ${this.#options.nameOf(destinationId)} is held`;
    return this.#options.queue.keep(what, () => {
      const changed = this.#sql.run(
        `UPDATE forwardings SET state = ?, held_by = ?, detail = ? WHERE destination_id = ? AND state = ? AND ${isOpen}`,
        stateCodes.held,
        holderCodes[by],
        detail,
        destinationId,
        stateCodes.waiting,
      );
      this.#moved('waiting', 'held', changed);
    });
  }

  /**
   * Releases what is held for a destination whatever the gate says: it waits again, or is held at the gate.
   * @param hold asked when it is done
   * @returns, when that is known, whether it is on disk
   */
  releaseHeld(destinationId: number, hold: () => Hold | null = () => null): Promise<boolean> {
    const what = `that what is held for ${this.#options.nameOf(destinationId)} is waiting`;
    return this.#options.queue.keep(what, () => {
      const next = hold();
      const to = next === null ? 'waiting' : 'held';
      const changed = this.#sql.run(
        `UPDATE forwardings SET state = ?, held_by = ?, detail = ? WHERE destination_id = ? AND state = ? AND held_by > ? AND ${isOpen}`,
        stateCodes[to],
        next === null ? null : holderCodes[next.by],
        next?.detail ?? null,
        destinationId,
        stateCodes.held,
        holderCodes.breakpoint,
      );
      this.#moved('held', to, changed);
    });
  }

  /** So many are in another state, which is not seen from new ids. */
  #moved(from: ForwardingState, to: ForwardingState, count: number): void {
    if (count === 0) return;
    this.#tally.move(from, to, count);
    this.#noteChange(changeCodes.open);
  }

  /**
   * Makes forwardings wait again, with a new round of the retry policy, or adds them where a destination is new.
   * Those that wait or are held stay as they are.
   * @param holdFor why it is held instead, for a destination; asked when it is done
   * @returns, when on disk, those that now wait or are held because of this call
   */
  async startRound(
    notificationId: number,
    destinationIds: readonly number[],
    holdFor: (destinationId: number) => Hold | null = () => null,
  ): Promise<StartedForwarding[]> {
    const started: StartedForwarding[] = [];
    await this.#options.queue.write(() => {
      started.length = 0;
      const row = this.#sql.get('SELECT delivery_id FROM notifications WHERE id = ?', notificationId);
      if (row === undefined) return;
      for (const destinationId of destinationIds) {
        const hold = holdFor(destinationId);
        const attempts = this.#startOne(notificationId, destinationId, hold);
        if (attempts === undefined) continue;
        const deliveryId = Number(row['delivery_id']);
        const state = hold === null ? 'waiting' : 'held';
        started.push({
          notificationId,
          deliveryId,
          destinationId,
          attempts,
          roundStart: attempts,
          nextAt: null,
          state,
        });
      }
      if (started.length > 0) this.#noteChange(changeCodes.notifications, notificationId);
    });
    return started;
  }

  /** @returns the attempts before; undefined where it waits already */
  #startOne(notificationId: number, destinationId: number, hold: Hold | null): number | undefined {
    const to = hold === null ? 'waiting' : 'held';
    const before = this.#sql.get(
      'SELECT state, attempts FROM forwardings WHERE notification_id = ? AND destination_id = ?',
      notificationId,
      destinationId,
    );
    if (before === undefined) {
      this.insert(notificationId, { destinationId, state: to, detail: null });
    } else {
      const state = stateName(before['state']);
      if (state === 'waiting' || state === 'held') return undefined;
      this.#sql.run(
        'UPDATE forwardings SET state = ?, round_start = attempts, next_at = NULL, detail = NULL, pass = NULL WHERE notification_id = ? AND destination_id = ?',
        stateCodes[to],
        notificationId,
        destinationId,
      );
      this.#tally.move(state, to, 1);
    }
    if (hold !== null) this.#holdOne(notificationId, destinationId, hold);
    return Number(before?.['attempts'] ?? 0);
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
        `UPDATE forwardings SET state = ?, next_at = NULL, held_by = NULL, breakpoint = NULL, detail = 'discarded' WHERE destination_id = ? AND state = ? AND ${isOpen}`,
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
        `UPDATE forwardings SET state = ?, next_at = NULL, held_by = NULL, breakpoint = NULL, detail = 'discarded' WHERE state = ? AND notification_id = ?`,
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
      `SELECT f.notification_id, n.delivery_id, f.attempts, f.round_start, f.next_at, f.pass
       FROM forwardings f JOIN notifications n ON n.id = f.notification_id
       WHERE f.destination_id = ? AND f.state = ? AND f.${isOpen} AND f.notification_id > ? ORDER BY f.notification_id LIMIT ?`,
      destinationId,
      stateCodes[state],
      after,
      limit,
    ).map((row) => {
      const pass = passName(row['pass']);
      return {
        notificationId: Number(row['notification_id']),
        deliveryId: Number(row['delivery_id']),
        destinationId,
        attempts: Number(row['attempts']),
        roundStart: Number(row['round_start']),
        nextAt: row['next_at'] === null ? null : Number(row['next_at']),
        ...(pass !== undefined && { pass }),
      };
    });
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

  /** The latest attempt to bring a notification to a destination; null where there is none. */
  lastAttempt(notificationId: number, destinationId: number): LastAttempt | null {
    const row = this.#sql.get(
      'SELECT number, status, outcome, error, duration_ms, body FROM attempts WHERE notification_id = ? AND destination_id = ? ORDER BY id DESC LIMIT 1',
      notificationId,
      destinationId,
    );
    if (row === undefined) return null;
    return {
      number: Number(row['number']),
      status: row['status'] as number | null,
      outcome: row['outcome'] as AttemptRecord['outcome'],
      error: row['error'] as string | null,
      durationMs: Number(row['duration_ms']),
      body: bytesOf(row['body']),
    };
  }

  /** The destinations that a notification goes or went to. */
  destinationsOf(notificationId: number): number[] {
    return this.#look('SELECT destination_id FROM forwardings WHERE notification_id = ?', notificationId).map((row) =>
      Number(row['destination_id']),
    );
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

function stateAfter(before: ForwardingState, to: 'waiting' | 'sent' | 'failed', hold: Hold | null): ForwardingState {
  if (before === 'discarded' && to !== 'sent') return 'discarded';
  return to === 'waiting' && (before === 'held' || hold !== null) ? 'held' : to;
}
