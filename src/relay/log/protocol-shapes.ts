import type { Sending } from '../../protocol/debug.ts';
import type { Attempt, Delivery, EventRow, Forwarding, Notification } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { columnLengths, cut } from './columns.ts';
import { protocolDestinationId } from './destinations.ts';
import type { HeldCounts, Hold, Holdable, StoredSending } from './held.ts';
import type {
  AttemptFacts,
  DeliveryFacts,
  DeliveryRecord,
  EventFacts,
  ForwardingFacts,
  NotificationFacts,
  NotificationRecord,
} from './records.ts';

export function parseId(id: string): { kind: 'delivery' | 'event' | 'notification'; number: number } {
  const letter = id[0];
  const kind = letter === 'd' ? 'delivery' : letter === 'e' ? 'event' : 'notification';
  return { kind, number: Number(id.slice(1)) };
}

/** @param at milliseconds since the epoch */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}

function idOrNull(letter: 'e' | 'n', number: number | null): string | null {
  return number === null ? null : `${letter}${number}`;
}

export function protocolDelivery(delivery: DeliveryFacts, eventCount: number): Delivery {
  return {
    id: `d${delivery.id}`,
    source: delivery.source,
    status: delivery.status,
    injected: delivery.injected,
    receivedAt: iso(delivery.receivedAt),
    httpStatus: delivery.httpStatus,
    ...answeredWords(delivery),
    reason: delivery.reason,
    list: delivery.list,
    signature: delivery.signature,
    contentType: cut(delivery.contentType, columnLengths.contentType),
    bodyBytes: delivery.bodyBytes,
    truncated: delivery.truncated,
    eventCount,
    editOf: delivery.editOf === undefined || delivery.editOf === null ? null : `d${delivery.editOf}`,
  };
}

function answeredWords({ onPurpose }: Pick<DeliveryFacts, 'onPurpose'>): Pick<Delivery, 'answered'> {
  return onPurpose ? { answered: 'on-purpose' } : {};
}

export function protocolEvent(
  delivery: Pick<
    DeliveryFacts,
    'id' | 'source' | 'injected' | 'receivedAt' | 'list' | 'signature' | 'reason' | 'httpStatus' | 'onPurpose'
  >,
  event: EventFacts,
  inDelivery: EventRow['inDelivery'],
  notification: Pick<NotificationFacts, 'part' | 'parts' | 'eventCount'> | undefined,
  forwardings: Forwarding[],
): EventRow {
  return {
    id: `e${event.id}`,
    deliveryId: `d${delivery.id}`,
    kind: event.kind,
    source: delivery.source,
    injected: delivery.injected,
    receivedAt: iso(delivery.receivedAt),
    type: event.type,
    list: delivery.list,
    address: event.address,
    date: event.date,
    warning: event.warning,
    duplicateOf: idOrNull('e', event.duplicateOf),
    signature: delivery.signature,
    reason: delivery.reason,
    httpStatus: delivery.httpStatus,
    ...answeredWords(delivery),
    notificationId: idOrNull('n', event.notificationId),
    inDelivery,
    ...(notification !== undefined &&
      notification.eventCount > 1 && {
        inNotification: { part: notification.part, parts: notification.parts, events: notification.eventCount },
      }),
    forwardings,
  };
}

export function protocolNotification(
  notification: NotificationFacts,
  deliveryId: number,
  firstEvent: number,
  forwardings: Forwarding[],
): Notification {
  return {
    id: `n${notification.id}`,
    deliveryId: `d${deliveryId}`,
    kind: notification.kind,
    part: notification.part,
    parts: notification.parts,
    eventId: notification.eventId,
    createdAt: iso(notification.createdAt),
    eventIds: Array.from({ length: notification.eventCount }, (_, index) => `e${firstEvent + index}`),
    forwardings,
  };
}

export function protocolForwarding(
  notificationId: number,
  forwarding: ForwardingFacts,
  destination: Destination | undefined,
  hold: Hold | null,
): Forwarding {
  return {
    notificationId: `n${notificationId}`,
    ...protocolPlace(forwarding.destinationId, destination),
    mode: destination?.mode ?? 'normalized',
    ...(destination?.signatureKeyName !== undefined && { signatureKeyName: destination.signatureKeyName }),
    state: hold === null ? forwarding.state : 'held',
    attempts: forwarding.attempts,
    ofRound: forwarding.attempts - forwarding.roundStart,
    maxAttempts: null,
    nextAttemptAt: isoOrNull(forwarding.nextAt),
    status: forwarding.status,
    durationMs: forwarding.durationMs,
    detail: hold?.detail ?? forwarding.detail,
    heldBy: hold?.by ?? null,
    breakpointId: protocolBreakpoint(hold?.breakpoint),
  };
}

export function protocolBreakpoint(number: number | null | undefined): string | null {
  return number === null || number === undefined ? null : `b${number}`;
}

export function protocolAttempt(
  attempt: AttemptFacts,
  deliveryId: number,
  destination: Destination | undefined,
): Omit<Attempt, 'ofRound'> {
  return {
    notificationId: `n${attempt.notificationId}`,
    deliveryId: `d${deliveryId}`,
    ...protocolPlace(attempt.destinationId, destination),
    number: attempt.number,
    at: iso(attempt.at),
    durationMs: attempt.durationMs,
    status: attempt.status,
    error: attempt.error,
    outcome: attempt.outcome,
    nextAttemptAt: isoOrNull(attempt.nextAt),
  };
}

function protocolPlace(
  id: number,
  destination: Destination | undefined,
): { destinationId: string; destination: string } {
  return { destinationId: protocolDestinationId(id, destination), destination: destination?.url ?? '' };
}

type Destinations = (id: number) => Destination | undefined;
type Holds = (forwarding: Holdable) => Hold | null;

export function protocolRecord(record: DeliveryRecord): Delivery {
  return protocolDelivery(record, record.status === 'accepted' ? record.events.length : 0);
}

export function protocolEventsOf(record: DeliveryRecord, destinationById: Destinations, holdOf: Holds): EventRow[] {
  const notifications = new Map(
    record.notifications.map((each) => [
      each.id,
      { facts: each, forwardings: freshForwardings(each, destinationById, holdOf) },
    ]),
  );
  const raw = record.notifications.find((each) => each.kind === 'raw');
  const rawForwardings = raw === undefined ? [] : (notifications.get(raw.id)?.forwardings ?? []);
  const of = record.events.length;
  return record.events.map((event, index) => {
    const own = event.notificationId === null ? undefined : notifications.get(event.notificationId);
    const forwardings = [...(own?.forwardings ?? []), ...rawForwardings];
    return protocolEvent(record, event, { position: index + 1, of }, own?.facts, forwardings);
  });
}

export function protocolNotificationsOf(
  record: DeliveryRecord,
  destinationById: Destinations,
  holdOf: Holds,
): Notification[] {
  const firstEvent = record.events[0]?.id ?? 0;
  return record.notifications.map((each) =>
    protocolNotification(
      each,
      record.id,
      firstEvent + each.firstEvent,
      freshForwardings(each, destinationById, holdOf),
    ),
  );
}

const untried = {
  state: 'waiting',
  detail: null,
  attempts: 0,
  roundStart: 0,
  nextAt: null,
  status: null,
  durationMs: null,
} as const;

function freshForwardings(
  { id, forwardings }: NotificationRecord,
  destinationById: Destinations,
  holdOf: Holds,
): Forwarding[] {
  return forwardings.map((each) => {
    const facts = { ...each, ...untried };
    return protocolForwarding(id, facts, destinationById(each.destinationId), holdOf({ ...facts, notificationId: id }));
  });
}

export function protocolSending({ paused }: StoredSending, counts: HeldCounts, breakpoints: number): Sending {
  const { pause, breakpoint, 'missing-key': missingKey, destination } = counts;
  const held = { pause, breakpoint, missingKey, destination };
  if (paused === null) return { state: 'flowing', held, breakpoints };
  const { by, since, stop } = paused;
  return { state: 'paused', by, since: iso(since), stop, held, breakpoints };
}
