/** What the control channel shows of stored things: ids with their letter, times in ISO 8601. */
import type { Delivery, EventRow, Forwarding, Notification } from '../protocol/history.ts';
import type { Destination } from '../protocol/settings.ts';
import { columnLengths, cut } from './columns.ts';
import { toldId } from './destinations.ts';
import type { DeliveryRecord, NotificationRecord } from './records.ts';

/** The number in an id such as `e12`, with its letter. */
export function parseId(id: string): { kind: 'delivery' | 'event' | 'notification'; number: number } {
  const letter = id[0];
  const kind = letter === 'd' ? 'delivery' : letter === 'e' ? 'event' : 'notification';
  return { kind, number: Number(id.slice(1)) };
}

/** @param at milliseconds since the epoch */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** @param at milliseconds since the epoch */
export function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

/** A delivery that has just been stored. */
export function deliveryOf(record: DeliveryRecord): Delivery {
  return {
    id: `d${record.id}`,
    source: record.source,
    status: record.status,
    injected: record.injected,
    receivedAt: iso(record.receivedAt),
    httpStatus: record.httpStatus,
    reason: record.reason,
    list: record.list,
    signature: record.signature,
    contentType: cut(record.contentType, columnLengths.contentType),
    bodyBytes: record.bodyBytes,
    truncated: record.truncated,
    eventCount: record.status === 'accepted' ? record.events.length : 0,
  };
}

/** The rows of a delivery that has just been stored; nothing of it has been sent yet. */
export function rowsOf(record: DeliveryRecord, destinationById: (id: number) => Destination | undefined): EventRow[] {
  const delivery = deliveryOf(record);
  const forwardings = new Map(record.notifications.map((each) => [each.id, freshForwardings(each, destinationById)]));
  const raw = record.notifications.find((each) => each.kind === 'raw');
  const rawForwardings = raw === undefined ? [] : (forwardings.get(raw.id) ?? []);
  return record.events.map((event) => ({
    id: `e${event.id}`,
    deliveryId: delivery.id,
    kind: event.kind,
    source: delivery.source,
    injected: delivery.injected,
    receivedAt: delivery.receivedAt,
    type: event.type,
    list: delivery.list,
    address: event.address,
    date: event.date,
    warning: event.warning,
    duplicateOf: event.duplicateOf === null ? null : `e${event.duplicateOf}`,
    signature: delivery.signature,
    reason: delivery.reason,
    httpStatus: delivery.httpStatus,
    notificationId: event.notificationId === null ? null : `n${event.notificationId}`,
    forwardings: [
      ...(event.notificationId === null ? [] : (forwardings.get(event.notificationId) ?? [])),
      ...rawForwardings,
    ],
  }));
}

/** The notifications of a delivery that has just been stored. */
export function notificationsOf(
  record: DeliveryRecord,
  destinationById: (id: number) => Destination | undefined,
): Notification[] {
  return record.notifications.map((each) => ({
    id: `n${each.id}`,
    deliveryId: `d${record.id}`,
    kind: each.kind,
    part: each.part,
    parts: each.parts,
    eventId: each.eventId,
    createdAt: iso(each.createdAt),
    eventIds: record.events.slice(each.firstEvent, each.firstEvent + each.eventCount).map((event) => `e${event.id}`),
    forwardings: freshForwardings(each, destinationById),
  }));
}

function freshForwardings(
  notification: NotificationRecord,
  destinationById: (id: number) => Destination | undefined,
): Forwarding[] {
  return notification.forwardings.map((forwarding) => {
    const destination = destinationById(forwarding.destinationId);
    return {
      destinationId: toldId(forwarding.destinationId, destination),
      destination: destination?.url ?? '',
      mode: destination?.mode ?? 'normalised',
      state: forwarding.state,
      attempts: 0,
      ofRound: 0,
      maxAttempts: null,
      nextAttemptAt: null,
      status: null,
      durationMs: null,
      detail: forwarding.detail,
    };
  });
}
