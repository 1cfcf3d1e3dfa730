import { randomFillSync } from 'node:crypto';
import { readPayload } from '../../campaign-monitor/payload.ts';
import { readPlatformNotification, type EventObject, type PlatformEvent } from '../../open-connectors/notification.ts';
import { signatureHeader, verify } from '../../open-connectors/signature.ts';
import type { Headers, SignatureCheck, Source } from '../../protocol/history.ts';
import type { SecretsChange, Settings } from '../../protocol/settings.ts';
import { maskedValue } from '../../common/masking.ts';
import { isCredentialHeader } from '../../protocol/credential-headers.ts';
import { changedSecrets, type ConfiguredDestination } from '../sending/forwarder.ts';
import type { Gate } from '../gate/gate.ts';
import type { ForwardingKey } from '../log/held.ts';
import { ConflictError } from '../../protocol/errors.ts';
import { columnLengths, cut, cutWarning } from '../log/columns.ts';
import { keptRefusedBytes, tooMuchToRead, tooMuchToSend } from '../../normalizer/delivery-limits.ts';
import { workCame } from '../sending/heap.ts';
import { fingerprints, normalizeEvent, notificationFingerprints, partsOf } from '../../normalizer/normalize.ts';
import type { RenderSettings } from '../../normalizer/normalize.ts';
import type { FreshDelivery, Renderer } from '../sending/render.ts';
import { goesTo } from '../sending/replay-targets.ts';
import type { DeliveryRecord, EventRecord, FetchedKey, ForwardingRecord, NotificationRecord } from '../log/records.ts';
import type { Store } from '../log/store.ts';

export interface Incoming {
  readonly source: Source;
  readonly body: Buffer;
  /** As received, in order, including credentials. */
  readonly headers: Headers;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  readonly injected: boolean;
  /** If the response is forced, the delivery is kept, but not forwarded. */
  readonly onPurpose?: number | undefined;
  readonly refusal: Refusal | null;
  readonly fetched?: FetchedKey;
  readonly edit?: Edit;
}

export interface Edit {
  readonly deliveryId: number;
  /** The edit goes only to these destinations, and the held forwardings are discarded. */
  readonly held: readonly ForwardingKey[];
}

export interface Refusal {
  readonly httpStatus: 400 | 413;
  readonly reason: string;
  readonly bodyBytes: number;
  readonly truncated: boolean;
}

export interface Received {
  readonly delivery: DeliveryRecord;
  readonly renderSettings: RenderSettings;
}

interface Read {
  readonly delivery: DeliveryRecord;
  /** Includes the sender's credentials; null if nothing can be sent. */
  readonly content: FreshDelivery | null;
}

interface InForce {
  readonly partSize: number;
  readonly maxEvents: number;
  readonly renderSettings: RenderSettings;
  readonly renderSettingsId: number;
  readonly destinations: readonly ConfiguredDestination[];
  readonly verifyKeys: ReadonlyMap<string, string>;
}

export class Reception {
  readonly #store: Store;
  readonly #renderer: Renderer;
  readonly #gate: Pick<Gate, 'no' | 'received'> | undefined;
  #inForce: InForce;

  /** Until {@link configure} is called, nothing is forwarded. */
  constructor(store: Store, renderer: Renderer, settings: Settings, gate?: Pick<Gate, 'no' | 'received'>) {
    this.#store = store;
    this.#renderer = renderer;
    this.#gate = gate;
    const renderSettingsId = store.destinations.internRenderSettings(renderSettingsOf(settings));
    this.#inForce = inForce(settings, renderSettingsId, [], new Map());
  }

  configure(
    settings: Settings,
    renderSettingsId: number,
    destinations: readonly ConfiguredDestination[],
    verifyKeys: SecretsChange['verifyKeys'],
  ): void {
    const keys = changedSecrets(this.#inForce.verifyKeys, verifyKeys);
    this.#inForce = inForce(settings, renderSettingsId, destinations, keys);
  }

  /** Resolves when it is on disk. @throws StoreError; ConflictError if an edit can't replace the held forwardings */
  async receive(incoming: Incoming): Promise<Received> {
    const { renderSettings } = this.#inForce;
    const { delivery: read, content } = this.#read(incoming);
    const delivery = incoming.edit === undefined ? read : replaceHeld(read, incoming.edit);
    if (content !== null) this.#keep(delivery, content);
    // A delivery with a forced response isn't forwarded, so breakpoints don't check it.
    await this.#store.add(delivery, delivery.onPurpose ? undefined : () => this.#gate?.received(delivery));
    return { delivery, renderSettings };
  }

  /** Called before the delivery is on disk, when a queue may read it at once. */
  #keep({ id, notifications }: DeliveryRecord, content: FreshDelivery): void {
    // If it is sent later, it is read from the store, which has no credentials.
    if (notifications.some(({ forwardings }) => forwardings.length > 0)) this.#renderer.keep(id, content);
    else this.#renderer.keepCredentials(id, content.headers);
  }

  #read(incoming: Incoming): Read {
    const { refusal, source, body } = incoming;
    if (refusal !== null) return this.#refused(incoming, refusal);
    workCame();
    const tooMuch = tooMuchToRead(body);
    if (tooMuch !== null) return this.#tooMuch(incoming, tooMuch);
    return source === 'campaign-monitor' ? this.#fromVendor(incoming) : this.#fromPlatform(incoming);
  }

  #fromVendor(incoming: Incoming): Read {
    const contentType = headerOf(incoming.headers, 'content-type');
    const { maxEvents, partSize, renderSettings } = this.#inForce;
    const destinations = this.#destinationsOf(incoming);
    const payload = readPayload(incoming.body, contentType, maxEvents);
    if (payload.kind === 'test') return this.#withoutEvents(incoming, 'test', 200, null);
    if (payload.kind === 'rejected') {
      if (payload.tooMany) return this.#tooMuch(incoming, payload.reason);
      return this.#withoutEvents(incoming, 'rejected', 400, payload.reason);
    }
    const { listId, events } = payload;
    const parts = partsOf(events.length, partSize);
    const tooMuch = tooMuchToSend(events.length, payload.json.byteLength, parts, destinations.length);
    if (tooMuch !== null) return this.#tooMuch(incoming, tooMuch);
    const toNormalized = destinations.filter((each) => each.destination.mode === 'normalized');
    const toRaw = destinations.filter((each) => each.destination.mode === 'raw');
    const ids = this.#store.reserve(events.length, parts.length + (toRaw.length > 0 ? 1 : 0));
    const records: EventRecord[] = [];
    const objects: EventObject[] = [];
    const types: (string | null)[] = [];
    const fingerprint = fingerprints(listId);
    const aboutList = listId === null ? 'no ListID' : cutWarning('ListID', listId, columnLengths.list);
    for (const [position, event] of events.entries()) {
      const { object, type, address, warning } = normalizeEvent(event, renderSettings, incoming.receivedAt);
      objects.push(object);
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
        notificationId: ids.firstNotification + Math.floor(position / partSize),
        duplicateOf: null,
      });
    }
    const notifications: NotificationRecord[] = parts.map((part, index) => ({
      ...this.#notification(ids.firstNotification + index, 'normalized', incoming),
      part: index,
      parts: parts.length,
      firstEvent: part.first,
      eventCount: part.count,
      forwardings: this.#forwardingsTo(
        incoming,
        toNormalized,
        listId,
        types.slice(part.first, part.first + part.count),
      ),
    }));
    if (toRaw.length > 0) {
      notifications.push({
        ...this.#notification(ids.firstNotification + parts.length, 'raw', incoming),
        eventCount: events.length,
        forwardings: this.#forwardingsTo(incoming, toRaw, listId, types),
      });
    }
    const { source, receivedAt, headers, body } = incoming;
    const json = payload.json === body ? null : payload.json;
    return {
      delivery: {
        ...this.#delivery(ids.delivery, incoming),
        list: cut(listId, columnLengths.list),
        json,
        events: records,
        notifications,
      },
      content: { source, receivedAt, contentType, headers, body, json, objects },
    };
  }

  #fromPlatform(incoming: Incoming): Read {
    const signature = this.#checkSignature(incoming);
    const notification = readPlatformNotification(incoming.body, this.#inForce.maxEvents);
    if (notification.kind === 'rejected') {
      const { delivery } = notification.tooMany
        ? this.#tooMuch(incoming, notification.reason)
        : this.#withoutEvents(incoming, 'rejected', 400, notification.reason);
      return { delivery: { ...delivery, signature }, content: null };
    }
    const { listId } = notification;
    // A notification without events has a row too, so that it is visible.
    const events = notification.events.length > 0 ? notification.events : [noEvent];
    const ids = this.#store.reserve(events.length, 1);
    const aboutList = joinWarnings(
      cutWarning('ListID', listId, columnLengths.list),
      cutWarning('eventId', notification.eventId, columnLengths.eventId),
    );
    const fingerprint = notificationFingerprints(notification.eventId);
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
      fingerprint: fingerprint(position),
      notificationId: ids.firstNotification,
      duplicateOf: null,
    }));
    const record = this.#notification(ids.firstNotification, 'platform', incoming);
    const { source, receivedAt, headers, body } = incoming;
    const contentType = headerOf(headers, 'content-type');
    return {
      delivery: {
        ...this.#delivery(ids.delivery, incoming),
        list: cut(listId, columnLengths.list),
        signature,
        events: records,
        notifications: [
          {
            ...record,
            eventId: cut(notification.eventId, columnLengths.eventId) ?? record.eventId,
            eventCount: events.length,
            forwardings: this.#forwardingsTo(
              incoming,
              this.#destinationsOf(incoming),
              listId,
              events.map((event) => event.eventType),
            ),
          },
        ],
      },
      content: { source, receivedAt, contentType, headers, body, json: null, objects: null },
    };
  }

  #tooMuch(incoming: Incoming, reason: string): Read {
    const bodyBytes = incoming.body.byteLength;
    // Copy the bytes: a slice would keep the whole body in memory.
    const body = Buffer.from(incoming.body.subarray(0, keptRefusedBytes));
    const truncated = bodyBytes > keptRefusedBytes;
    return this.#refused({ ...incoming, body }, { httpStatus: 413, reason, bodyBytes, truncated });
  }

  #refused(incoming: Incoming, { httpStatus, reason, bodyBytes, truncated }: Refusal): Read {
    const { delivery } = this.#withoutEvents(incoming, 'rejected', httpStatus, reason);
    // A delivery over the limits can be fetched again after they change.
    return { delivery: { ...delivery, bodyBytes, truncated, fetched: undefined }, content: null };
  }

  #destinationsOf({ edit }: Incoming): readonly ConfiguredDestination[] {
    const { destinations } = this.#inForce;
    if (edit === undefined) return destinations;
    return destinations.filter(({ id }) => edit.held.some((each) => each.destinationId === id));
  }

  #forwardingsTo(
    { edit, onPurpose }: Incoming,
    destinations: readonly ConfiguredDestination[],
    list: string | null,
    types: readonly (string | null)[],
  ): ForwardingRecord[] {
    if (onPurpose !== undefined) return [];
    // The edited forwarding was held: sending the edit counts as releasing it.
    const released = edit === undefined ? null : (this.#gate?.no ?? null);
    return destinations
      .filter(({ destination }) => goesTo(destination, { list, types }))
      .map(({ id }) => ({ destinationId: id, released, stopped: null }));
  }

  #checkSignature(incoming: Incoming): SignatureCheck {
    if (incoming.fetched !== undefined) return 'fetched';
    const header = headerOf(incoming.headers, signatureHeader.toLowerCase());
    const { verifyKeys } = this.#inForce;
    if (verifyKeys.size === 0) return 'unchecked';
    if (header === null) return 'missing';
    return verify(incoming.body, header, verifyKeys.values()) ? 'valid' : 'invalid';
  }

  #withoutEvents(incoming: Incoming, status: 'test' | 'rejected', httpStatus: number, reason: string | null): Read {
    const ids = this.#store.reserve(1, 0);
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
    const delivery = {
      ...this.#delivery(ids.delivery, incoming),
      status,
      httpStatus: incoming.onPurpose ?? httpStatus,
      reason,
      events: [event],
    };
    return { delivery, content: null };
  }

  #delivery(id: number, incoming: Incoming): DeliveryRecord {
    return {
      id,
      source: incoming.source,
      status: 'accepted',
      injected: incoming.injected,
      receivedAt: incoming.receivedAt,
      httpStatus: incoming.onPurpose ?? 200,
      onPurpose: incoming.onPurpose !== undefined,
      reason: null,
      list: null,
      signature: incoming.fetched === undefined ? null : 'fetched',
      contentType: headerOf(incoming.headers, 'content-type'),
      headers: withoutCredentials(incoming.headers),
      body: incoming.body,
      bodyBytes: incoming.body.byteLength,
      truncated: false,
      json: null,
      events: [],
      notifications: [],
      ...(incoming.fetched !== undefined && { fetched: incoming.fetched }),
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
      renderSettingsId: this.#inForce.renderSettingsId,
      forwardings: [],
    };
  }
}

/** What isn't replaced stays held. @throws ConflictError if the edit would not be sent */
function replaceHeld(edited: DeliveryRecord, { deliveryId, held }: Edit): DeliveryRecord {
  const { status, reason, notifications } = edited;
  const sentTo = notifications.flatMap((each) => each.forwardings.map(({ destinationId }) => destinationId));
  const drops = held.filter(({ destinationId }) => sentTo.includes(destinationId));
  if (drops.length > 0) return { ...edited, editOf: deliveryId, drops };
  const why =
    status === 'accepted'
      ? 'would not be sent: no destination of the held original accepts it'
      : `cannot be sent: ${reason === null ? 'it contains no events' : `it would be rejected: ${reason}`}`;
  throw new ConflictError(`the edited body ${why}. The original is still held`, 'mend-body');
}

function inForce(
  settings: Settings,
  renderSettingsId: number,
  destinations: readonly ConfiguredDestination[],
  verifyKeys: ReadonlyMap<string, string>,
): InForce {
  const { partSize, maxEvents } = settings;
  const renderSettings = renderSettingsOf(settings);
  return { partSize, maxEvents, renderSettings, renderSettingsId, destinations, verifyKeys };
}

const noEvent: PlatformEvent = { eventType: null, objectId: null, date: null };

export function renderSettingsOf(settings: Settings): RenderSettings {
  return { timeZone: settings.timeZone, mapping: settings.mapping, identity: settings.identity };
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

function makeEventId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += eventIdBytes;
  return pool.toString('base64url', used - eventIdBytes, used);
}
