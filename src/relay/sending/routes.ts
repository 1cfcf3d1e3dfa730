import { readPayload, textField } from '../../campaign-monitor/payload.ts';
import { readPlatformNotification } from '../../open-connectors/notification.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { StoredBody } from '../log/stored.ts';

/** The properties of a notification that decide where it goes. */
export interface Routed {
  readonly list: string | null;
  readonly types: readonly (string | null)[];
}

/**
 * Whether a notification goes to a destination: if the destination has filters for lists or types, they must contain
 * its list and the type of at least one of its events, ignoring case. A notification is never split: it is sent
 * completely, as Open Connectors would.
 */
export function goesTo(destination: Destination, notification: Routed): boolean {
  return matches(destination.lists, [notification.list]) && matches(destination.types, notification.types);
}

/** The list of a stored delivery and the types of all its events, in order. */
export function routedOf(stored: StoredBody): Routed {
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
