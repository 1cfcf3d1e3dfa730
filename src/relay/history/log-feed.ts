/** Reads the log in the order in which it grows, for data derived from it. */
import type { DatabaseSync } from 'node:sqlite';
import { bytesOf, changeCodes, kindName, notificationKindCodes, readAtOnce, stateName } from '../log/database.ts';
import { readSending } from '../log/held.ts';
import { endOf, runsOf } from '../log/log-runs.ts';
import type { SignatureCheck } from '../../protocol/history.ts';
import type { Position } from '../log/log-runs.ts';
import { readMeta } from '../log/meta.ts';
import { noTotals } from '../log/records.ts';
import type { Totals } from '../log/records.ts';
import { Statements } from '../log/statements.ts';
import type { ColumnValues, ForwardingSummary } from './event-columns.ts';
import { summaryOf } from './forwarding-summary.ts';
import type { Counted } from './forwarding-summary.ts';

/** The searchable properties of an event. */
export interface FedEvent {
  readonly id: number;
  readonly values: ColumnValues;
  readonly summary: ForwardingSummary;
}

/** Changes that new IDs alone don't show; `first` and `last` are IDs. */
export type Change =
  | { readonly kind: 'notifications' | 'removed'; readonly first: number; readonly last: number }
  | { readonly kind: 'open' };

interface DeliveryRow {
  readonly id: number;
  readonly firstEvent: number;
  readonly rowCount: number;
  readonly firstNotification: number;
  readonly notificationCount: number;
  readonly row: Record<string, unknown>;
}

const deliveryColumns =
  'id, source, injected, received_at, list, signature, on_purpose, body_bytes, first_event, row_count, first_notification, notification_count';

const bodyColumns = 'id, source, status, reason, content_type, first_event, row_count, body';

export class LogFeed {
  readonly #log: DatabaseSync;
  readonly #sql: Statements;

  constructor(log: DatabaseSync) {
    this.#log = log;
    this.#sql = new Statements(log);
  }

  /** The log's ID: derived data belongs to this log only. */
  get identity(): string {
    return String(this.#sql.get("SELECT value FROM meta WHERE key = 'identity'")?.['value']);
  }

  get end(): Position {
    return endOf(this.#sql);
  }

  get pauseNo(): number {
    return readSending(this.#sql).no;
  }

  get run(): string {
    return runsOf(this.#sql).at(-1)?.name ?? '';
  }

  /**
   * Up to where data read from the log in a run is still valid: a power loss may have lost the log's end, and its IDs
   * were used again.
   * @returns null if the run is unknown
   */
  endKnownIn(run: string): Position | null {
    if (run === this.run) return this.end;
    const runs = runsOf(this.#sql);
    const at = runs.findIndex(({ name }) => name === run);
    return at === -1 ? null : (runs[at + 1] ?? null);
  }

  /** Number of rows, including those that are no events. */
  get rows(): number {
    const { events, tests, rejected } = (readMeta(this.#sql, 'totals') as Totals | undefined) ?? noTotals;
    return events + tests + rejected;
  }

  atOnce<T>(read: () => T): T {
    return readAtOnce(this.#log, read);
  }

  /** The changes after one. @returns null if some of them are no longer known */
  changesAfter(change: number): { readonly changes: Change[]; readonly last: number } | null {
    const rows = this.#sql.all('SELECT id, kind, first, last FROM changes WHERE id > ? ORDER BY id', change);
    const [oldest] = rows;
    if (oldest !== undefined && Number(oldest['id']) > change + 1) return null;
    const changes = rows.map((row): Change => {
      const range = { first: Number(row['first']), last: Number(row['last']) };
      if (row['kind'] === changeCodes.open) return { kind: 'open' };
      return { kind: row['kind'] === changeCodes.removed ? 'removed' : 'notifications', ...range };
    });
    return { changes, last: Number(rows.at(-1)?.['id'] ?? change) };
  }

  /** The deliveries of later attempts, up to a delivery. */
  attemptedAfter(attempt: number, lastDelivery: number): number[] {
    return this.#sql
      .all(
        'SELECT DISTINCT n.delivery_id AS id FROM attempts a JOIN notifications n ON n.id = a.notification_id WHERE a.id > ? AND n.delivery_id <= ?',
        attempt,
        lastDelivery,
      )
      .map((row) => Number(row['id']));
  }

  deliveriesOf(firstNotification: number, lastNotification: number): number[] {
    return this.#sql
      .all(
        'SELECT DISTINCT delivery_id AS id FROM notifications WHERE id BETWEEN ? AND ?',
        firstNotification,
        lastNotification,
      )
      .map((row) => Number(row['id']));
  }

  /**
   * The events of later deliveries, oldest first.
   * @param mostEvents approximate: a delivery is never split
   * @returns the last delivery that was read; the given one if there is none
   */
  eventsAfter(delivery: number, mostEvents: number): { readonly events: FedEvent[]; readonly lastDelivery: number } {
    const deliveries: DeliveryRow[] = [];
    let count = 0;
    for (const row of this.#sql.iterate(
      `SELECT ${deliveryColumns} FROM deliveries WHERE id > ? ORDER BY id`,
      delivery,
    )) {
      const read = deliveryRow(row);
      deliveries.push(read);
      count += read.rowCount;
      if (count >= mostEvents) break;
    }
    return { events: this.#eventsOf(deliveries), lastDelivery: deliveries.at(-1)?.id ?? delivery };
  }

  /**
   * The newest events after a delivery.
   * @param mostEvents maximum number, with a maximum of body bytes; at least one delivery's
   * @returns `after`: the last omitted delivery
   */
  newestAfter(
    delivery: number,
    mostEvents: number,
    mostBytes = Infinity,
  ): { readonly events: FedEvent[]; readonly after: number } {
    const deliveries: DeliveryRow[] = [];
    let count = 0;
    let bytes = 0;
    let after = delivery;
    for (const row of this.#sql.iterate(
      `SELECT ${deliveryColumns} FROM deliveries WHERE id > ? ORDER BY id DESC`,
      delivery,
    )) {
      const read = deliveryRow(row);
      bytes += Number(row['body_bytes']);
      if (deliveries.length > 0 && (count + read.rowCount > mostEvents || bytes > mostBytes)) {
        after = read.id;
        break;
      }
      deliveries.push(read);
      count += read.rowCount;
    }
    return { events: this.#eventsOf(deliveries.reverse()), after };
  }

  summariesOf(delivery: number): { readonly id: number; readonly summary: ForwardingSummary }[] {
    const row = this.#sql.get(`SELECT ${deliveryColumns} FROM deliveries WHERE id = ?`, delivery);
    if (row === undefined) return [];
    return this.#eventsOf([deliveryRow(row)]);
  }

  /** Some events of a delivery; none if it was removed. @param position of the first in the delivery */
  eventsOf(delivery: number, position: number, count: number): FedEvent[] {
    const row = this.#sql.get(`SELECT ${deliveryColumns} FROM deliveries WHERE id = ?`, delivery);
    if (row === undefined) return [];
    const whole = deliveryRow(row);
    return this.#eventsOf([{ ...whole, firstEvent: whole.firstEvent + position, rowCount: count }]);
  }

  /** Rows of deliveries for the text index, oldest first. One at a time: many bodies may be gigabytes. */
  bodiesAfter(delivery: number): Iterable<Record<string, unknown>> {
    return this.#log.prepare(`SELECT ${bodyColumns} FROM deliveries WHERE id > ? ORDER BY id`).iterate(delivery);
  }

  /** The same row for one delivery; undefined if it was removed. */
  bodyOf(delivery: number): Record<string, unknown> | undefined {
    return this.#sql.get(`SELECT ${bodyColumns} FROM deliveries WHERE id = ?`, delivery);
  }

  #eventsOf(deliveries: readonly DeliveryRow[]): FedEvent[] {
    const first = deliveries[0];
    const last = deliveries.at(-1);
    if (first === undefined || last === undefined) return [];
    const forwardings = this.#forwardings(deliveries);
    const no = this.pauseNo;
    const rows = this.#sql.iterate(
      'SELECT id, kind, type, address, duplicate_of, notification_id FROM events WHERE id BETWEEN ? AND ? ORDER BY id',
      first.firstEvent,
      last.firstEvent + last.rowCount - 1,
    );
    const events: FedEvent[] = [];
    let at = 0;
    // The events of a notification are consecutive: compute their summary once.
    let part: unknown;
    let summary = summaryOf([], no);
    let summedUp: DeliveryRow | undefined;
    for (const row of rows) {
      const id = Number(row['id']);
      let delivery = deliveries[at];
      while (delivery !== undefined && id >= delivery.firstEvent + delivery.rowCount) delivery = deliveries[++at];
      if (delivery === undefined || id < delivery.firstEvent) continue;
      const kind = kindName(row['kind']);
      if (summedUp !== delivery || part !== row['notification_id']) {
        summedUp = delivery;
        part = row['notification_id'];
        const own = forwardings.get(Number(part ?? 0)) ?? [];
        const { firstNotification, notificationCount } = delivery;
        const last = firstNotification + notificationCount - 1;
        const raw = notificationCount === 0 || last === part ? [] : (forwardings.get(-last) ?? []);
        summary = summaryOf([...own, ...raw], no, kind);
      }
      events.push({
        id,
        values: {
          kind,
          platform: delivery.row['source'] === 'open-connectors',
          injected: delivery.row['injected'] === 1,
          duplicate: row['duplicate_of'] !== null,
          onPurpose: delivery.row['on_purpose'] === 1,
          deliveryId: delivery.id,
          receivedAt: Number(delivery.row['received_at']),
          type: row['type'] as string | null,
          list: delivery.row['list'] as string | null,
          signature: delivery.row['signature'] as SignatureCheck | null,
          address: row['address'] as string | null,
        },
        summary,
      });
    }
    return events;
  }

  #isRaw(notification: number): boolean {
    const row = this.#sql.get('SELECT kind FROM notifications WHERE id = ?', notification);
    return row?.['kind'] === notificationKindCodes.raw;
  }

  /** By notification; those of a raw one also under its negative ID, because all events of its delivery have them. */
  #forwardings(deliveries: readonly DeliveryRow[]): Map<number, Counted[]> {
    const found = new Map<number, Counted[]>();
    const withNotifications = deliveries.filter(({ notificationCount }) => notificationCount > 0);
    const first = withNotifications[0];
    const last = withNotifications.at(-1);
    if (first === undefined || last === undefined) return found;
    const [from, to] = [first.firstNotification, last.firstNotification + last.notificationCount - 1];
    for (const row of this.#sql.iterate(
      'SELECT notification_id, destination_id, state, attempts, next_at, status, duration_ms, released FROM forwardings WHERE notification_id BETWEEN ? AND ?',
      from,
      to,
    )) {
      const id = Number(row['notification_id']);
      const facts: Counted = {
        destinationId: Number(row['destination_id']),
        released: row['released'] as number | null,
        state: stateName(row['state']),
        attempts: Number(row['attempts']),
        nextAt: row['next_at'] as number | null,
        status: row['status'] as number | null,
        durationMs: row['duration_ms'] as number | null,
      };
      const others = found.get(id);
      if (others === undefined) found.set(id, [facts]);
      else others.push(facts);
    }
    if (found.size === 0) return found;
    // A raw notification is its delivery's last, and rare, so each is read separately.
    for (const { firstNotification, notificationCount } of withNotifications) {
      const id = firstNotification + notificationCount - 1;
      const facts = notificationCount > 1 ? found.get(id) : undefined;
      if (facts !== undefined && this.#isRaw(id)) found.set(-id, facts);
    }
    return found;
  }
}

function deliveryRow(row: Record<string, unknown>): DeliveryRow {
  return {
    id: Number(row['id']),
    firstEvent: Number(row['first_event']),
    rowCount: Number(row['row_count']),
    firstNotification: Number(row['first_notification']),
    notificationCount: Number(row['notification_count']),
    row,
  };
}

/** The size of a delivery's body in a row of {@link LogFeed.bodiesAfter}, in bytes. */
export function bodyBytesOf(row: Record<string, unknown>): number {
  return bytesOf(row['body']).byteLength;
}
