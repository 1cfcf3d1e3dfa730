import { isWaiting, stateName } from './database.ts';
import type { Row, Statements } from './statements.ts';
import type { Tally } from './tally.ts';

export interface RemovedStep {
  readonly removed: number;
  /** Every delivery below it was removed or has something waiting. */
  readonly floor: number;
  readonly more: boolean;
}

const lookedAt = 500;

interface Range {
  readonly first: number;
  readonly last: number;
}

export class Removal {
  readonly #sql: Statements;
  readonly #tally: Tally;

  constructor(sql: Statements, tally: Tally) {
    this.#sql = sql;
    this.#tally = tally;
  }

  /** Within a transaction. */
  step(floor: number, last: number, most: number): RemovedStep {
    const first = this.#firstFrom(floor);
    if (first === undefined || first > last) return { removed: 0, floor, more: false };
    const end = Math.min(last, this.#nth(first, most), this.#oldestOpen() - 1);
    if (end >= first) {
      const removed = this.#removeRange({ first, last: end });
      return { removed, floor: end + 1, more: true };
    }
    return this.#oneByOne(first, last, most);
  }

  #oneByOne(first: number, last: number, most: number): RemovedStep {
    const candidates = this.#sql.all(
      `SELECT id, EXISTS (SELECT 1 FROM forwardings f WHERE f.notification_id BETWEEN d.first_notification AND d.first_notification + d.notification_count - 1 AND f.${isWaiting}) AS open
       FROM deliveries d WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`,
      first,
      last,
      lookedAt,
    );
    let removed = 0;
    let floor = first;
    let run: Range | undefined;
    for (const row of candidates) {
      const id = Number(row['id']);
      if (row['open'] === 1) {
        if (run !== undefined) this.#removeRange(run);
        run = undefined;
      } else if (removed < most) {
        run = { first: run?.first ?? id, last: id };
        removed += 1;
      } else break;
      floor = id + 1;
    }
    if (run !== undefined) this.#removeRange(run);
    return { removed, floor, more: candidates.length === lookedAt };
  }

  #firstFrom(floor: number): number | undefined {
    const row = this.#sql.get('SELECT id FROM deliveries WHERE id >= ? ORDER BY id LIMIT 1', floor);
    return row === undefined ? undefined : Number(row['id']);
  }

  #nth(first: number, n: number): number {
    const row = this.#sql.get('SELECT id FROM deliveries WHERE id >= ? ORDER BY id LIMIT 1 OFFSET ?', first, n - 1);
    return row === undefined ? Number.MAX_SAFE_INTEGER : Number(row['id']);
  }

  #oldestOpen(): number {
    let oldest = Infinity;
    for (const destinationId of this.#tally.draftWaiting.keys()) {
      const found = this.#sql.get(
        `SELECT n.delivery_id AS id FROM forwardings f JOIN notifications n ON n.id = f.notification_id
         WHERE f.destination_id = ? AND f.${isWaiting} ORDER BY f.notification_id LIMIT 1`,
        destinationId,
      );
      if (found !== undefined) oldest = Math.min(oldest, Number(found['id']));
    }
    return oldest;
  }

  #removeRange({ first, last }: Range): number {
    const sums = this.#sql.get(
      `SELECT count(*) AS deliveries, sum(event_count) AS events, sum(status = 'rejected') AS rejected, sum(status = 'test') AS tests,
         min(first_event) AS first_event, max(first_event + row_count - 1) AS last_event,
         min(CASE WHEN notification_count > 0 THEN first_notification END) AS first_notification,
         max(CASE WHEN notification_count > 0 THEN first_notification + notification_count - 1 END) AS last_notification
       FROM deliveries WHERE id BETWEEN ? AND ?`,
      first,
      last,
    );
    const number = (name: string): number => Number(sums?.[name] ?? 0);
    const draft = this.#tally.draft;
    this.#sql.run('DELETE FROM events WHERE id BETWEEN ? AND ?', number('first_event'), number('last_event'));
    if (number('last_notification') > 0) {
      this.#removeNotifications({ first: number('first_notification'), last: number('last_notification') });
    }
    this.#sql.run('DELETE FROM deliveries WHERE id BETWEEN ? AND ?', first, last);
    draft.deliveries -= number('deliveries');
    draft.events -= number('events');
    draft.rejected -= number('rejected');
    draft.tests -= number('tests');
    return number('deliveries');
  }

  #removeNotifications({ first, last }: Range): void {
    const states: Row[] = this.#sql.all(
      'SELECT state, count(*) AS n FROM forwardings WHERE notification_id BETWEEN ? AND ? GROUP BY state',
      first,
      last,
    );
    for (const row of states) this.#tally.draft[stateName(row['state'])] -= Number(row['n']);
    if (states.length > 0) {
      this.#sql.run('DELETE FROM attempts WHERE notification_id BETWEEN ? AND ?', first, last);
      this.#sql.run('DELETE FROM forwardings WHERE notification_id BETWEEN ? AND ?', first, last);
    }
    this.#sql.run('DELETE FROM notifications WHERE id BETWEEN ? AND ?', first, last);
  }
}
