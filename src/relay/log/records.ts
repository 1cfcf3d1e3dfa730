/** What the store takes: a delivery and all that follows from it, and what of it is read again. */
import type { Attempt, Delivery, Headers, SignatureCheck, Source } from '../../protocol/history.ts';
import type { kindCodes, notificationKindCodes, StoredState } from './database.ts';
import type { ForwardingKey } from './held.ts';

/** What an event's row says. */
export interface EventFacts {
  readonly id: number;
  readonly kind: keyof typeof kindCodes;
  readonly type: string | null;
  readonly address: string | null;
  readonly date: string | null;
  readonly warning: string | null;
  readonly notificationId: number | null;
  /** The latest earlier event of the same content, as far as is known. */
  readonly duplicateOf: number | null;
}

export interface EventRecord extends EventFacts {
  readonly fingerprint: number | null;
  /** Found while writing. */
  duplicateOf: number | null;
}

/** A forwarding that comes with its delivery, and waits. */
export interface ForwardingRecord {
  readonly destinationId: number;
  /** The number of the pause that lets it go; null where none does. */
  readonly released: number | null;
  /** The breakpoint at which it stopped as soon as it was on disk. */
  stopped: number | null;
}

/** How a forwarding stands in the log. */
export interface ForwardingFacts {
  readonly destinationId: number;
  readonly state: StoredState;
  /** Why it waits or failed. */
  readonly detail: string | null;
  readonly attempts: number;
  /** Attempts before the last replay. */
  readonly roundStart: number;
  /** Milliseconds since the epoch; null where no next attempt is planned. */
  readonly nextAt: number | null;
  /** The last HTTP status. */
  readonly status: number | null;
  readonly durationMs: number | null;
  readonly released: number | null;
  readonly stopped: number | null;
}

export interface NotificationFacts {
  readonly id: number;
  readonly kind: keyof typeof notificationKindCodes;
  readonly part: number;
  readonly parts: number;
  readonly eventCount: number;
  readonly eventId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface NotificationRecord extends NotificationFacts {
  /** The position of its first event in the delivery. */
  readonly firstEvent: number;
  readonly renderSettingsId: number;
  readonly forwardings: readonly ForwardingRecord[];
}

/** What is said of a delivery, without its bytes. */
export interface DeliveryFacts {
  readonly id: number;
  readonly source: Source;
  readonly status: Delivery['status'];
  readonly injected: boolean;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly httpStatus: number;
  /** It was answered with a status that the user asked for, and goes nowhere. */
  readonly onPurpose: boolean;
  readonly reason: string | null;
  readonly list: string | null;
  readonly signature: SignatureCheck | null;
  readonly contentType: string | null;
  /** The size as received, in bytes; more than its body holds where that was truncated. */
  readonly bodyBytes: number;
  readonly truncated: boolean;
  /** The delivery of which it is an edit that was released in its place. */
  readonly editOf?: number | null;
}

/** What was fetched from the platform's queue of deliveries: taken once. */
export interface FetchedKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
  /** Tells it from one of another account that has the same ids; empty where it has none. */
  readonly eventId: string;
}

/** One POST with all that follows from it. Its events and notifications have consecutive ids. */
export interface DeliveryRecord extends DeliveryFacts {
  /** Masked where they carry credentials. */
  readonly headers: Headers;
  readonly body: Buffer;
  /** The JSON equivalent where it is not `body` itself. */
  readonly json: Buffer | null;
  readonly events: readonly EventRecord[];
  readonly notifications: readonly NotificationRecord[];
  /** What is dropped for it, of which it is an edit. */
  readonly drops?: readonly ForwardingKey[];
  /** It was not posted, but fetched: which one it is. */
  readonly fetched?: FetchedKey | undefined;
}

/** One try to send one notification to one destination. */
export interface AttemptFacts {
  readonly notificationId: number;
  readonly destinationId: number;
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: string | null;
  readonly outcome: Attempt['outcome'];
  readonly nextAt: number | null;
}

export interface AttemptRecord extends AttemptFacts {
  /** Of the answer. */
  readonly headers: Headers;
  readonly body: Buffer;
  readonly truncated: boolean;
}

/** A forwarding as the forwarder needs it. */
export interface OpenForwarding {
  readonly notificationId: number;
  readonly deliveryId: number;
  readonly destinationId: number;
  readonly attempts: number;
  readonly roundStart: number;
  readonly nextAt: number | null;
  /** The number of the pause that let it go; null where none did. */
  readonly released: number | null;
  /** Breakpoints are not asked again in this round. */
  readonly looked: boolean;
}

/** What is in the store, kept exact across restarts. */
export interface Totals {
  deliveries: number;
  events: number;
  rejected: number;
  tests: number;
  /** Held or not. */
  waiting: number;
  sent: number;
  failed: number;
  discarded: number;
}

/** The totals of an empty store. */
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
