/** The store's records: a delivery and all that belongs to it, and their read forms. */
import type { Attempt, Delivery, EventRow, Forwarding, Headers, Notification } from '../../protocol/history.ts';
import type { Counts } from '../../protocol/status.ts';
import type { StoredState } from './database.ts';
import type { ForwardingKey } from './held.ts';

export interface EventFacts extends Readonly<Pick<EventRow, 'kind' | 'type' | 'address' | 'date' | 'warning'>> {
  readonly id: number;
  readonly notificationId: number | null;
  /** The latest earlier event with the same content when it was stored, if any. */
  readonly duplicateOf: number | null;
}

export interface EventRecord extends EventFacts {
  readonly fingerprint: number | null;
  /** Filled in while writing. */
  duplicateOf: number | null;
}

export interface ForwardingRecord {
  readonly destinationId: number;
  /** The number of the pause that releases it; null if none does. */
  readonly released: number | null;
  /** The breakpoint at which it stopped as soon as it was on disk. */
  stopped: number | null;
}

export interface ForwardingFacts extends Readonly<Pick<Forwarding, 'detail' | 'attempts' | 'status' | 'durationMs'>> {
  readonly destinationId: number;
  readonly state: StoredState;
  /** Attempts before the last replay. */
  readonly roundStart: number;
  /** Milliseconds since the epoch; null if no next attempt is planned. */
  readonly nextAt: number | null;
  readonly released: number | null;
  readonly stopped: number | null;
}

export interface NotificationFacts extends Readonly<Pick<Notification, 'kind' | 'part' | 'parts' | 'eventId'>> {
  readonly id: number;
  readonly eventCount: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface NotificationRecord extends NotificationFacts {
  /** The position of its first event in the delivery. */
  readonly firstEvent: number;
  readonly renderSettingsId: number;
  readonly forwardings: readonly ForwardingRecord[];
}

/** A delivery without its bytes. */
export interface DeliveryFacts extends Readonly<
  Omit<Delivery, 'id' | 'receivedAt' | 'answered' | 'eventCount' | 'editOf'>
> {
  readonly id: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** It got a forced response, and isn't forwarded. */
  readonly onPurpose: boolean;
  /** The delivery that it replaces as an edit. */
  readonly editOf?: number | null;
}

/** Identifies a delivery from the queue of Open Connectors, which is added only once. */
export interface FetchedKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
  /** Distinguishes it from one of another account with the same IDs; may be empty. */
  readonly eventId: string;
}

/** One POST with all that belongs to it. Its events and notifications have consecutive IDs. */
export interface DeliveryRecord extends DeliveryFacts {
  /** Credentials are masked. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** The JSON equivalent if it isn't `body` itself. */
  readonly json: Buffer | null;
  readonly events: readonly EventRecord[];
  readonly notifications: readonly NotificationRecord[];
  /** Forwardings that are discarded because this edit replaces them. */
  readonly drops?: readonly ForwardingKey[];
  readonly fetched?: FetchedKey | undefined;
}

export interface AttemptFacts extends Readonly<
  Pick<Attempt, 'number' | 'durationMs' | 'status' | 'error' | 'outcome'>
> {
  readonly notificationId: number;
  readonly destinationId: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly nextAt: number | null;
}

export interface AttemptRecord extends AttemptFacts {
  /** Of the response. */
  readonly headers: Headers;
  readonly body: Buffer;
  readonly truncated: boolean;
}

export interface OpenForwarding {
  readonly notificationId: number;
  readonly deliveryId: number;
  readonly destinationId: number;
  readonly attempts: number;
  readonly roundStart: number;
  readonly nextAt: number | null;
  /** The number of the pause that released it; null if none did. */
  readonly released: number | null;
  /** Breakpoints don't check it again in this round. */
  readonly looked: boolean;
}

/** Totals of the store, kept exact across restarts. What is held counts as waiting. */
export type Totals = Omit<Counts, 'held' | 'strangers' | 'storedBytes'>;

export const noTotals: Totals = {
  deliveries: 0,
  events: 0,
  rejected: 0,
  tests: 0,
  waiting: 0,
  sent: 0,
  failed: 0,
  discarded: 0,
};
