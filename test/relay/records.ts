/** Records as the store takes them, for tests that need no relay around it. */
import { destinationSchema, settingsSchema, type Destination } from '../../src/protocol/settings.ts';
import type { Headers } from '../../src/protocol/history.ts';
import type { StoredState } from '../../src/relay/log/database.ts';
import type { DestinationHold, ForwardingKey } from '../../src/relay/log/held.ts';
import type { AttemptRecord, DeliveryRecord, NotificationRecord } from '../../src/relay/log/records.ts';
import type { Store } from '../../src/relay/log/store.ts';

/** What a test says of a delivery; the rest is made up. */
export interface DeliveryPlan {
  readonly status?: DeliveryRecord['status'];
  readonly events?: number;
  /** Events in one notification; all by default. */
  readonly partSize?: number;
  /** The destinations for which each of its notifications waits. */
  readonly to?: readonly number[];
  /** The destinations for which its raw notification waits; without any it has none. */
  readonly raw?: readonly number[];
  /** The number of the pause that lets all of it go. */
  readonly released?: number;
  readonly body?: Buffer;
  readonly headers?: Headers;
  readonly receivedAt?: number;
  readonly fingerprint?: number | null;
}

/** A destination's settings with their defaults. */
export function destination(url: string, rest: object = {}): Destination {
  return destinationSchema.parse({ url, ...rest });
}

/** A destination's id in a store. @param held who holds what goes there */
export function destinationId(
  store: Store,
  url = 'http://127.0.0.1:9/',
  rest: object = {},
  held: DestinationHold | null = null,
): number {
  return store.destinations.intern(destination(url, rest), () => held);
}

/** The id under which a store keeps the default render settings. */
export function renderSettingsId(store: Store): number {
  const { timeZone, mapping, identity } = settingsSchema.parse({});
  return store.destinations.internRenderSettings({ timeZone, mapping, identity });
}

/** A delivery with its ids reserved. */
export function deliveryRecord(store: Store, plan: DeliveryPlan = {}): DeliveryRecord {
  const status = plan.status ?? 'accepted';
  const events = status === 'accepted' ? (plan.events ?? 1) : 1;
  const partSize = plan.partSize ?? events;
  const parts = status === 'accepted' ? Math.ceil(events / partSize) : 0;
  const raw = status === 'accepted' ? (plan.raw ?? []) : [];
  const ids = store.reserve(events, parts + (raw.length > 0 ? 1 : 0));
  const receivedAt = plan.receivedAt ?? 1_760_000_000_000 + ids.delivery;
  const body = plan.body ?? Buffer.from(`{"ListID":"l","Events":[],"n":${ids.delivery}}`);
  const renderSettings = renderSettingsId(store);
  const notification = (
    part: number,
    rest: Partial<NotificationRecord>,
    to: readonly number[],
  ): NotificationRecord => ({
    id: ids.firstNotification + part,
    kind: 'normalized',
    part,
    parts,
    firstEvent: part * partSize,
    eventCount: Math.min(partSize, events - part * partSize),
    eventId: `event-${ids.firstNotification + part}`,
    createdAt: receivedAt,
    renderSettingsId: renderSettings,
    ...rest,
    forwardings: to.map((id) => ({ destinationId: id, released: plan.released ?? null, stopped: null })),
  });
  const ofRaw = { kind: 'raw', part: 0, parts: 1, firstEvent: 0, eventCount: events } as const;
  return {
    id: ids.delivery,
    source: 'campaign-monitor',
    status,
    injected: false,
    onPurpose: false,
    receivedAt,
    httpStatus: status === 'rejected' ? 400 : 200,
    reason: status === 'rejected' ? 'neither JSON nor XML' : null,
    list: 'l',
    signature: null,
    contentType: 'application/json',
    headers: plan.headers ?? [['Content-Type', 'application/json']],
    body,
    bodyBytes: body.byteLength,
    truncated: false,
    json: null,
    events: Array.from({ length: events }, (_, position) => ({
      id: ids.firstEvent + position,
      kind: status === 'accepted' ? ('event' as const) : status,
      type: 'Subscribe',
      list: 'l',
      address: `a${ids.firstEvent + position}@example.org`,
      date: '2026-01-01T00:00:00Z',
      warning: null,
      fingerprint: plan.fingerprint ?? null,
      notificationId: status === 'accepted' ? ids.firstNotification + Math.floor(position / partSize) : null,
      duplicateOf: null,
    })),
    notifications: [
      ...Array.from({ length: parts }, (_, part) => notification(part, {}, plan.to ?? [])),
      ...(raw.length > 0 ? [notification(parts, ofRaw, raw)] : []),
    ],
  };
}

/**
 * Adds a delivery, and does with what waits of it what brings it into the states that are planned.
 * @param to a state for each destination
 */
export async function addDelivery(
  store: Store,
  plan: Omit<DeliveryPlan, 'to'> & { readonly to: readonly (readonly [destinationId: number, state: StoredState])[] },
): Promise<DeliveryRecord> {
  const record = deliveryRecord(store, { ...plan, to: plan.to.map(([id]) => id) });
  await store.add(record);
  await Promise.all(
    record.notifications.flatMap(({ id: notificationId }) =>
      plan.to.map(([id, state]) => bringAbout(store, { notificationId, destinationId: id }, state)),
    ),
  );
  return record;
}

/** Does with a forwarding that waits what brings it into a state. */
export async function bringAbout(store: Store, key: ForwardingKey, state: StoredState): Promise<void> {
  if (state === 'discarded') {
    const hold = { by: 'pause', breakpoint: null, detail: '' } as const;
    await store.forwardings.drop(() => [{ ...key, deliveryId: 0, attempts: 0, hold }]);
  } else if (state !== 'waiting') {
    const detail = state === 'failed' ? 'HTTP 500' : null;
    await store.forwardings.recordAttempt(attemptRecord(key.notificationId, key.destinationId, state), detail);
  }
}

/** One try to send a notification. */
export function attemptRecord(
  notificationId: number,
  destinationId: number,
  outcome: AttemptRecord['outcome'] = 'sent',
  rest: Partial<AttemptRecord> = {},
): AttemptRecord {
  return {
    notificationId,
    destinationId,
    number: 1,
    at: 1_760_000_000_000,
    durationMs: 1.5,
    status: outcome === 'sent' ? 200 : 500,
    error: null,
    outcome,
    nextAt: outcome === 'retrying' ? 1_760_000_001_000 : null,
    headers: [['Content-Type', 'text/plain']],
    body: Buffer.from('ok'),
    truncated: false,
    ...rest,
  };
}
