import type { DatabaseSync } from 'node:sqlite';
import type {
  AttemptDetail,
  Delivery,
  EventRow,
  Forwarding,
  Headers,
  Notification,
  TracedEvent,
} from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { eventStates } from '../../protocol/event-filter.ts';
import { bytesOf, stateCodes, stateName } from '../log/database.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { holdableOf, holdOf, type HoldView } from '../log/held.ts';
import { mostAttempts, mostTraced } from '../../protocol/message-size.ts';
import type { NotificationFacts } from '../log/records.ts';
import {
  iso,
  parseId,
  protocolAttempt,
  protocolDelivery,
  protocolEvent,
  protocolForwarding,
  protocolNotification,
} from '../log/protocol-shapes.ts';
import { Statements, type Row } from '../log/statements.ts';
import { deliveryFactsOf, eventFactsOf, notificationFactsOf } from '../log/stored.ts';

const columns = `e.id, e.delivery_id, e.kind, e.received_at, e.type, e.list, e.address, e.date, e.warning, e.duplicate_of,
  e.notification_id, e.raw_id, e.state, e.attempts, e.status, e.duration_ms, d.source, d.injected, d.signature, d.on_purpose, d.reason, d.http_status, d.first_event, d.row_count
  FROM events e JOIN deliveries d ON d.id = e.delivery_id`;

export class EventRows {
  readonly #sql: Statements;
  readonly #view: () => HoldView;

  constructor(db: DatabaseSync, view: () => HoldView) {
    this.#sql = new Statements(db);
    this.#view = view;
  }

  close(): void {
    this.#sql.close();
  }

  byEvent(id: number): Row | undefined {
    return this.#sql.get(`SELECT ${columns} WHERE e.id = ?`, id);
  }

  /** For a delivery or a notification, the row of its first event. */
  byId(id: string): Row | undefined {
    const { kind, number } = parseId(id);
    if (kind === 'event') return this.byEvent(number);
    if (kind === 'delivery') return this.#sql.get(`SELECT ${columns} WHERE d.id = ? AND e.id = d.first_event`, number);
    return this.#sql.get(
      `SELECT ${columns} JOIN notifications n ON n.delivery_id = d.id WHERE n.id = ? AND e.id = d.first_event + n.first_event`,
      number,
    );
  }

  ofDelivery(delivery: number): Row[] {
    return this.#sql.all(
      `SELECT ${columns} WHERE e.id BETWEEN (SELECT first_event FROM deliveries WHERE id = ?) AND (SELECT first_event + row_count - 1 FROM deliveries WHERE id = ?) AND d.id = ? ORDER BY e.id`,
      delivery,
      delivery,
      delivery,
    );
  }

  shown(row: Row): EventRow {
    const event = eventFactsOf(row);
    return protocolEvent(
      deliveryFactsOf(Number(row['delivery_id']), row),
      event,
      { position: event.id - Number(row['first_event']) + 1, of: Number(row['row_count']) },
      this.#partOf(row),
      this.notificationIdsOf(row).flatMap((each) => this.forwardings(each)),
    );
  }

  #partOf(row: Row): NotificationFacts | undefined {
    const id = row['notification_id'] as number | null;
    if (id === null || row['row_count'] === 1) return undefined;
    const found = this.#sql.get('SELECT * FROM notifications WHERE id = ?', id);
    return found && notificationFactsOf(id, found);
  }

  traced(row: Row): TracedEvent {
    const shown = this.shown(row);
    const isHeld = row['state'] !== stateCodes.failed && shown.forwardings.some(({ state }) => state === 'held');
    const made = Number(row['attempts']);
    const attempts = made === 0 ? [] : this.notificationIdsOf(row).flatMap((each) => this.#spans(each));
    attempts.sort((a, b) => a.at.localeCompare(b.at));
    return {
      row: shown,
      state: isHeld ? 'held' : (eventStates[Number(row['state'])] ?? 'none'),
      status: row['status'] as number | null,
      durationMs: row['duration_ms'] as number | null,
      attempts,
      omittedAttempts: Math.max(0, made - attempts.length),
    };
  }

  #spans(notificationId: number): TracedEvent['attempts'] {
    return this.#sql
      .all(
        'SELECT destination_id, number, at, duration_ms, status, outcome FROM attempts WHERE notification_id = ? ORDER BY id DESC LIMIT ?',
        notificationId,
        mostTraced,
      )
      .map((row) => ({
        destinationId: this.destination(Number(row['destination_id'])).destinationId,
        number: Number(row['number']),
        at: iso(Number(row['at'])),
        durationMs: Number(row['duration_ms']),
        status: row['status'] as number | null,
        outcome: row['outcome'] as AttemptDetail['outcome'],
      }));
  }

  notificationIdsOf(row: Row): number[] {
    return [row['notification_id'], row['raw_id']].filter((id) => typeof id === 'number');
  }

  hasNotification(id: number): boolean {
    return this.#sql.get('SELECT id FROM notifications WHERE id = ?', id) !== undefined;
  }

  delivery(id: number): Delivery | undefined {
    const row = this.#sql.get(
      'SELECT source, status, injected, received_at, http_status, reason, list, signature, content_type, body_bytes, truncated, event_count, edit_of, on_purpose FROM deliveries WHERE id = ?',
      id,
    );
    return row && protocolDelivery(deliveryFactsOf(id, row), Number(row['event_count']));
  }

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
    return protocolNotification(
      notificationFactsOf(id, row),
      Number(row['delivery_id']),
      Number(row['delivery_first_event']) + Number(row['first_event']),
      this.forwardings(id),
    );
  }

  forwardings(notificationId: number): Forwarding[] {
    return this.#sql
      .all('SELECT * FROM forwardings WHERE notification_id = ? ORDER BY destination_id', notificationId)
      .map((row) => {
        const destinationId = Number(row['destination_id']);
        return protocolForwarding(
          notificationId,
          {
            destinationId,
            state: stateName(row['state']),
            detail: row['detail'] as string | null,
            attempts: Number(row['attempts']),
            roundStart: Number(row['round_start']),
            nextAt: row['next_at'] as number | null,
            status: row['status'] as number | null,
            durationMs: row['duration_ms'] as number | null,
            released: row['released'] as number | null,
            stopped: row['stopped'] as number | null,
          },
          this.destination(destinationId).destination,
          holdOf(holdableOf(row), this.#view()),
        );
      });
  }

  attempts(notificationId: number, deliveryId: number): AttemptDetail[] {
    const latest = this.#sql.all(
      'SELECT * FROM attempts WHERE notification_id = ? ORDER BY id DESC LIMIT ?',
      notificationId,
      mostAttempts,
    );
    return latest.reverse().map((row) => {
      const destinationId = Number(row['destination_id']);
      return {
        ...protocolAttempt(
          {
            notificationId,
            destinationId,
            number: Number(row['number']),
            at: Number(row['at']),
            durationMs: Number(row['duration_ms']),
            status: row['status'] as number | null,
            error: row['error'] as string | null,
            outcome: row['outcome'] as AttemptDetail['outcome'],
            nextAt: row['next_at'] as number | null,
          },
          deliveryId,
          this.destination(destinationId).destination,
        ),
        answerHeaders: JSON.parse(row['headers'] as string) as Headers,
        answerBody: bytesOf(row['body']).toString('base64'),
        answerTruncated: row['truncated'] === 1,
      };
    });
  }

  destinationsOf(notificationId: number): ReturnType<EventRows['destination']>[] {
    return this.#sql
      .all('SELECT destination_id AS id FROM forwardings WHERE notification_id = ?', notificationId)
      .map((row) => this.destination(Number(row['id'])));
  }

  destination(id: number): { readonly destinationId: string; readonly destination: Destination | undefined } {
    const config = this.#sql.get('SELECT config FROM destinations WHERE id = ?', id)?.['config'];
    const destination = typeof config === 'string' ? (JSON.parse(config) as Destination) : undefined;
    return { destinationId: protocolDestinationId(id, destination), destination };
  }
}
