/**
 * Reception: the bytes of one POST become a delivery with its events, notifications and forwardings, are put on disk,
 * and go on to the forwarder. The webhook endpoint and `deliveries/inject` both come through here.
 */
import { randomFillSync } from 'node:crypto';
import { readPayload } from '../campaign-monitor/payload.ts';
import { readPlatformNotification } from '../open-connectors/notification.ts';
import type { PlatformEvent } from '../open-connectors/notification.ts';
import { signatureHeader, verify } from '../open-connectors/signature.ts';
import type { Headers, SignatureCheck, Source } from '../protocol/history.ts';
import type { SecretsChange, Settings } from '../protocol/settings.ts';
import { isCredentialHeader, maskedValue } from '../protocol/credential-headers.ts';
import type { ConfiguredDestination, Forwarder } from './forwarder.ts';
import type { Job } from './lane.ts';
import { columnLengths, cut, cutWarning } from './columns.ts';
import { keptRefusedBytes, tooMuchToRead, tooMuchToSend } from './delivery-limits.ts';
import { bodyCame } from './heap.ts';
import { fingerprints, normaliseEvent, partsOf } from './normalise.ts';
import type { RenderSettings } from './normalise.ts';
import { changedSecrets } from './secrets.ts';
import type { Renderer } from './render.ts';
import { goesTo } from './routes.ts';
import type { DeliveryRecord, EventRecord, ForwardingRecord, NotificationRecord } from './records.ts';
import type { Store } from './store.ts';

/** One POST, its body decompressed. */
export interface Incoming {
  readonly source: Source;
  readonly body: Buffer;
  /** As received, credentials included, in order. */
  readonly headers: Headers;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Sent by a client rather than received at the webhook endpoint. */
  readonly injected: boolean;
}

/** A POST that is refused before its body is looked at, with what was kept of it. */
export interface Refused extends Incoming {
  readonly httpStatus: number;
  readonly reason: string;
  /** The size as received or announced, in bytes. */
  readonly bodyBytes: number;
  readonly truncated: boolean;
}

export interface ReceptionOptions {
  readonly store: Store;
  readonly renderer: Renderer;
  readonly forwarder: Forwarder;
  /** Called when a delivery is on disk. */
  onStored(delivery: DeliveryRecord): void;
  log(level: 'error', message: string): void;
}

/** Turns what was posted into records, and stores and forwards them. */
export class Reception {
  readonly #options: ReceptionOptions;
  #verifyKeys: ReadonlyMap<string, string> = new Map();
  #render: RenderSettings;
  #renderId: number;
  #partSize: number;
  #maxEvents: number;

  constructor(options: ReceptionOptions, settings: Settings) {
    this.#options = options;
    this.#partSize = settings.partSize;
    this.#maxEvents = settings.maxEvents;
    this.#render = renderSettingsOf(settings);
    this.#renderId = options.store.destinations.internRenderSettings(this.#render);
  }

  /**
   * Takes settings and verify keys: notifications from now on are made by them, those that exist stay as they are.
   * @param renderSettingsId under which the store keeps what makes them
   */
  configure(settings: Settings, renderSettingsId: number, verifyKeys: SecretsChange['verifyKeys']): void {
    this.#partSize = settings.partSize;
    this.#maxEvents = settings.maxEvents;
    this.#render = renderSettingsOf(settings);
    this.#renderId = renderSettingsId;
    this.#verifyKeys = changedSecrets(this.#verifyKeys, verifyKeys);
  }

  /**
   * Receives a POST.
   * @returns the delivery, when it is on disk: `httpStatus` and `reason` are the answer
   * @throws StoreError (a rejection) where it could not be put on disk
   */
  async receive(incoming: Incoming): Promise<DeliveryRecord> {
    const delivery = this.#read(incoming);
    await this.#options.store.add(delivery);
    this.#goOn(delivery);
    return delivery;
  }

  /** Records a POST that was refused for its size, coding or length. */
  async refuse(refused: Refused): Promise<DeliveryRecord> {
    const delivery = this.#withoutEvents(refused, 'rejected', refused.httpStatus, refused.reason);
    const cut = { ...delivery, bodyBytes: refused.bodyBytes, truncated: refused.truncated };
    await this.#options.store.add(cut);
    this.#goOn(cut);
    return cut;
  }

  /** What follows once it is on disk: whatever fails now, the answer stays what it is. */
  #goOn(delivery: DeliveryRecord): void {
    try {
      this.#options.onStored(delivery);
    } catch (error) {
      this.#options.log('error', `d${delivery.id} is on disk and could not be told: ${String(error)}`);
    }
    try {
      this.#forward(delivery);
    } catch (error) {
      const when = 'what of it waits is sent when the relay is started again';
      this.#options.log('error', `d${delivery.id} is on disk and could not be forwarded (${String(error)}): ${when}`);
    }
  }

  #read(incoming: Incoming): DeliveryRecord {
    bodyCame(incoming.body.byteLength);
    const tooMuch = tooMuchToRead(incoming.body);
    if (tooMuch !== null) return this.#tooMuch(incoming, tooMuch);
    return incoming.source === 'campaign-monitor' ? this.#fromVendor(incoming) : this.#fromPlatform(incoming);
  }

  #fromVendor(incoming: Incoming): DeliveryRecord {
    const contentType = headerOf(incoming.headers, 'content-type');
    const payload = readPayload(incoming.body, contentType, this.#maxEvents);
    if (payload.kind === 'test') return this.#withoutEvents(incoming, 'test', 200, null);
    if (payload.kind === 'rejected') {
      if (payload.tooMany) return this.#tooMuch(incoming, payload.reason);
      return this.#withoutEvents(incoming, 'rejected', 400, payload.reason);
    }
    const { listId, events } = payload;
    const parts = partsOf(events.length, this.#partSize);
    const configured = this.#options.forwarder.configured;
    const tooMuch = tooMuchToSend(events.length, payload.json.byteLength, parts, configured.length);
    if (tooMuch !== null) return this.#tooMuch(incoming, tooMuch);
    const toNormalised = configured.filter((each) => each.destination.mode === 'normalised');
    const toRaw = configured.filter((each) => each.destination.mode === 'raw');
    const ids = this.#options.store.reserve(events.length, parts.length + (toRaw.length > 0 ? 1 : 0));
    const records: EventRecord[] = [];
    const types: (string | null)[] = [];
    const fingerprint = fingerprints(listId);
    const aboutList = listId === null ? 'no ListID' : cutWarning('ListID', listId, columnLengths.list);
    for (const [position, event] of events.entries()) {
      const { object, type, address, warning } = normaliseEvent(event, this.#render, incoming.receivedAt);
      types.push(type);
      records.push({
        id: ids.firstEvent + position,
        kind: 'event',
        type: cut(type, columnLengths.type),
        address: cut(address, columnLengths.address),
        date: object.date,
        warning: joinWarnings(
          aboutList,
          warning,
          cutWarning('Type', type, columnLengths.type),
          cutWarning('EmailAddress', address, columnLengths.address),
        ),
        fingerprint: fingerprint(event),
        notificationId: ids.firstNotification + Math.floor(position / this.#partSize),
        duplicateOf: null,
      });
    }
    const notifications: NotificationRecord[] = parts.map((part, index) => ({
      ...this.#notification(ids.firstNotification + index, 'normalised', incoming),
      part: index,
      parts: parts.length,
      firstEvent: part.first,
      eventCount: part.count,
      forwardings: forwardingsTo(toNormalised, listId, types.slice(part.first, part.first + part.count)),
    }));
    if (toRaw.length > 0) {
      notifications.push({
        ...this.#notification(ids.firstNotification + parts.length, 'raw', incoming),
        eventCount: events.length,
        forwardings: forwardingsTo(toRaw, listId, types),
      });
    }
    const json = payload.json === incoming.body ? null : payload.json;
    this.#options.renderer.keep(ids.delivery, { ...incoming, contentType, json, events });
    return {
      ...this.#delivery(ids.delivery, incoming),
      list: cut(listId, columnLengths.list),
      json,
      events: records,
      notifications,
    };
  }

  #fromPlatform(incoming: Incoming): DeliveryRecord {
    const signature = this.#checkSignature(incoming);
    const notification = readPlatformNotification(incoming.body, this.#maxEvents);
    if (notification.kind === 'rejected') {
      if (notification.tooMany) return { ...this.#tooMuch(incoming, notification.reason), signature };
      return { ...this.#withoutEvents(incoming, 'rejected', 400, notification.reason), signature };
    }
    const { listId } = notification;
    // One without events has a row all the same, so that it is seen.
    const events = notification.events.length > 0 ? notification.events : [noEvent];
    const ids = this.#options.store.reserve(events.length, 1);
    const aboutList = joinWarnings(
      cutWarning('ListID', listId, columnLengths.list),
      cutWarning('eventId', notification.eventId, columnLengths.eventId),
    );
    const records: EventRecord[] = events.map((event, position) => ({
      id: ids.firstEvent + position,
      kind: 'event',
      type: cut(event.eventType, columnLengths.type),
      address: cut(event.objectId, columnLengths.address),
      date: cut(event.date, columnLengths.date),
      warning: joinWarnings(
        events[0] === noEvent ? 'a notification without events' : null,
        aboutList,
        cutWarning('eventType', event.eventType, columnLengths.type),
        cutWarning('objectId', event.objectId, columnLengths.address),
        cutWarning('date', event.date, columnLengths.date),
      ),
      fingerprint: null,
      notificationId: ids.firstNotification,
      duplicateOf: null,
    }));
    const record = this.#notification(ids.firstNotification, 'platform', incoming);
    this.#options.renderer.keep(ids.delivery, {
      ...incoming,
      contentType: headerOf(incoming.headers, 'content-type'),
      json: null,
      events: [],
    });
    return {
      ...this.#delivery(ids.delivery, incoming),
      list: cut(listId, columnLengths.list),
      signature,
      events: records,
      notifications: [
        {
          ...record,
          eventId: cut(notification.eventId, columnLengths.eventId) ?? record.eventId,
          eventCount: events.length,
          forwardings: forwardingsTo(
            this.#options.forwarder.configured,
            listId,
            events.map((event) => event.eventType),
          ),
        },
      ],
    };
  }

  /** It is refused for what it would make the relay do: its first bytes tell what it was. */
  #tooMuch(incoming: Incoming, reason: string): DeliveryRecord {
    const bodyBytes = incoming.body.byteLength;
    // A copy: the whole body would be kept for a part of it.
    const body = Buffer.from(incoming.body.subarray(0, keptRefusedBytes));
    const delivery = this.#withoutEvents({ ...incoming, body }, 'rejected', 413, reason);
    return { ...delivery, bodyBytes, truncated: bodyBytes > keptRefusedBytes };
  }

  #checkSignature(incoming: Incoming): SignatureCheck {
    const header = headerOf(incoming.headers, signatureHeader.toLowerCase());
    if (this.#verifyKeys.size === 0) return header === null ? 'missing' : 'unchecked';
    if (header === null) return 'missing';
    return verify(incoming.body, header, this.#verifyKeys.values()) ? 'valid' : 'invalid';
  }

  #withoutEvents(
    incoming: Incoming,
    status: 'test' | 'rejected',
    httpStatus: number,
    reason: string | null,
  ): DeliveryRecord {
    const ids = this.#options.store.reserve(1, 0);
    const event: EventRecord = {
      id: ids.firstEvent,
      kind: status,
      type: null,
      address: null,
      date: null,
      warning: null,
      fingerprint: null,
      notificationId: null,
      duplicateOf: null,
    };
    return { ...this.#delivery(ids.delivery, incoming), status, httpStatus, reason, events: [event] };
  }

  #delivery(id: number, incoming: Incoming): DeliveryRecord {
    return {
      id,
      source: incoming.source,
      status: 'accepted',
      injected: incoming.injected,
      receivedAt: incoming.receivedAt,
      httpStatus: 200,
      reason: null,
      list: null,
      signature: null,
      contentType: headerOf(incoming.headers, 'content-type'),
      headers: withoutCredentials(incoming.headers),
      body: incoming.body,
      bodyBytes: incoming.body.byteLength,
      truncated: false,
      json: null,
      events: [],
      notifications: [],
    };
  }

  #notification(id: number, kind: NotificationRecord['kind'], incoming: Incoming): NotificationRecord {
    return {
      id,
      kind,
      part: 0,
      parts: 1,
      firstEvent: 0,
      eventCount: 0,
      eventId: makeEventId(),
      createdAt: incoming.receivedAt,
      renderSettingsId: this.#renderId,
      forwardings: [],
    };
  }

  #forward(delivery: DeliveryRecord): void {
    const jobs: Job[] = [];
    for (const notification of delivery.notifications) {
      const stored = { ...notification, deliveryId: delivery.id, settings: this.#settingsOf(notification) };
      for (const forwarding of notification.forwardings) {
        if (forwarding.state === 'held') this.#options.forwarder.heldOnDisk(forwarding.destinationId);
        if (forwarding.state !== 'waiting') continue;
        jobs.push({
          notificationId: notification.id,
          deliveryId: delivery.id,
          destinationId: forwarding.destinationId,
          attempts: 0,
          roundStart: 0,
          nextAt: null,
          ...(stored.settings && { notification: { ...stored, settings: stored.settings } }),
        });
      }
    }
    if (jobs.length > 0) this.#options.forwarder.dispatch(jobs);
  }

  /** The settings a notification was made by, where they are still those in force; else it is read from the store. */
  #settingsOf(notification: NotificationRecord): RenderSettings | undefined {
    return notification.renderSettingsId === this.#renderId ? this.#render : undefined;
  }
}

const noEvent: PlatformEvent = { eventType: null, objectId: null, date: null };

/** Of the settings, what makes a notification. */
export function renderSettingsOf(settings: Settings): RenderSettings {
  return { timeZone: settings.timeZone, mapping: settings.mapping, identity: settings.identity };
}

function forwardingsTo(
  destinations: readonly ConfiguredDestination[],
  list: string | null,
  types: readonly (string | null)[],
): ForwardingRecord[] {
  const forwardings: ForwardingRecord[] = [];
  for (const { id, destination, missing } of destinations) {
    if (!goesTo(destination, { list, types })) continue;
    forwardings.push({ destinationId: id, state: missing === null ? 'waiting' : 'held', detail: missing });
  }
  return forwardings;
}

function headerOf(headers: Headers, name: string): string | null {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1] ?? null;
}

function withoutCredentials(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, isCredentialHeader(name) ? maskedValue : value]);
}

function joinWarnings(...warnings: readonly (string | null)[]): string | null {
  let all: string | null = null;
  for (const warning of warnings) if (warning !== null) all = all === null ? warning : `${all}; ${warning}`;
  return all;
}

// Twenty characters, as in the captures: 15 random bytes in URL-safe base64.
const eventIdBytes = 15;
const pool = Buffer.alloc(eventIdBytes * 256);
let used = pool.length;

/** A new `message.eventId`. */
function makeEventId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += eventIdBytes;
  return pool.toString('base64url', used - eventIdBytes, used);
}
