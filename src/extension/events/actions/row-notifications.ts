/** Rows of events as the notifications that hold them: what is done to a row is done to its notification. */
import type { EventRow, Notification } from '../../../protocol/history.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';
import { printable } from '../../ui/printable.ts';

/** Whether there is something of a row that is sent. */
export function hasNotification(row: EventRow): boolean {
  return row.notificationId !== null || row.forwardings.length > 0;
}

/** What its row shows, or its id where the row shows no address. */
export function nameOf(row: EventRow | undefined): string {
  return printable(row?.address === '' ? row.id : (row?.address ?? row?.id ?? ''));
}

/**
 * The notification of all these rows, where it is one and holds more than one event: what is done to a row is done to
 * all of these.
 */
export async function onlyNotification(
  client: RelayClient,
  [first, ...others]: readonly EventRow[],
): Promise<Notification | undefined> {
  if (first === undefined || first.inDelivery.of < 2) return undefined;
  if (others.some(({ notificationId }) => notificationId !== first.notificationId)) return undefined;
  const { notifications } = await client.request('events/get', { id: first.id });
  const own = notifications.find(({ id }) => id === first.notificationId) ?? notifications[0];
  return own !== undefined && own.eventIds.length > 1 ? own : undefined;
}

/**
 * One event for each notification, by their deliveries. Those of one delivery go in one request: the relay then sends
 * what they share, its raw body, once.
 */
export function idsByDelivery(rows: readonly EventRow[]): string[][] {
  const deliveries = new Map<string, Map<string, string>>();
  for (const { id, deliveryId, notificationId } of rows) {
    const notifications = deliveries.get(deliveryId) ?? new Map<string, string>();
    deliveries.set(deliveryId, notifications);
    // Without one of its own it stands for the raw body.
    const key = notificationId ?? '';
    if (!notifications.has(key)) notifications.set(key, id);
  }
  return [...deliveries.values()].map((notifications) => [...notifications.values()]);
}
