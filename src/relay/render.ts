/** What is sent: a notification's bytes and headers, made when needed from what is stored once a delivery. */
import { readPayload } from '../campaign-monitor/payload.ts';
import type { VendorEvent } from '../campaign-monitor/payload.ts';
import { sign, signatureHeader, webhookIdHeader } from '../open-connectors/signature.ts';
import type { Headers, Source } from '../protocol/history.ts';
import type { Destination } from '../protocol/settings.ts';
import { maskedValue } from '../protocol/credential-headers.ts';
import { normaliseEvent, renderNotification } from './normalise.ts';
import type { RenderSettings } from './normalise.ts';
import type { StoredNotification, StoredReader } from './stored.ts';

/** A request to a destination. */
export interface Outgoing {
  readonly headers: Headers;
  readonly body: Buffer;
}

/** The keys and credentials that clients gave, by name. */
export interface KnownSecrets {
  readonly signatureKeys: ReadonlyMap<string, string>;
  readonly credentials: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** A delivery as it is kept in memory for a while after it came. */
export interface FreshDelivery {
  readonly source: Source;
  readonly receivedAt: number;
  readonly contentType: string | null;
  /** As received: credentials included, which is why they are passed on only while this lasts. */
  readonly headers: Headers;
  readonly body: Buffer;
  readonly json: Buffer | null;
  readonly events: readonly VendorEvent[];
}

/** Bodies kept in memory, in bytes: about half of it in each of two generations. */
const cacheBytes = 33_554_432;

/** Of larger bodies few are kept: what they weigh is not known, and may be much. In bytes. */
const mostSparseBytes = 262_144;

/** Headers that belong to one hop or to the bytes as they were on the wire; the rest is passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'expect',
  'bypass-tunnel-reminder',
]);

/** Makes the bytes and headers that a destination is sent. */
export class Renderer {
  readonly #stored: StoredReader;
  /** What was kept lately; when it weighs enough it becomes `#older`, and what was that is forgotten. */
  #fresh = new Map<number, FreshDelivery>();
  #older = new Map<number, FreshDelivery>();
  #freshBytes = 0;

  constructor(stored: StoredReader) {
    this.#stored = stored;
  }

  /** Keeps a delivery in memory, where it will be needed soon. */
  keep(deliveryId: number, delivery: FreshDelivery): void {
    this.#fresh.set(deliveryId, delivery);
    this.#freshBytes += sizeOf(delivery);
    if (this.#freshBytes < cacheBytes / 2) return;
    this.#older = this.#fresh;
    this.#fresh = new Map();
    this.#freshBytes = 0;
  }

  /**
   * A notification as it is sent to a destination: the same bytes each time.
   * @param notificationId which
   * @param destination where to; without one, as it would be sent without key, credentials and headers of its own
   * @returns undefined where the notification is no longer in the history
   */
  render(notificationId: number, destination: Destination | undefined, secrets: KnownSecrets): Outgoing | undefined {
    const notification = this.#stored.notification(notificationId);
    return notification && this.renderStored(notification, destination, secrets);
  }

  /** As {@link render}, for a notification that was read already. */
  renderStored(
    notification: StoredNotification,
    destination: Destination | undefined,
    secrets: KnownSecrets,
  ): Outgoing | undefined {
    const delivery = this.#delivery(notification.deliveryId);
    if (delivery === undefined) return undefined;
    const { headers, body } =
      notification.kind === 'normalised' && destination?.mode !== 'raw'
        ? normalised(notification, delivery, destination, secrets)
        : asItCame(delivery);
    return { headers: withOwn(headers, destination, secrets), body };
  }

  #delivery(id: number): FreshDelivery | undefined {
    const fresh = this.#fresh.get(id) ?? this.#older.get(id);
    if (fresh !== undefined) return fresh;
    const stored = this.#stored.body(id);
    if (stored === undefined) return undefined;
    const payload = stored.source === 'campaign-monitor' ? readPayload(stored.body, stored.contentType) : undefined;
    const delivery = { ...stored, events: payload?.kind === 'events' ? payload.events : [] };
    this.keep(id, delivery);
    return delivery;
  }
}

function sizeOf(delivery: FreshDelivery): number {
  // The events as they were read weigh about as much again as the bytes, and each entry something of its own; where
  // there is little text between the values, much more: at the most some ten times the bytes.
  const dense = delivery.body.byteLength > mostSparseBytes ? 10 : 3;
  return 1000 + dense * delivery.body.byteLength + (delivery.json?.byteLength ?? 0);
}

function normalised(
  notification: StoredNotification,
  delivery: FreshDelivery,
  destination: Destination | undefined,
  secrets: KnownSecrets,
): Outgoing {
  const { firstEvent, eventCount, settings } = notification;
  const events = delivery.events.slice(firstEvent, firstEvent + eventCount);
  const body = renderNotification(
    notification,
    eventObjects(events, settings, delivery.receivedAt),
    delivery.json ?? delivery.body,
  );
  const headers: Headers = [
    ['Content-Type', 'application/json; charset=utf-8'],
    [webhookIdHeader, notification.eventId],
  ];
  const key =
    destination?.signatureKeyName === undefined ? undefined : secrets.signatureKeys.get(destination.signatureKeyName);
  if (key !== undefined) headers.push([signatureHeader, sign(body, key)]);
  return { headers, body };
}

function eventObjects(events: readonly VendorEvent[], settings: RenderSettings, receivedAt: number) {
  return events.map((event) => normaliseEvent(event, settings, receivedAt).object);
}

/** Raw mode and platform notifications: the bytes as they came, with the headers that are not of one hop. */
function asItCame(delivery: FreshDelivery): Outgoing {
  const headers = delivery.headers.filter(
    ([name, value]) => !hopByHop.has(name.toLowerCase()) && value !== maskedValue,
  );
  return { headers, body: delivery.body };
}

function withOwn(headers: Headers, destination: Destination | undefined, secrets: KnownSecrets): Headers {
  const credentials =
    destination?.credentialsName === undefined ? undefined : secrets.credentials.get(destination.credentialsName);
  if (destination?.headers === undefined && credentials === undefined) return headers;
  const own = Object.entries({ ...destination?.headers, ...credentials });
  const names = new Set(own.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...own];
}
