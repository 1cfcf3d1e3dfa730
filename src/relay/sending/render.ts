import { readPayload } from '../../campaign-monitor/payload.ts';
import type { EventObject } from '../../open-connectors/notification.ts';
import { isHopHeader } from '../../common/hop-headers.ts';
import { sign, signatureHeader, webhookIdHeader } from '../../open-connectors/signature.ts';
import type { Headers } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import { maskedValue } from '../../common/masking.ts';
import { isCredentialHeader } from '../../protocol/credential-headers.ts';
import { normalizeEvent, renderNotification, type RenderSettings } from '../../normalizer/normalize.ts';
import type { StoredBody, StoredNotification, StoredReader } from '../log/stored.ts';

export interface Outgoing {
  readonly headers: Headers;
  readonly body: Buffer;
  /** Names of the sender's headers that can't be sent: their values were kept only in memory. */
  readonly withheld: readonly string[];
  /** Call it when the body is no longer used, to reuse its memory. */
  release?(): void;
}

export interface KnownSecrets {
  readonly signatureKeys: ReadonlyMap<string, string>;
  readonly credentials: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The headers include credentials; they are masked if those are forgotten. */
export interface FreshDelivery extends StoredBody {
  /** Created on first use; all notifications of a delivery have the same render settings. */
  objects: readonly EventObject[] | null;
}

/** About half of it in each of two generations. */
const cacheBytes = 33_554_432;

const credentialCharacters = 8_388_608;

export class Renderer {
  readonly #stored: StoredReader;
  /** When it is full, it becomes `#older`, and the previous `#older` is discarded. */
  #fresh = new Map<number, FreshDelivery>();
  #older = new Map<number, FreshDelivery>();
  #freshBytes = 0;
  /** Stored nowhere else; the oldest are discarded first. */
  readonly #withCredentials = new Map<number, Headers>();
  #credentialCharacters = 0;
  readonly #buffers = new Buffers();

  constructor(stored: StoredReader) {
    this.#stored = stored;
  }

  keep(deliveryId: number, delivery: FreshDelivery): void {
    this.keepCredentials(deliveryId, delivery.headers);
    this.#fresh.set(deliveryId, delivery);
    this.#freshBytes += sizeOf(delivery);
    if (this.#freshBytes < cacheBytes / 2) return;
    this.#older = this.#fresh;
    this.#fresh = new Map();
    this.#freshBytes = 0;
  }

  keepCredentials(deliveryId: number, headers: Headers): void {
    const known = this.#withCredentials.has(deliveryId);
    if (known || !headers.some(([name, value]) => value !== maskedValue && isCredentialHeader(name))) return;
    this.#withCredentials.set(deliveryId, headers);
    this.#credentialCharacters += charactersOf(headers);
    for (const [id, oldest] of this.#withCredentials) {
      if (this.#credentialCharacters <= credentialCharacters) return;
      this.#withCredentials.delete(id);
      this.#credentialCharacters -= charactersOf(oldest);
    }
  }

  /** The bytes are the same each time. @param destination undefined: without key, credentials or additional headers */
  render(notificationId: number, destination: Destination | undefined, secrets: KnownSecrets): Outgoing | undefined {
    const notification = this.#stored.notification(notificationId);
    return notification && this.renderStored(notification, destination, secrets);
  }

  renderStored(
    notification: StoredNotification,
    destination: Destination | undefined,
    secrets: KnownSecrets,
  ): Outgoing | undefined {
    const delivery = this.#delivery(notification.deliveryId);
    if (delivery === undefined) return undefined;
    const outgoing =
      notification.kind === 'normalized' && destination?.mode !== 'raw'
        ? this.#normalized(notification, delivery, destination, secrets)
        : asItCame(delivery);
    const own = ownHeaders(destination, secrets);
    if (own.length === 0) return outgoing;
    const names = new Set(own.map(([name]) => name.toLowerCase()));
    return {
      ...outgoing,
      headers: [...outgoing.headers.filter(([name]) => !names.has(name.toLowerCase())), ...own],
      withheld: outgoing.withheld.filter((name) => !names.has(name.toLowerCase())),
    };
  }

  #normalized(
    notification: StoredNotification,
    delivery: FreshDelivery,
    destination: Destination | undefined,
    secrets: KnownSecrets,
  ): Outgoing {
    const { firstEvent, eventCount, settings } = notification;
    delivery.objects ??= eventObjects(delivery, settings);
    const events = delivery.objects.slice(firstEvent, firstEvent + eventCount);
    let taken: Buffer | undefined;
    const body = renderNotification(
      notification,
      events,
      delivery.json ?? delivery.body,
      (bytes) => (taken = this.#buffers.take(bytes)),
    );
    const headers: Headers = [
      ['Content-Type', 'application/json; charset=utf-8'],
      [webhookIdHeader, notification.eventId],
    ];
    const { signatureKeyName } = destination ?? {};
    const key = signatureKeyName === undefined ? undefined : secrets.signatureKeys.get(signatureKeyName);
    if (key !== undefined) headers.push([signatureHeader, sign(body, key)]);
    if (taken === undefined) return { headers, body, withheld: [] };
    return { headers, body, withheld: [], release: () => this.#buffers.giveBack(body) };
  }

  #delivery(id: number): FreshDelivery | undefined {
    const fresh = this.#fresh.get(id) ?? this.#older.get(id);
    if (fresh !== undefined) return fresh;
    const stored = this.#stored.body(id);
    if (stored === undefined) return undefined;
    const headers = this.#withCredentials.get(id) ?? stored.headers;
    const delivery: FreshDelivery = { ...stored, headers, objects: null };
    this.keep(id, delivery);
    return delivery;
  }
}

const entryBytes = 1000;
const objectBytes = 200;

function sizeOf({ body, json, objects }: FreshDelivery): number {
  // The texts of the objects are also in the body. Before they are created, an event takes at least ten bytes of it.
  const made = objects === null ? 10 * body.byteLength : objects.length * objectBytes + body.byteLength;
  return entryBytes + body.byteLength + made + (json?.byteLength ?? 0);
}

function eventObjects(delivery: FreshDelivery, settings: RenderSettings): EventObject[] {
  const payload = readPayload(delivery.body, delivery.contentType);
  if (payload.kind !== 'events') return [];
  return payload.events.map((event) => normalizeEvent(event, settings, delivery.receivedAt).object);
}

/** Raw mode and Open Connectors notifications: the received bytes, without hop-by-hop headers. */
function asItCame(delivery: FreshDelivery): Outgoing {
  const passed = delivery.headers.filter(([name]) => !isHopHeader(name));
  return {
    headers: passed.filter(([, value]) => value !== maskedValue),
    body: delivery.body,
    withheld: passed.filter(([, value]) => value === maskedValue).map(([name]) => name),
  };
}

function ownHeaders(destination: Destination | undefined, secrets: KnownSecrets): Headers {
  const { headers, credentialsName } = destination ?? {};
  const credentials = credentialsName === undefined ? undefined : secrets.credentials.get(credentialsName);
  return Object.entries({ ...headers, ...credentials });
}

function charactersOf(headers: Headers): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, 100);
}

const smallest = 32_768;

/** Sizes are rounded up, so that notifications of a delivery, which differ by little, can reuse the same buffers. */
const step = 16_384;

const mostKept = 4_194_304;

/** A full batch becomes fifty notifications with the whole body: allocating each costs more than writing it. */
export class Buffers {
  #free: Buffer[] = [];
  #freeBytes = 0;

  get kept(): number {
    return this.#freeBytes;
  }

  take(bytes: number): Buffer {
    if (bytes < smallest) return Buffer.allocUnsafe(bytes);
    // Most of a much larger buffer would be unused.
    const index = this.#free.findLastIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    const [found] = index === -1 ? [] : this.#free.splice(index, 1);
    if (found === undefined) return Buffer.allocUnsafeSlow(Math.ceil(bytes / step) * step).subarray(0, bytes);
    this.#freeBytes -= found.byteLength;
    return found.subarray(0, bytes);
  }

  giveBack(buffer: Buffer): void {
    if (buffer.byteLength < smallest || buffer.buffer.byteLength > mostKept) return;
    const whole = Buffer.from(buffer.buffer, 0, buffer.buffer.byteLength);
    this.#free.push(whole);
    this.#freeBytes += whole.byteLength;
    while (this.#freeBytes > mostKept) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}
