/** Rows as clients are shown them, read from the log by their ids. */
import type { DatabaseSync } from 'node:sqlite';
import type {
  AttemptDetail,
  Delivery,
  EventRow,
  EventSummary,
  Forwarding,
  Headers,
  Notification,
  SignatureCheck,
  Source,
} from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { columnLengths, cut } from '../columns.ts';
import { notificationKindCodes } from '../database.ts';
import { toldId } from '../destinations.ts';
import { mostAttempts } from '../message-size.ts';
import { iso, isoOrNull, parseId } from '../rows.ts';
import { Statements } from '../statements.ts';
import type { Row } from '../statements.ts';
import { bytesOf, kindName, notificationKindName, stateName } from '../stored.ts';
import { eventStateOf } from './forwarding-summary.ts';

const columns = `e.id, e.delivery_id, e.kind, e.received_at, e.type, e.address, e.date, e.warning, e.duplicate_of, e.notification_id,
  d.list, d.source, d.injected, d.signature, d.reason, d.http_status, d.first_notification, d.notification_count
  FROM events e JOIN deliveries d ON d.id = e.delivery_id`;

/** A destination as clients know it. */
interface KnownDestination {
  readonly config: string | undefined;
  readonly destinationId: string;
  readonly destination: Destination | undefined;
}

/** Reads rows of a log. */
export class EventRows {
  readonly #sql: Statements;
  /** As they were when they were last read: a row repeats them for each forwarding. */
  readonly #destinations = new Map<number, KnownDestination>();
  readonly #markOf: (event: number) => number | null;

  /** @param markOf the earlier event of the same content, where the log does not say so */
  constructor(db: DatabaseSync, markOf: (event: number) => number | null) {
    this.#sql = new Statements(db);
    this.#markOf = markOf;
  }

  /** Forgets its statements. */
  close(): void {
    this.#sql.close();
  }

  /** An event's row; undefined where it is gone. */
  byEvent(id: number): Row | undefined {
    return this.#sql.get(`SELECT ${columns} WHERE e.id = ?`, id);
  }

  /** The row of an event, or of the first event of a delivery or a notification. */
  byId(id: string): Row | undefined {
    const { kind, number } = parseId(id);
    if (kind === 'event') return this.byEvent(number);
    if (kind === 'delivery') return this.#sql.get(`SELECT ${columns} WHERE d.id = ? AND e.id = d.first_event`, number);
    return this.#sql.get(
      `SELECT ${columns} JOIN notifications n ON n.delivery_id = d.id WHERE n.id = ? AND e.id = d.first_event + n.first_event`,
      number,
    );
  }

  /** The rows of a delivery's events, in their order. */
  ofDelivery(delivery: number): Row[] {
    return this.#sql.all(
      `SELECT ${columns} WHERE e.id BETWEEN (SELECT first_event FROM deliveries WHERE id = ?) AND (SELECT first_event + row_count - 1 FROM deliveries WHERE id = ?) AND d.id = ? ORDER BY e.id`,
      delivery,
      delivery,
      delivery,
    );
  }

  /** What a client is shown of a row. */
  shown(row: Row): EventRow {
    const mark = this.#markOf(Number(row['id'])) ?? row['duplicate_of'];
    return {
      id: `e${String(row['id'])}`,
      deliveryId: `d${String(row['delivery_id'])}`,
      kind: kindName(row['kind']),
      source: row['source'] as Source,
      injected: row['injected'] === 1,
      receivedAt: iso(Number(row['received_at'])),
      // A history of an earlier version may hold longer ones.
      type: cut(textOrNull(row['type']), columnLengths.type),
      list: cut(textOrNull(row['list']), columnLengths.list),
      address: cut(textOrNull(row['address']), columnLengths.address),
      date: cut(textOrNull(row['date']), columnLengths.date),
      warning: textOrNull(row['warning']),
      duplicateOf: idOrNull('e', mark),
      signature: row['signature'] as SignatureCheck | null,
      reason: textOrNull(row['reason']),
      httpStatus: Number(row['http_status']),
      notificationId: idOrNull('n', row['notification_id']),
      forwardings: this.notificationIdsOf(row).flatMap((id) => this.forwardings(id)),
    };
  }

  /** The line of a table for a row. */
  summary(row: Row): EventSummary {
    const { id, deliveryId, kind, source, injected, receivedAt, forwardings, ...shown } = this.shown(row);
    const { type, list, address, warning, duplicateOf, reason } = shown;
    return {
      ...{ id, deliveryId, kind, source, injected, receivedAt },
      ...{ type, list, address, warning, duplicateOf, reason },
      ...eventStateOf(kind, forwardings),
    };
  }

  /** The notifications of an event: its own, and its delivery's raw one. */
  notificationIdsOf(row: Row): number[] {
    if (row['notification_id'] === null) return [];
    const own = Number(row['notification_id']);
    const last = Number(row['first_notification']) + Number(row['notification_count']) - 1;
    if (last === own) return [own];
    const raw = this.#sql.get(
      `SELECT id FROM notifications WHERE id = ? AND kind = ${notificationKindCodes.raw}`,
      last,
    );
    return raw === undefined ? [own] : [own, last];
  }

  hasNotification(id: number): boolean {
    return this.#sql.get('SELECT id FROM notifications WHERE id = ?', id) !== undefined;
  }

  /** A delivery without its bytes. */
  delivery(id: number): Delivery | undefined {
    const row = this.#sql.get(
      'SELECT id, source, status, injected, received_at, http_status, reason, list, signature, content_type, body_bytes, truncated, event_count FROM deliveries WHERE id = ?',
      id,
    );
    if (row === undefined) return undefined;
    return {
      id: `d${id}`,
      source: row['source'] as Source,
      status: row['status'] as Delivery['status'],
      injected: row['injected'] === 1,
      receivedAt: iso(Number(row['received_at'])),
      httpStatus: Number(row['http_status']),
      reason: textOrNull(row['reason']),
      list: cut(textOrNull(row['list']), columnLengths.list),
      signature: row['signature'] as SignatureCheck | null,
      contentType: cut(textOrNull(row['content_type']), columnLengths.contentType),
      bodyBytes: Number(row['body_bytes']),
      truncated: row['truncated'] === 1,
      eventCount: Number(row['event_count']),
    };
  }

  /** The ids of a delivery's notifications; undefined where there is no such delivery. */
  notificationsOfDelivery(id: number): number[] | undefined {
    const row = this.#sql.get(
      'SELECT first_notification AS first, notification_count AS count FROM deliveries WHERE id = ?',
      id,
    );
    return row && Array.from({ length: Number(row['count']) }, (_, index) => Number(row['first']) + index);
  }

  notification(id: number): Notification | undefined {
    const row = this.#sql.get(
      'SELECT n.*, d.first_event AS delivery_first_event FROM notifications n JOIN deliveries d ON d.id = n.delivery_id WHERE n.id = ?',
      id,
    );
    if (row === undefined) return undefined;
    const firstEvent = Number(row['delivery_first_event']) + Number(row['first_event']);
    return {
      id: `n${id}`,
      deliveryId: `d${String(row['delivery_id'])}`,
      kind: notificationKindName(row['kind']),
      part: Number(row['part']),
      parts: Number(row['parts']),
      eventId: String(row['event_id']),
      createdAt: iso(Number(row['created_at'])),
      eventIds: Array.from({ length: Number(row['event_count']) }, (_, index) => `e${firstEvent + index}`),
      forwardings: this.forwardings(id),
    };
  }

  forwardings(notificationId: number): Forwarding[] {
    return this.#sql
      .all('SELECT * FROM forwardings WHERE notification_id = ? ORDER BY destination_id', notificationId)
      .map((row) => {
        const { destinationId, destination } = this.destination(Number(row['destination_id']));
        return {
          destinationId,
          destination: destination?.url ?? '',
          mode: destination?.mode ?? 'normalised',
          state: stateName(row['state']),
          attempts: Number(row['attempts']),
          ofRound: Number(row['attempts']) - Number(row['round_start']),
          maxAttempts: null,
          nextAttemptAt: isoOrNull(row['next_at'] as number | null),
          status: row['status'] as number | null,
          durationMs: row['duration_ms'] as number | null,
          detail: textOrNull(row['detail']),
        };
      });
  }

  /** The latest attempts at a notification, oldest first. */
  attempts(notificationId: number, deliveryId: number): AttemptDetail[] {
    const latest = this.#sql.all(
      'SELECT * FROM attempts WHERE notification_id = ? ORDER BY id DESC LIMIT ?',
      notificationId,
      mostAttempts,
    );
    return latest.reverse().map((row) => {
      const { destinationId, destination } = this.destination(Number(row['destination_id']));
      return {
        notificationId: `n${notificationId}`,
        deliveryId: `d${deliveryId}`,
        destinationId,
        destination: destination?.url ?? '',
        number: Number(row['number']),
        at: iso(Number(row['at'])),
        durationMs: Number(row['duration_ms']),
        status: row['status'] as number | null,
        error: textOrNull(row['error']),
        outcome: row['outcome'] as AttemptDetail['outcome'],
        nextAttemptAt: isoOrNull(row['next_at'] as number | null),
        answerHeaders: JSON.parse(row['headers'] as string) as Headers,
        answerBody: bytesOf(row['body']).toString('base64'),
        answerTruncated: row['truncated'] === 1,
      };
    });
  }

  /** The destinations that a notification goes or went to. */
  destinationsOf(notificationId: number): KnownDestination[] {
    return this.#sql
      .all('SELECT destination_id AS id FROM forwardings WHERE notification_id = ?', notificationId)
      .map((row) => this.destination(Number(row['id'])));
  }

  /** Ids of the notifications with a forwarding in this state, oldest first. */
  notificationsIn(stateCode: number): number[] {
    return this.#sql
      .all('SELECT DISTINCT notification_id AS id FROM forwardings WHERE state = ? ORDER BY notification_id', stateCode)
      .map((row) => Number(row['id']));
  }

  /** A destination with its settings as last known. */
  destination(id: number): KnownDestination {
    const config = this.#sql.get('SELECT config FROM destinations WHERE id = ?', id)?.['config'] as string | undefined;
    const last = this.#destinations.get(id);
    if (last !== undefined && last.config === config) return last;
    const destination = config === undefined ? undefined : (JSON.parse(config) as Destination);
    const known = { config, destinationId: toldId(id, destination), destination };
    this.#destinations.set(id, known);
    return known;
  }
}

function idOrNull(letter: string, value: unknown): string | null {
  return typeof value === 'number' ? `${letter}${value}` : null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
