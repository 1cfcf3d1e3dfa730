import type { Destination, ResendDestination } from '../../protocol/settings.ts';
import type { HoldsDestination } from '../log/stored-destinations.ts';
import type { Store } from '../log/store.ts';
import type { StoredNotification, StoredBody } from '../log/stored.ts';
import type { Target } from './target.ts';
import { readPayload, textField } from '../../campaign-monitor/payload.ts';
import { readPlatformNotification } from '../../open-connectors/notification.ts';

export type ReplayTargets = readonly [notificationId: number, destinationIds: readonly number[]];

/** @param modes by delivery, as used so far by this replay @throws StoreError if a new destination can't be written */
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
    const mode = seen ?? to.mode ?? (wentOnlyRaw(deliveryId, store) ? 'raw' : 'normalized');
    // One raw body per delivery, and none if its notifications are already sent.
    if (seen !== undefined && (mode === 'raw' || kind === 'raw')) return [id, []];
    modes.set(deliveryId, mode);
    const target = targets.get(mode) ?? store.destinations.intern({ ...to, mode }, heldBy);
    targets.set(mode, target);
    return [id, [target]];
  });
}

export function targetsOfBefore(
  notificationIds: readonly number[],
  configured: readonly Target[],
  store: Store,
): ReplayTargets[] {
  // The notifications of a delivery are consecutive: read it once.
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
  // Without a raw notification, the first notification stands for the vendor's bytes.
  const standsForRaw = kind === 'normalized' && firstEvent === 0 && !hasRaw(id, deliveryId, store);
  return configured
    .filter(({ destination }) => {
      if (kind === 'platform' || destination.mode === kind) return goesTo(destination, part);
      return destination.mode === 'raw' && standsForRaw && goesTo(destination, delivery);
    })
    .map((each) => each.id);
}

function wentOnlyRaw(deliveryId: number, store: Store): boolean {
  const before = store.forwardings.destinationsOfDelivery(deliveryId);
  return before.length > 0 && before.every((each) => store.destinations.get(each)?.mode === 'raw');
}

function hasRaw(firstNotification: number, deliveryId: number, store: Store): boolean {
  for (let id = firstNotification; ; id++) {
    const notification = store.stored.notification(id);
    if (notification?.deliveryId !== deliveryId) return false;
    if (notification.kind === 'raw') return true;
  }
}

interface Routed {
  readonly list: string | null;
  readonly types: readonly (string | null)[];
}

/**
 * Filters match a list, and the type of at least one event, ignoring case. A notification is sent completely, as Open
 * Connectors would.
 */
export function goesTo(destination: Destination, notification: Routed): boolean {
  return matches(destination.lists, [notification.list]) && matches(destination.types, notification.types);
}

function routedOf(stored: StoredBody): Routed {
  if (stored.source === 'campaign-monitor') {
    const payload = readPayload(stored.body, stored.contentType);
    if (payload.kind !== 'events') return { list: null, types: [] };
    return { list: payload.listId, types: payload.events.map((event) => textField(event, 'Type')) };
  }
  const notification = readPlatformNotification(stored.body);
  if (notification.kind !== 'notification') return { list: null, types: [] };
  return { list: notification.listId, types: notification.events.map((event) => event.eventType) };
}

function matches(wanted: readonly string[] | undefined, present: readonly (string | null)[]): boolean {
  if (wanted === undefined || wanted.length === 0) return true;
  return present.some((value) => value !== null && wanted.some((name) => name.toLowerCase() === value.toLowerCase()));
}
