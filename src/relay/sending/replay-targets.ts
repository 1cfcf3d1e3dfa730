/** Where a replay goes. */
import type { Destination, ResendDestination } from '../../protocol/settings.ts';
import type { HoldsDestination } from '../log/stored-destinations.ts';
import { goesTo, routedOf } from './routes.ts';
import type { Routed } from './routes.ts';
import type { Store } from '../log/store.ts';
import type { StoredNotification } from '../log/stored.ts';
import type { Target } from './target.ts';

/** A notification, and the ids of the destinations that it goes to again. */
export type ReplayTargets = readonly [notificationId: number, destinationIds: readonly number[]];

/**
 * The destination of a replay that names one, for each notification.
 * @param modes by delivery, as this replay has sent it so far
 * @param heldBy says who holds it
 * @throws StoreError where it is new and cannot be written
 */
export function targetsNamed(
  notificationIds: readonly number[],
  to: ResendDestination,
  modes: Map<number, Destination['mode']>,
  store: Store,
  heldBy: HoldsDestination,
): ReplayTargets[] {
  const targets = new Map<Destination['mode'], number>();
  return notificationIds.map((id) => {
    const notification = store.stored.notification(id);
    if (notification === undefined) return [id, []];
    const { deliveryId, kind } = notification;
    const seen = modes.get(deliveryId);
    const mode = seen ?? to.mode ?? (wentOnlyRaw(deliveryId, store) ? 'raw' : 'normalised');
    // One raw body a delivery, and none where its parts go already.
    if (seen !== undefined && (mode === 'raw' || kind === 'raw')) return [id, []];
    modes.set(deliveryId, mode);
    const target = targets.get(mode) ?? store.destinations.intern({ ...to, mode }, heldBy);
    targets.set(mode, target);
    return [id, [target]];
  });
}

/**
 * Where each notification went before; where that was nowhere, the destinations of the settings that take it.
 * @param configured the destinations of the settings
 */
export function targetsOfBefore(
  notificationIds: readonly number[],
  configured: readonly Target[],
  store: Store,
): ReplayTargets[] {
  // The parts of a delivery follow each other: it is read once.
  let last: { readonly deliveryId: number; readonly routed: Routed } | undefined;
  const routed = (deliveryId: number): Routed | undefined => {
    if (last?.deliveryId !== deliveryId) {
      const stored = store.stored.body(deliveryId);
      last = stored && { deliveryId, routed: routedOf(stored) };
    }
    return last?.routed;
  };
  return notificationIds.map((id) => {
    const earlier = store.forwardings.destinationsOf(id);
    const notification = earlier.length > 0 ? undefined : store.stored.notification(id);
    const delivery = notification && routed(notification.deliveryId);
    if (notification === undefined || delivery === undefined) return [id, earlier];
    return [id, targetsThatTake(notification, delivery, configured, store)];
  });
}

function targetsThatTake(
  notification: StoredNotification,
  delivery: Routed,
  configured: readonly Target[],
  store: Store,
): number[] {
  const { id, deliveryId, kind, firstEvent, eventCount } = notification;
  const part = { list: delivery.list, types: delivery.types.slice(firstEvent, firstEvent + eventCount) };
  // Where no raw destination was there to make one for, the first part stands for the vendor's bytes.
  const standsForRaw = kind === 'normalised' && firstEvent === 0 && !hasRaw(id, deliveryId, store);
  return configured
    .filter(({ destination }) => {
      if (kind === 'platform' || destination.mode === kind) return goesTo(destination, part);
      return destination.mode === 'raw' && standsForRaw && goesTo(destination, delivery);
    })
    .map((each) => each.id);
}

/** Whether raw destinations, and no others, got any part of a delivery. */
function wentOnlyRaw(deliveryId: number, store: Store): boolean {
  const before = store.forwardings.destinationsOfDelivery(deliveryId);
  return before.length > 0 && before.every((each) => store.destinations.get(each)?.mode === 'raw');
}

/** Whether a delivery has a raw notification: it is its last. */
function hasRaw(firstNotification: number, deliveryId: number, store: Store): boolean {
  for (let id = firstNotification; ; id++) {
    const notification = store.stored.notification(id);
    if (notification?.deliveryId !== deliveryId) return false;
    if (notification.kind === 'raw') return true;
  }
}
