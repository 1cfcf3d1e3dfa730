/** Times are in milliseconds since the epoch. */
import type { Attempt, Delivery, EventRow, Forwarding, Headers, Notification } from '../../protocol/history.ts';
import type { Counts } from '../../protocol/status.ts';
import type { StoredState } from './database.ts';
import type { ForwardingKey } from './held.ts';

export interface EventFacts extends Readonly<Pick<EventRow, 'kind' | 'type' | 'address' | 'date' | 'warning'>> {
  readonly id: number;
  readonly notificationId: number | null;
  readonly duplicateOf: number | null;
}

export interface EventRecord extends EventFacts {
  readonly fingerprint: number | null;
  /** Filled in while writing. */
  duplicateOf: number | null;
}

export interface ForwardingRecord {
  readonly destinationId: number;
  readonly released: number | null;
  stopped: number | null;
}

export interface ForwardingFacts extends Readonly<Pick<Forwarding, 'detail' | 'attempts' | 'status' | 'durationMs'>> {
  readonly destinationId: number;
  readonly state: StoredState;
  readonly roundStart: number;
  /** null if no next attempt is planned. */
  readonly nextAt: number | null;
  readonly released: number | null;
  readonly stopped: number | null;
}

export interface NotificationFacts extends Readonly<Pick<Notification, 'kind' | 'part' | 'parts' | 'eventId'>> {
  readonly id: number;
  readonly eventCount: number;
  readonly createdAt: number;
}

export interface NotificationRecord extends NotificationFacts {
  readonly firstEvent: number;
  readonly renderSettingsId: number;
  readonly forwardings: readonly ForwardingRecord[];
}

export interface DeliveryFacts extends Readonly<
  Omit<Delivery, 'id' | 'receivedAt' | 'answered' | 'eventCount' | 'editOf'>
> {
  readonly id: number;
  readonly receivedAt: number;
  /** It got a forced response, so it isn't forwarded. */
  readonly onPurpose: boolean;
  readonly editOf?: number | null;
}

export interface FetchedKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
  /** Distinguishes accounts with the same IDs; may be empty. */
  readonly eventId: string;
}

/** Its events and notifications have consecutive IDs. */
export interface DeliveryRecord extends DeliveryFacts {
  /** Credentials are masked. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** The JSON equivalent; null if it is `body` itself. */
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
  readonly at: number;
  readonly nextAt: number | null;
}

export interface AttemptRecord extends AttemptFacts {
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
  readonly released: number | null;
  /** Breakpoints don't check it again in this round. */
  readonly looked: boolean;
}

/** What is held counts as waiting. */
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
