/** What breakpoints are asked about: an event on its way, as expressions see it. Bounded, and without secrets. */
import { readPayload } from '../../campaign-monitor/payload.ts';
import { celValue, cutValue } from '../../common/expressions/cel-value.ts';
import type { CelValue, ValueBounds } from '../../common/expressions/cel-value.ts';
import { hookSecret } from '../../common/hook-path.ts';
import { maskPlaces } from '../../common/masking.ts';
import type { SecretMask } from '../../common/masking.ts';
import { readPlatformNotification } from '../../open-connectors/notification.ts';
import { columnLengths, isCut } from '../log/columns.ts';
import type { Variables } from './conditions.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import type { AttemptRecord, DeliveryFacts, EventFacts, NotificationFacts } from '../log/records.ts';
import { iso } from '../log/protocol-shapes.ts';
import type { StoredReader } from '../log/stored.ts';
import type { Target } from '../sending/target.ts';

/** Longer texts are not seen, in characters; of what the relay says and of an answer their beginning is. */
const mostText = 2000;

/** How much of an event is seen. */
const bounds: ValueBounds = { elements: 200, values: 2000, text: mostText, depth: 6 };

/** Events of one notification that breakpoints are asked about. */
export const mostEventsLookedAt = 1000;

/** One notification, or a delivery without any, on its way. */
export interface Subject {
  readonly deliveryId: number;
  readonly notification: Pick<NotificationFacts, 'id' | 'kind' | 'part' | 'parts' | 'eventCount' | 'eventId'> | null;
  readonly target: Pick<Target, 'id' | 'destination' | 'place'> | null;
  readonly attempt: Pick<AttemptRecord, 'number' | 'status' | 'outcome' | 'error' | 'durationMs' | 'body'> | null;
}

/** An event of a subject, and what expressions see of it. */
export interface SeenEvent {
  readonly eventId: string;
  readonly variables: Variables;
}

/** Makes what expressions see. */
export class Subjects {
  readonly #stored: StoredReader;
  readonly #mask: () => SecretMask;
  /** Of the delivery that was looked at last: its parts follow each other. */
  #last: { readonly id: number; readonly fields: readonly Readonly<Record<string, unknown>>[] } | undefined;

  /** @param mask what masks the secrets that are known now */
  constructor(stored: StoredReader, mask: () => SecretMask) {
    this.#stored = stored;
    this.#mask = mask;
  }

  /**
   * The events of a subject, one after another: each is read when it is asked for.
   * @returns none where the delivery is gone
   */
  *events(subject: Subject, firstEvent: number, count: number): Generator<SeenEvent> {
    const delivery = this.#stored.delivery(subject.deliveryId);
    if (delivery === undefined) return;
    const mask = this.#mask();
    const text = (value: string | null): string => safeText(value ?? '', mask);
    const fields = this.#fields(delivery);
    const common = commonVariables(subject, delivery, text);
    // One more than is looked at tells that some were left out.
    const rows = this.#stored.events(delivery.firstEvent + firstEvent, Math.min(count, mostEventsLookedAt + 1));
    for (const [index, row] of rows.entries()) {
      const own = fields[firstEvent + index] ?? {};
      const seen = celValue(own, bounds, text);
      yield {
        eventId: `e${row.id}`,
        variables: { ...common, event: { ...eventVariables(row, delivery, text), fields: seen } },
      };
    }
  }

  /** The events as they were posted. */
  #fields(delivery: DeliveryFacts): readonly Readonly<Record<string, unknown>>[] {
    if (this.#last?.id === delivery.id) return this.#last.fields;
    const fields = this.#read(delivery);
    this.#last = { id: delivery.id, fields };
    return fields;
  }

  #read({ id, status }: DeliveryFacts): readonly Readonly<Record<string, unknown>>[] {
    const stored = status === 'accepted' ? this.#stored.body(id) : undefined;
    if (stored === undefined) return [];
    if (stored.source === 'campaign-monitor') {
      const payload = readPayload(stored.body, stored.contentType);
      return payload.kind === 'events' ? payload.events : [];
    }
    const notification = readPlatformNotification(stored.body);
    return notification.kind === 'notification' ? notification.events.map((event) => ({ ...event })) : [];
  }
}

type Text = (value: string | null) => string;

/** What a sender wrote into a column: not seen where it was too long for that. */
function column(value: string | null, length: number, text: Text): CelValue {
  return isCut(value, length) || (value ?? '').length > mostText ? cutValue : text(value);
}

function eventVariables(row: EventFacts, delivery: DeliveryFacts, text: Text): Record<string, CelValue> {
  return {
    id: `e${row.id}`,
    kind: row.kind,
    type: column(row.type, columnLengths.type, text),
    address: column(row.address, columnLengths.address, text),
    date: column(row.date, columnLengths.date, text),
    list: column(delivery.list, columnLengths.list, text),
    duplicate: row.duplicateOf !== null,
    warning: text(row.warning),
  };
}

function commonVariables(
  { notification, target, attempt }: Subject,
  delivery: DeliveryFacts & { readonly rows: number },
  text: Text,
): Omit<Variables, 'event'> {
  return {
    delivery: {
      id: `d${delivery.id}`,
      source: delivery.source,
      status: delivery.status,
      httpStatus: BigInt(delivery.httpStatus),
      reason: text(delivery.reason),
      list: column(delivery.list, columnLengths.list, text),
      signature: delivery.signature ?? '',
      contentType: column(delivery.contentType, columnLengths.contentType, text),
      receivedAt: iso(delivery.receivedAt),
      bytes: BigInt(delivery.bodyBytes),
      events: BigInt(delivery.status === 'accepted' ? delivery.rows : 0),
      injected: delivery.injected,
      onPurpose: delivery.onPurpose,
    },
    notification: {
      id: notification === null ? '' : `n${notification.id}`,
      kind: notification?.kind ?? '',
      part: BigInt(notification === null ? 0 : notification.part + 1),
      parts: BigInt(notification?.parts ?? 0),
      events: BigInt(notification?.eventCount ?? 0),
      eventId: column(notification?.eventId ?? null, columnLengths.eventId, text),
    },
    destination: {
      id: target === null ? '' : protocolDestinationId(target.id, target.destination),
      // Without its query, in which a token may be.
      url: text(target?.place ?? null),
      mode: target?.destination.mode ?? '',
    },
    attempt: {
      number: BigInt(attempt?.number ?? 0),
      status: BigInt(attempt?.status ?? 0),
      outcome: attempt?.outcome ?? '',
      error: text(attempt?.error ?? null),
      durationMs: attempt?.durationMs ?? 0,
      answer: text(attempt === null ? null : attempt.body.subarray(0, mostText * 4).toString()),
    },
  };
}

/** Cut first, so that no secret is sought in megabytes; what the cut leaves of one is masked, too. */
function safeText(text: string, mask: SecretMask): string {
  const isCut = text.length > mostText;
  const masked = mask.in(isCut ? text.slice(0, mostText) : text, { cut: isCut });
  return maskPlaces(masked, [hookSecret]);
}
