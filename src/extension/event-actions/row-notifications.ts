/** Rows of events as the notifications that contain them: an action on a row applies to its notification. */
import type { EventRow, Forwarding } from '../../protocol/history.ts';
export interface WholeNotification extends NonNullable<EventRow['inNotification']> {
  readonly deliveryId: string;
}

/**
 * The notification of all these rows, if it is the same one and has more than one event: an action on a row applies to
 * all of these.
 */
export function onlyNotification([first, ...others]: readonly EventRow[]): WholeNotification | undefined {
  if (first?.inNotification === undefined) return undefined;
  if (others.some(({ notificationId }) => notificationId !== first.notificationId)) return undefined;
  return { ...first.inNotification, deliveryId: first.deliveryId };
}

/**
 * The notifications of rows and the raw ones of their deliveries, without duplicates, grouped by delivery. Those of one
 * delivery go in one request, so that the relay sends their shared raw body once.
 */
export function notificationsByDelivery(rows: readonly EventRow[]): string[][] {
  const deliveries = new Map<string, Set<string>>();
  for (const { deliveryId, notificationId, forwardings } of rows) {
    const notifications = deliveries.get(deliveryId) ?? new Set();
    deliveries.set(deliveryId, notifications);
    if (notificationId !== null) notifications.add(notificationId);
    for (const each of forwardings) notifications.add(each.notificationId);
  }
  return [...deliveries.values()].map((notifications) => [...notifications]);
}

/** The notifications of rows that have such a forwarding, without duplicates, in the order of arrival. */
export function notificationsWith(rows: readonly EventRow[], isMeant: (forwarding: Forwarding) => boolean): string[] {
  const ids = rows.flatMap(({ forwardings }) => forwardings.filter(isMeant).map((each) => each.notificationId));
  return [...new Set(ids)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}
