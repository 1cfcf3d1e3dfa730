import { randomBytes } from 'node:crypto';
import { readPayload, textField, type VendorEvent } from '../../campaign-monitor/payload.ts';
import { elementKey, hubKey, writeNotification, type EventObject } from '../../open-connectors/notification.ts';
import { sign, signatureHeader, webhookIdHeader } from '../../open-connectors/signature.ts';
import { defaultSettings } from '../../protocol/settings.ts';
import type { PostResult, WebhookPoster } from '../campaign-monitor/webhook-post.ts';
import { PostingQueue, type PostRecord } from '../posting-queue.ts';
import type { Deliveries, PlatformDelivery } from './deliveries.ts';
import { subscriptionOf } from './instance-answer.ts';
import { account, partSizeOf, type InstanceEvent, type PlatformInstance, type PlatformState } from './state.ts';

/** Discarded if the instance was deleted or disabled, or its events turned off, before it could be sent. */
export interface NotificationRecord extends PostRecord {
  readonly eventId: string;
  readonly instanceId: number;
  readonly listId: string | null;
  readonly events: number;
  readonly part: number;
  readonly parts: number;
  target: string | null;
  signed: boolean;
  queued: boolean;
}

export interface NotificationReport {
  readonly type: 'notification';
  readonly notification: NotificationRecord;
}

interface Waiting {
  readonly record: NotificationRecord;
  readonly delivery: PlatformDelivery;
  readonly isReleased: boolean;
}

export interface NotifierParts {
  readonly state: PlatformState;
  readonly deliveries: Deliveries;
  readonly poster: WebhookPoster;
  readonly report: (report: NotificationReport) => void;
}

export class Notifier {
  readonly #state: PlatformState;
  readonly #deliveries: Deliveries;
  readonly #poster: WebhookPoster;
  readonly #report: (report: NotificationReport) => void;
  readonly #queue: PostingQueue<NotificationRecord>;
  /** A client remembers what it fetched by its ID, even after the sandbox has restarted. */
  readonly #beforeFirst = Date.now();

  constructor({ state, deliveries, poster, report }: NotifierParts) {
    this.#state = state;
    this.#deliveries = deliveries;
    this.#poster = poster;
    this.#report = report;
    this.#queue = new PostingQueue(() => state.settings.retryDelaysMs);
  }

  log(limit: number): NotificationRecord[] {
    return this.#queue.log(limit);
  }

  /** Creates no notifications for a test call or an invalid delivery. @returns number of notifications */
  receive(instance: PlatformInstance, body: Buffer): number {
    const payload = readPayload(body);
    if (payload.kind !== 'events') return 0;
    const createdAt = Date.now();
    const { settings } = this.#state;
    const partSize = partSizeOf(settings);
    const polledAt = settings.eventSource === 'polling' ? createdAt : null;
    const parts = Math.ceil(payload.events.length / partSize);
    const providerData = payload.json.toString('utf8');
    const identity = {
      instanceId: instance.id,
      instanceName: instance.name,
      instanceTags: instance.tags,
      ...account,
    };
    const made: Waiting[] = [];
    for (let part = 0; part < parts; part++) {
      const events = payload.events.slice(part * partSize, (part + 1) * partSize);
      const eventId = randomBytes(15).toString('base64url');
      const record: NotificationRecord = {
        ...this.#queue.newRecord(createdAt),
        eventId,
        instanceId: instance.id,
        listId: payload.listId,
        events: events.length,
        part: part + 1,
        parts,
        target: null,
        signed: false,
        queued: false,
      };
      const event: InstanceEvent = { id: eventId, eventDate: record.createdAt, status: 'RECEIVED', providerData };
      const content = {
        createdAt,
        id: String(record.id),
        eventId,
        instance: identity,
        events: events.map((each) => eventObject(each, polledAt)),
      };
      const delivery: PlatformDelivery = {
        notificationId: this.#beforeFirst + record.id,
        subscriptionId: subscriptionOf(instance),
        instance,
        event,
        parts: content,
        raw: payload.json,
        url: instance.events.callbackUrl,
        status: 'created',
        updatedDate: null,
        createdDate: `${record.createdAt.slice(0, -5)}Z`,
      };
      made.push({ record, delivery, isReleased: false });
    }
    this.#state.remember(
      instance,
      made.map(({ delivery }) => delivery.event),
    );
    for (const waiting of made) {
      this.#deliveries.add(waiting.delivery);
      this.#send(waiting);
    }
    return parts;
  }

  /** Oldest first [docs]. @returns number of notifications @throws PlatformError 400 if the clause can't be read */
  release(where: string): number {
    const released = this.#deliveries.release(where);
    for (const delivery of released) {
      const { parts, instance } = delivery;
      const record: NotificationRecord = {
        ...this.#queue.newRecord(),
        eventId: parts.eventId,
        instanceId: instance.id,
        listId: null,
        events: parts.events.length,
        part: 1,
        parts: 1,
        target: null,
        signed: false,
        queued: false,
      };
      this.#send({ record, delivery, isReleased: true });
    }
    return released.length;
  }

  close(): void {
    this.#queue.close();
  }

  /** RECEIVED until it is first posted, DISPATCHED from then on, NOTIFIED once the callback accepted it [inferred]. */
  #send(waiting: Waiting): void {
    const { record, delivery } = waiting;
    const { instance, event } = delivery;
    const isThere = (): boolean =>
      this.#state.instances.has(instance.id) && !instance.disabled && instance.events.enabled;
    this.#queue.add({
      record,
      lane: instance.id,
      isWanted: () => isThere() && !this.#deliveries.isDeactivated(instance),
      // Under "queue", a failed push is queued at once [docs].
      judge: () => this.#state.failurePolicy === 'retry',
      post: () => this.#post(waiting),
      changed: () => {
        if (record.state === 'delivered') event.status = 'NOTIFIED';
        this.#settle(waiting, isThere());
        this.#report({ type: 'notification', notification: structuredClone(record) });
      },
    });
  }

  /** After the last retry, later notifications are queued [docs]. Queuing the failed or released one is inferred. */
  #settle({ record, delivery, isReleased }: Waiting, isThere: boolean): void {
    const { instance } = delivery;
    if (!this.#state.instances.has(instance.id)) return;
    switch (record.state) {
      case 'delivered':
        this.#deliveries.set(delivery, 'delivered');
        return;
      case 'waiting':
        this.#deliveries.set(delivery, 'retry');
        return;
      case 'failed':
        if (this.#state.failurePolicy === 'retry') this.#deliveries.deactivate(delivery);
        break;
      case 'discarded':
        if (isThere && this.#deliveries.isDeactivated(instance)) delivery.url = instance.events.callbackUrl;
        else if (!isReleased) {
          this.#deliveries.forget(delivery);
          return;
        }
    }
    record.queued = this.#deliveries.set(delivery, 'queued');
  }

  /** Posts to the current callback, so that a changed one receives what waits. */
  #post({ record, delivery }: Waiting): Promise<PostResult> {
    const { instance, event, parts, raw } = delivery;
    const { callbackUrl, signatureKey } = instance.events;
    delivery.url = callbackUrl;
    record.target = new URL(callbackUrl).origin;
    record.signed = signatureKey !== '';
    event.status = 'DISPATCHED';
    const body = writeNotification(parts, raw);
    const headers = headersOf(instance, parts.eventId, body);
    return this.#poster.send(callbackUrl, body, headers, this.#state.settings.callbackTimeoutMs);
  }
}

function headersOf(instance: PlatformInstance, webhookId: string, body: Uint8Array): Record<string, string> {
  const { signatureKey, basic, headers } = instance.events;
  const credentials = basic === null ? null : Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
  const own: Record<string, string> = {
    'Content-Type': 'application/json; charset=utf-8',
    'User-Agent': 'open-connectors-sandbox',
    [webhookIdHeader]: webhookId,
    ...(credentials === null ? {} : { Authorization: `Basic ${credentials}` }),
    ...(signatureKey === '' ? {} : { [signatureHeader]: sign(body, signatureKey) }),
  };
  const taken = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  const others = Object.entries(headers).filter(([name]) => !taken.has(name.toLowerCase()));
  return { ...Object.fromEntries(others), ...own };
}

/** How Open Connectors maps an event is undocumented: these are the relay's own defaults (docs/assumptions.md). */
const { mapping } = defaultSettings();

function eventObject(event: VendorEvent, polledAt: number | null): EventObject {
  const type = textField(event, 'Type') ?? '';
  return {
    date: isoDate(textField(event, 'Date') ?? ''),
    elementKey,
    eventType: (Object.hasOwn(mapping.eventTypes, type) ? mapping.eventTypes[type] : undefined) ?? 'UNKNOWN',
    hubKey,
    objectId: textField(event, mapping.objectIdField) ?? '',
    objectType: mapping.objectType,
    ...(polledAt !== null && { pollDate: isoSeconds(polledAt) }),
  };
}

/** The sandbox's Campaign Monitor writes all dates in UTC. */
function isoDate(date: string): string {
  const at = Date.parse(`${date.replace(' ', 'T')}Z`);
  return isoSeconds(Number.isNaN(at) ? Date.now() : at);
}

function isoSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, -5)}Z`;
}
