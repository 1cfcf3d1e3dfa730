import { readPayload, textField } from '../../campaign-monitor/payload.ts';
import { readPlatformNotification } from '../../open-connectors/notification.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { StoredBody } from '../log/stored.ts';

/** What of a delivery's part decides where it goes. */
export interface Routed {
  readonly list: string | null;
  /** The types of its events. */
  readonly types: readonly (string | null)[];
}

/**
 * Whether a notification goes to a destination: where the destination names lists or types, its list and the type of
 * at least one of its events must be among them, in any case of letters. A notification is never cut: what matches
 * goes whole, as the platform would send it.
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
