/** Compares Open Connectors' log of an instance with a relay's history. Has no schemas, so loading it costs nothing. */
import { maxBodyValues, parseJson } from '../common/parse-json.ts';
import type { InstanceEvent } from './answers.ts';

export interface PlatformEvent {
  readonly id: string;
  readonly date: string | null;
  /** NEW, RECEIVED, DISPATCHED, CONSUMED or NOTIFIED; others are possible. */
  readonly status: string | null;
}

export interface ReceivedNotification {
  readonly deliveryId: string;
  readonly receivedAt: string;
  readonly signature: 'valid' | 'invalid' | 'missing' | 'unchecked' | 'fetched' | null;
  readonly eventId: string | null;
  readonly instanceId: number | null;
  readonly eventCount: number;
}

export interface LogRow {
  readonly platform: PlatformEvent | null;
  readonly received: readonly ReceivedNotification[];
}

export function platformEvents(log: readonly InstanceEvent[]): PlatformEvent[] {
  return log.map(({ id, eventDate, status }) => ({ id, date: dateOf(eventDate), status: status ?? null }));
}

/** @param value text, which is unchanged, or milliseconds since the epoch */
function dateOf(value: string | number | undefined): string | null {
  if (typeof value !== 'number') return value === undefined || value === '' ? null : value;
  return Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : null;
}

/** Reads both shapes of notifications. */
export function identityOfNotification(body: string): { eventId: string | null; instanceId: number | null } {
  try {
    const outer = recordOf(parseJson(body, maxBodyValues));
    const inner = recordOf(outer['message']);
    const eventId = inner['eventId'] ?? outer['eventId'];
    const instanceId = Number(inner['instanceId'] ?? inner['instance_id'] ?? outer['instanceId'] ?? Number.NaN);
    return {
      eventId: typeof eventId === 'string' || typeof eventId === 'number' ? String(eventId) : null,
      instanceId: Number.isSafeInteger(instanceId) ? instanceId : null,
    };
  } catch {
    return { eventId: null, instanceId: null };
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/**
 * Merges both, the newest first. An event and a notification belong together if the event's ID is the notification's
 * `eventId` (docs/assumptions.md).
 */
export function logRows(
  events: readonly PlatformEvent[],
  received: readonly ReceivedNotification[],
  instanceId: number,
): LogRow[] {
  const own = received.filter((each) => each.instanceId === null || each.instanceId === instanceId);
  const known = new Set(events.map(({ id }) => id));
  const rows: LogRow[] = events.map((platform) => ({
    platform,
    received: own.filter(({ eventId }) => eventId === platform.id),
  }));
  const alone = own
    .filter(({ eventId, instanceId: named }) => named === instanceId && (eventId === null || !known.has(eventId)))
    .map((each): LogRow => ({ platform: null, received: [each] }));
  return [...rows, ...alone].sort((a, b) => timeOf(b) - timeOf(a));
}

function timeOf({ platform, received }: LogRow): number {
  const time = Date.parse(platform?.date ?? received[0]?.receivedAt ?? '');
  return Number.isNaN(time) ? 0 : time;
}

export interface NotificationHistory {
  request(
    method: 'events/query',
    params: { readonly filter: string; readonly limit: number },
  ): Promise<{ readonly events: readonly { readonly deliveryId: string }[]; readonly next: string | null }>;
  request(
    method: 'deliveries/get',
    params: { readonly id: string },
  ): Promise<{
    readonly delivery: Pick<ReceivedNotification, 'receivedAt' | 'signature' | 'eventCount'>;
    readonly body: string;
  }>;
}

const mostEvents = 1000;

const mostDeliveries = 200;

/** Newest first. @param signal ends it between two requests @returns `cut`: there may be more */
export async function receivedNotifications(
  history: NotificationHistory,
  signal?: AbortSignal,
): Promise<{ readonly notifications: readonly ReceivedNotification[]; readonly cut: boolean }> {
  const { events, next } = await history.request('events/query', {
    filter: 'source:open-connectors',
    limit: mostEvents,
  });
  const ids = [...new Set(events.map(({ deliveryId }) => deliveryId))];
  const notifications: ReceivedNotification[] = [];
  for (const deliveryId of ids.slice(0, mostDeliveries)) {
    signal?.throwIfAborted();
    const { delivery, body } = await history.request('deliveries/get', { id: deliveryId });
    const { receivedAt, signature, eventCount } = delivery;
    const identity = identityOfNotification(Buffer.from(body, 'base64').toString());
    notifications.push({ deliveryId, receivedAt, signature, eventCount, ...identity });
  }
  return { notifications, cut: next !== null || ids.length > mostDeliveries };
}
