/**
 * The deliveries of notifications, and the queue of undelivered ones.
 * @see https://github.com/cloud-elements/devportal, "Event Retry and Queuing" [docs]
 * @see https://github.com/varunpal72/churros, src/test/platform/notifications [live]
 */
import { elementKey, writeNotification, type NotificationParts } from '../../open-connectors/notification.ts';
import { platformErrors } from './platform-error.ts';
import type { InstanceEvent, PlatformInstance, PlatformSettings } from './state.ts';

/** States [live]. `notified`: a queued one was read, if the sandbox is set to this. */
export type DeliveryStatus = 'created' | 'delivered' | 'notified' | 'retry' | 'queued';

export interface PlatformDelivery {
  readonly notificationId: number;
  readonly subscriptionId: number;
  readonly instance: PlatformInstance;
  readonly event: InstanceEvent;
  readonly parts: NotificationParts;
  readonly raw: Uint8Array;
  /** The subscription's `config.url`: the callback URL when it was last posted or queued. */
  url: string;
  status: DeliveryStatus;
  readonly createdDate: string;
  updatedDate: string | null;
}

const channel = 'webhook';

const maxFinished = 1000;

/** In bytes of the vendor's bodies. */
const maxUndelivered = 20_000;
const maxUndeliveredBytes = 64 * 1024 * 1024;

/** In bytes; more than a client accepts by default. */
const maxAnswerText = 48 * 1024 * 1024;

export class Deliveries {
  readonly #settings: PlatformSettings;
  readonly #deliveries = new Map<number, PlatformDelivery>();
  readonly #finished: number[] = [];
  /** Callback URLs that are no longer posted to, by instance; each is a separate subscription [inferred]. */
  readonly #deactivated = new Map<number, Set<string>>();

  constructor(settings: PlatformSettings) {
    this.#settings = settings;
  }

  /** If the callback URL's subscription is deactivated, new deliveries are queued at once [docs]. */
  isDeactivated({ id, events }: PlatformInstance): boolean {
    return this.#deactivated.get(id)?.has(events.callbackUrl) ?? false;
  }

  /** Nothing more is posted to the last URL until its queued deliveries are released [docs]. */
  deactivate({ instance, url }: PlatformDelivery): void {
    const urls = this.#deactivated.get(instance.id) ?? new Set();
    this.#deactivated.set(instance.id, urls.add(url));
  }

  /** Parts of a delivery share its body. */
  get isFull(): boolean {
    const undelivered = [...this.#deliveries.values()].filter(({ status }) => status !== 'delivered');
    const bodies = new Set(undelivered.map(({ raw }) => raw));
    const bytes = [...bodies].reduce((sum, { byteLength }) => sum + byteLength, 0);
    return undelivered.length >= maxUndelivered || bytes >= maxUndeliveredBytes;
  }

  add(delivery: PlatformDelivery): void {
    this.#deliveries.set(delivery.notificationId, delivery);
  }

  set(delivery: PlatformDelivery, status: Exclude<DeliveryStatus, 'notified'>): boolean {
    if (!this.#deliveries.has(delivery.notificationId)) return false;
    delivery.status = status;
    delivery.updatedDate = now();
    if (status === 'delivered') this.#finish(delivery);
    return true;
  }

  forget(delivery: PlatformDelivery): void {
    this.#deliveries.delete(delivery.notificationId);
  }

  forgetInstance(instance: PlatformInstance): void {
    this.#deactivated.delete(instance.id);
    for (const each of [...this.#deliveries.values()]) if (each.instance === instance) this.forget(each);
  }

  /** @param where such as `channel='webhook' and status='queued'` @returns oldest first @throws PlatformError 400 */
  list(
    where: string,
    hydrate: boolean,
    page: { first: number; size: number },
  ): { body: object[]; next: number | null } {
    const found = this.#matching(where);
    const body: object[] = [];
    let text = 0;
    let at = page.first;
    for (const delivery of found.slice(at, at + Math.min(page.size, this.#settings.deliveriesPageSize))) {
      text += hydrate ? delivery.raw.byteLength : 0;
      if (text > maxAnswerText && body.length > 0) break;
      body.push(this.#read(delivery, hydrate));
      at += 1;
    }
    return { body, next: at < found.length ? at : null };
  }

  /** [live] @throws PlatformError 404 */
  one(notificationId: string, subscriptionId: string, hydrate: boolean): object {
    const delivery = this.#deliveries.get(Number(notificationId));
    if (delivery === undefined || String(delivery.subscriptionId) !== subscriptionId) {
      throw platformErrors.noDelivery(notificationId, subscriptionId);
    }
    return this.#read(delivery, hydrate);
  }

  /** Oldest first; activates their subscriptions [docs]. @throws PlatformError 400 if the clause can't be read */
  release(where: string): PlatformDelivery[] {
    const released = this.#matching(where).filter(({ status }) => status === 'queued' || status === 'notified');
    for (const delivery of released) {
      this.#deactivated.get(delivery.instance.id)?.delete(delivery.url);
      delivery.status = 'created';
    }
    return released;
  }

  #matching(where: string): PlatformDelivery[] {
    const terms = readWhere(where);
    return [...this.#deliveries.values()].filter((delivery) =>
      terms.every(({ field, value }) => fields[field]?.(delivery) === value),
    );
  }

  /** Whether reading changes the status is undocumented, so it is a setting of the sandbox. */
  #read(delivery: PlatformDelivery, hydrate: boolean): object {
    const { notificationId, subscriptionId, status, createdDate, updatedDate, instance, url, parts, raw } = delivery;
    const isActive = this.#deactivated.get(instance.id)?.has(url) !== true;
    if (this.#settings.readingNotifies && status === 'queued') {
      delivery.status = 'notified';
      delivery.updatedDate = now();
    }
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

function now(): string {
  return `${new Date().toISOString().slice(0, -5)}Z`;
}
