/**
 * Normalizing: a Campaign Monitor delivery becomes Open Connectors event objects, and these become notifications.
 * Pure functions of the bytes and of what is stored with them, so that rendering again gives the same bytes.
 */
import { textField, type VendorEvent } from '../campaign-monitor/payload.ts';
import { elementKey, hubKey, writeNotification } from '../open-connectors/notification.ts';
import type { Allocate, EventObject } from '../open-connectors/notification.ts';
import type { Identity, Mapping } from '../protocol/settings.ts';
import { readDate, isoSeconds } from './event-date.ts';

/** The settings that decide a notification's bytes, and are stored with it. */
export interface RenderSettings {
  readonly timeZone: string;
  readonly mapping: Mapping;
  readonly identity: Identity;
}

export interface NormalizedEvent {
  readonly object: EventObject;
  readonly type: string | null;
  readonly address: string | null;
  readonly warning: string | null;
}

/**
 * One event object for one element of `Events`. eventType, objectType and objectId follow the mapping, whose defaults
 * are assumptions: no document of Open Connectors settles them (docs/assumptions.md).
 * @param receivedAt when the delivery arrived, milliseconds since the epoch: the date of an event without a readable
 *   one
 */
export function normalizeEvent(event: VendorEvent, settings: RenderSettings, receivedAt: number): NormalizedEvent {
  const { mapping } = settings;
  const type = textField(event, 'Type');
  const written = textField(event, 'Date');
  const objectId = textField(event, mapping.objectIdField);
  let date = written === null ? null : readDate(written, settings.timeZone);
  let warning: string | null = null;
  if (date === null) {
    date = isoSeconds(receivedAt);
    warning =
      written === null
        ? 'no Date: the time of receipt stands for it'
        : 'unreadable Date: the time of receipt stands for it';
  }
  if (objectId === null)
    warning = `${warning === null ? '' : `${warning}; `}no ${mapping.objectIdField}: objectId is empty`;
  const mapped = type !== null && Object.hasOwn(mapping.eventTypes, type) ? mapping.eventTypes[type] : undefined;
  return {
    object: {
      date,
      elementKey,
      eventType: mapped ?? mapping.otherEventType,
      hubKey,
      objectId: objectId ?? '',
      objectType: mapping.objectType,
    },
    type,
    address: textField(event, 'EmailAddress'),
    warning,
  };
}

export interface Part {
  readonly first: number;
  readonly count: number;
}

/** @param partSize Open Connectors' limit is 20 events per webhook notification [docs] */
export function partsOf(events: number, partSize: number): Part[] {
  const parts: Part[] = [];
  for (let first = 0; first < events; first += partSize) {
    parts.push({ first, count: Math.min(partSize, events - first) });
  }
  return parts;
}

export interface NotificationIdentity {
  readonly id: number;
  readonly eventId: string;
  readonly createdAt: number;
  readonly settings: RenderSettings;
}

/** @param raw the vendor's body as JSON, UTF-8 @param allocate for the bytes; new memory unless given */
export function renderNotification(
  notification: NotificationIdentity,
  events: readonly EventObject[],
  raw: Uint8Array,
  allocate?: Allocate,
): Buffer {
  return writeNotification(
    {
      createdAt: notification.createdAt,
      id: String(notification.id),
      eventId: notification.eventId,
      instance: notification.settings.identity,
      events,
    },
    raw,
    allocate,
  );
}

/**
 * Hashes of the fields that mark a possible duplicate: same list, type, addresses, date, state and custom fields. The
 * vendor sends no event ID, so content is all there is [vendor/2nd].
 * @param listId the list of a delivery, hashed once for all its events
 * @returns computes an event's hash: an integer below 2^53, or null if the fields cannot be compared
 */
export function fingerprints(listId: string | null): (event: VendorEvent) => number | null {
  const ofList = hashOn(`[${JSON.stringify(listId)}`, emptyHash);
  return (event) => {
    let text: string;
    try {
      text = JSON.stringify([
        event['Type'],
        event['EmailAddress'],
        event['OldEmailAddress'],
        event['Date'],
        event['State'],
        event['CustomFields'],
      ]);
    } catch {
      // Nested too deep to write out.
      return null;
    }
    return toInteger(hashOn(`,${text.slice(1)}`, ofList));
  };
}

/**
 * The same for what Open Connectors posts: a notification that arrives again, by a retry or from the queue of
 * deliveries, has the same `eventId` (docs/assumptions.md).
 * @returns the fingerprint of the event object at a position; null if the notification has no `eventId`
 */
export function notificationFingerprints(eventId: string | null): (position: number) => number | null {
  if (eventId === null) return () => null;
  const ofNotification = hashOn(`{${JSON.stringify(eventId)}`, emptyHash);
  return (position) => toInteger(hashOn(`,${position}`, ofNotification));
}

/** Two 32-bit multiply-and-xor hashes side by side: only the duplicate mark depends on it. */
interface Hash {
  readonly a: number;
  readonly b: number;
}

const emptyHash: Hash = { a: 0x9e3779b9, b: 0x85ebca6b };

function hashOn(text: string, before: Hash): Hash {
  let { a, b } = before;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x5bd1e995);
    b = Math.imul(b ^ code, 0x1b873593);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  return { a, b };
}

function toInteger({ a, b }: Hash): number {
  a = Math.imul(a ^ (b >>> 16), 0x2c1b3c6d);
  b = Math.imul(b ^ (a >>> 13), 0x297a2d39);
  return (b >>> 11) * 4294967296 + (a >>> 0);
}
