/** Records as the store takes them, for tests that need no relay around it. */
import { destinationSchema, settingsSchema } from '../../src/protocol/settings.ts';
import type { ForwardingState, Headers } from '../../src/protocol/history.ts';
import type { Destination } from '../../src/protocol/settings.ts';
import type { AttemptRecord, DeliveryRecord } from '../../src/relay/records.ts';
import type { Store } from '../../src/relay/store.ts';

/** What a test says of a delivery; the rest is made up. */
export interface DeliveryPlan {
  readonly status?: DeliveryRecord['status'];
  readonly events?: number;
  /** Events in one notification; all by default. */
  readonly partSize?: number;
  /** The state of each notification's forwarding for each of these destinations. */
  readonly to?: readonly { readonly destinationId: number; readonly state: ForwardingState }[];
  readonly body?: Buffer;
  readonly headers?: Headers;
  readonly receivedAt?: number;
  readonly fingerprint?: number | null;
}

/** A destination's settings with their defaults. */
export function destination(url: string, rest: object = {}): Destination {
  return destinationSchema.parse({ url, ...rest });
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
  const ids = store.reserve(events, parts);
  const receivedAt = plan.receivedAt ?? 1_760_000_000_000 + ids.delivery;
  const body = plan.body ?? Buffer.from(`{"ListID":"l","Events":[],"n":${ids.delivery}}`);
  const settingsId = renderSettingsId(store);
  return {
    id: ids.delivery,
    source: 'campaign-monitor',
    status,
    injected: false,
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
    notifications: Array.from({ length: parts }, (_, part) => ({
      id: ids.firstNotification + part,
      kind: 'normalised' as const,
      part,
      parts,
      firstEvent: part * partSize,
      eventCount: Math.min(partSize, events - part * partSize),
      eventId: `event-${ids.firstNotification + part}`,
      createdAt: receivedAt,
      renderSettingsId: settingsId,
      forwardings: (plan.to ?? []).map(({ destinationId, state }) => ({ destinationId, state, detail: null })),
    })),
  };
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
