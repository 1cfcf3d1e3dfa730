/**
 * What the platform keeps of notifications on their way to a callback, and the queue of those that it could not deliver
 * [docs: https://github.com/cloud-elements/devportal, "Event Retry and Queueing"; live: the deliveries of
 * https://github.com/varunpal72/churros, src/test/platform/notifications].
 */
import type { NotificationParts } from '../../open-connectors/notification.ts';
import { elementKey, writeNotification } from '../../open-connectors/notification.ts';
import { platformErrors } from './platform-error.ts';
import type { InstanceEvent, PlatformInstance, PlatformSettings } from './state.ts';

/** How a delivery stands [live]. `notified` is what a read makes of a queued one, where the sandbox is told to. */
export type DeliveryStatus = 'created' | 'delivered' | 'notified' | 'retry' | 'queued';

/** One notification on its way to one subscription. */
export interface PlatformDelivery {
  readonly notificationId: number;
  readonly subscriptionId: number;
  readonly instance: PlatformInstance;
  readonly event: InstanceEvent;
  readonly parts: NotificationParts;
  readonly raw: Uint8Array;
  /** Its share of the vendor's body, which the parts hold together, in bytes. */
  readonly bytes: number;
  /** The subscription's `config.url`: the callback URL of the moment in which it was last posted or queued. */
  url: string;
  status: DeliveryStatus;
  readonly createdDate: string;
  updatedDate: string | null;
}

/** The channel of every subscription that an instance makes. */
const channel = 'webhook';

/** Deliveries that are over and remembered. */
const maxFinished = 1000;

/** Queued deliveries, at most, and what they may hold in memory: what is over is lost, the newest first. */
const maxQueued = 20_000;
const maxQueuedBytes = 64 * 1024 * 1024;

/** Bytes of an answer that brings notifications along: more than a client takes, that has not asked for less. */
const maxAnswerText = 48 * 1024 * 1024;

/** The queue of deliveries, and which subscriptions are deactivated. */
export class Deliveries {
  readonly #settings: PlatformSettings;
  readonly #deliveries = new Map<number, PlatformDelivery>();
  readonly #queued = new Set<PlatformDelivery>();
  #queuedBytes = 0;
  readonly #finished: number[] = [];
  /** By instance, the callback URLs that are not posted to any more: each is a subscription of its own [inferred]. */
  readonly #deactivated = new Map<number, Set<string>>();

  constructor(settings: PlatformSettings) {
    this.#settings = settings;
  }

  /** Whether the subscription of an instance's callback URL is deactivated: what comes is queued at once [docs]. */
  isDeactivated({ id, events }: PlatformInstance): boolean {
    return this.#deactivated.get(id)?.has(events.callbackUrl) ?? false;
  }

  /**
   * All retries of a delivery failed: nothing more is posted to the URL that it was last posted to, until what is queued
   * of that is delivered again [docs].
   */
  deactivate({ instance, url }: PlatformDelivery): void {
    const urls = this.#deactivated.get(instance.id) ?? new Set();
    this.#deactivated.set(instance.id, urls.add(url));
  }

  /** Remembers a new delivery. */
  add(delivery: PlatformDelivery): void {
    this.#deliveries.set(delivery.notificationId, delivery);
  }

  /**
   * A delivery has another status.
   * @returns false where it found no room in the queue, and is forgotten, or was forgotten before
   */
  set(delivery: PlatformDelivery, status: Exclude<DeliveryStatus, 'notified'>): boolean {
    if (!this.#deliveries.has(delivery.notificationId)) return false;
    this.#leaveQueue(delivery);
    if (status === 'queued' && !this.#joinQueue(delivery)) {
      this.forget(delivery);
      return false;
    }
    delivery.status = status;
    delivery.updatedDate = now();
    if (status === 'delivered') this.#finish(delivery);
    return true;
  }

  /** Forgets a delivery that is no longer wanted. */
  forget(delivery: PlatformDelivery): void {
    this.#leaveQueue(delivery);
    this.#deliveries.delete(delivery.notificationId);
  }

  /** Forgets what there is of an instance that was deleted. */
  forgetInstance(instance: PlatformInstance): void {
    this.#deactivated.delete(instance.id);
    for (const each of [...this.#deliveries.values()]) if (each.instance === instance) this.forget(each);
  }

  /**
   * Carries out `GET /notifications/subscriptions/deliveries`.
   * @param where such as `channel='webhook' and status='queued' and config.url='https://…'`
   * @param page the position of the first, and how many at most
   * @returns the deliveries as the platform shows them, oldest first, and the position of the next page
   * @throws PlatformError 400 where the clause cannot be read
   */
  list(
    where: string,
    hydrate: boolean,
    page: { first: number; size: number },
  ): { body: object[]; next: number | null } {
    const found = this.#matching(where);
    const size = Math.min(page.size, this.#settings.deliveriesPageSize);
    const body: object[] = [];
    let text = 0;
    let at = page.first;
    for (; at < found.length && body.length < size; at++) {
      const delivery = found[at];
      if (delivery === undefined) break;
      text += hydrate ? delivery.raw.byteLength : 0;
      if (text > maxAnswerText && body.length > 0) break;
      body.push(this.#shown(delivery, hydrate));
      // Whether a read changes the status is documented nowhere: it does where the sandbox is told so.
      if (this.#settings.readingNotifies && delivery.status === 'queued') this.#notify(delivery);
    }
    // What was read has left the list, so that the next page begins where this one did.
    const taken = this.#settings.readingNotifies && asksForQueued(where) ? page.first : at;
    return { body, next: at < found.length ? taken : null };
  }

  /** One delivery [live]. @throws PlatformError 404 */
  one(notificationId: string, subscriptionId: string, hydrate: boolean): object {
    const delivery = this.#deliveries.get(Number(notificationId));
    if (delivery === undefined || String(delivery.subscriptionId) !== subscriptionId) {
      throw platformErrors.noDelivery(notificationId, subscriptionId);
    }
    return this.#shown(delivery, hydrate);
  }

  /**
   * What `PUT /notifications/subscriptions/deliveries` delivers again, oldest first; their subscriptions are active from
   * then on [docs].
   * @throws PlatformError 400 where the clause cannot be read
   */
  release(where: string): PlatformDelivery[] {
    const released = this.#matching(where).filter(({ status }) => status === 'queued' || status === 'notified');
    for (const delivery of released) {
      this.#deactivated.get(delivery.instance.id)?.delete(delivery.url);
      this.#leaveQueue(delivery);
      delivery.status = 'created';
    }
    return released;
  }

  #matching(where: string): PlatformDelivery[] {
    const terms = readWhere(where);
    return [...this.#deliveries.values()].filter((delivery) =>
      terms.every(({ field, value }) => fieldOf(delivery, field) === value),
    );
  }

  #shown(delivery: PlatformDelivery, hydrate: boolean): object {
    const { notificationId, subscriptionId, status, createdDate, updatedDate, instance, url, parts, raw } = delivery;
    const isActive = this.#deactivated.get(instance.id)?.has(url) !== true;
    return {
      notificationId,
      subscriptionId,
      status,
      createdDate,
      ...(updatedDate !== null && { updatedDate }),
      ...(hydrate && {
        notification: JSON.parse(writeNotification(parts, raw).toString('utf8')) as object,
        subscription: {
          id: subscriptionId,
          channel,
          topics: [`instance-${instance.id}-${elementKey}-events`],
          config: { url },
          ...(this.#settings.tellsActive && { active: isActive }),
        },
      }),
    };
  }

  #notify(delivery: PlatformDelivery): void {
    delivery.status = 'notified';
    delivery.updatedDate = now();
  }

  #joinQueue(delivery: PlatformDelivery): boolean {
    if (this.#queued.size >= maxQueued || this.#queuedBytes + delivery.bytes > maxQueuedBytes) return false;
    this.#queued.add(delivery);
    this.#queuedBytes += delivery.bytes;
    return true;
  }

  #leaveQueue(delivery: PlatformDelivery): void {
    if (this.#queued.delete(delivery)) this.#queuedBytes -= delivery.bytes;
  }

  #finish({ notificationId }: PlatformDelivery): void {
    this.#finished.push(notificationId);
    const oldest = this.#finished.length > maxFinished ? this.#finished.shift() : undefined;
    if (oldest !== undefined) this.#deliveries.delete(oldest);
  }
}

interface Term {
  readonly field: string;
  readonly value: string;
}

const fields: Readonly<Record<string, (delivery: PlatformDelivery) => string>> = {
  channel: () => channel,
  status: ({ status }) => status,
  'config.url': ({ url }) => url,
};

function fieldOf(delivery: PlatformDelivery, field: string): string | undefined {
  return fields[field]?.(delivery);
}

/** @throws PlatformError 400 */
function readWhere(where: string): Term[] {
  const terms: Term[] = [];
  const term = /\s*([\w.]+)\s*=\s*'([^']*)'\s*(and\s|$)/iy;
  while (term.lastIndex < where.length) {
    const [, field = '', value = ''] = term.exec(where) ?? [];
    if (!Object.hasOwn(fields, field)) {
      throw platformErrors.badRequest(
        "where is not readable: expected channel='webhook' and status='queued' and config.url='<URL>'",
      );
    }
    terms.push({ field, value });
  }
  return terms;
}

function asksForQueued(where: string): boolean {
  return readWhere(where).some(({ field, value }) => field === 'status' && value === 'queued');
}

function now(): string {
  return `${new Date().toISOString().slice(0, -5)}Z`;
}
