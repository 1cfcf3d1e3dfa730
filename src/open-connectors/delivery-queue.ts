/**
 * The notifications that Open Connectors could not post, and the policy that decides when one is queued: SAP's "Event
 * Retry and Queuing", also in https://github.com/cloud-elements/devportal; requests as in the vendor's own tests
 * (https://github.com/varunpal72/churros, src/test/platform/notifications/deliveries.js). What is unknown is in
 * docs/assumptions.md.
 */
import { z } from 'zod';
import { say } from '../common/say.ts';
import { maxBodyValues } from '../common/parse-json.ts';
import { OpenConnectorsError } from './api-error.ts';
import { looseText, parsed } from './answers.ts';
import type { Call, OpenConnectorsHttp } from './http.ts';

/** What happens to a notification that cannot be delivered; `retry` is the default [docs]. */
export const failurePolicies = ['retry', 'queue'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

/** The account's setting for the policy [docs]. */
export const failurePolicyKey = 'notification.webhook.failure.policy';

export interface DeliveryKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
}

export interface QueuedDelivery extends DeliveryKey {
  /** As JSON; whether these are the bytes that would be posted is unknown. */
  readonly notification: string;
}

/** Oldest first. Open Connectors may no longer list them, since it is unknown whether a read changes the status. */
export type ListedDeliveries = Map<string, DeliveryKey>;

export interface QueueState {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  /** When the oldest was created, in milliseconds since the epoch; null if unknown. */
  readonly since: number | null;
  /**
   * Whether Open Connectors has stopped posting to this URL; null if unknown. With the policy `retry`, that is likely
   * if anything is queued [docs].
   */
  readonly deactivated: boolean | null;
}

/** `gone`: not queued any more; `skipped`: for another URL, or without a readable notification. */
export type ReadDelivery = QueuedDelivery | 'gone' | 'skipped';

const maxPages = 1000;

const idSchema = z.union([z.int(), z.string().regex(/^[\w-]{1,64}$/)]).transform(String);

const deliverySchema = z.looseObject({
  notificationId: idSchema,
  subscriptionId: idSchema,
  status: looseText,
  createdDate: z.union([z.string(), z.number()]).optional().catch(undefined),
  notification: z.record(z.string(), z.unknown()).optional().catch(undefined),
  subscription: z
    .looseObject({
      active: z.boolean().optional().catch(undefined),
      config: z.looseObject({ url: looseText }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
type Delivery = z.output<typeof deliverySchema>;

/** Without entries that can't be read. */
const deliveriesSchema = z
  .array(z.unknown())
  .transform((all) => all.flatMap((each) => deliverySchema.safeParse(each).data ?? []));

/** An account without the setting has the default [docs]; the effect of other values is unknown. */
const settingsSchema = z.looseObject({
  [failurePolicyKey]: z.enum(failurePolicies).nullable().default('retry').catch(null),
});

/** A quote would end the clause. */
export function canBeQueuedFor(callbackUrl: string): boolean {
  return URL.canParse(callbackUrl) && !/['"\\\s\p{Cc}]/u.test(callbackUrl);
}

/**
 * @param callbackUrl as the subscription has it in `config.url`
 * @param status `notified` for what a read may have made of a queued one
 * @throws OpenConnectorsError (`refused`) if the URL would end the clause's text
 */
export function queuedFor(callbackUrl: string, status: 'queued' | 'notified' = 'queued'): Pick<Call, 'path' | 'query'> {
  if (!canBeQueuedFor(callbackUrl)) {
    throw new OpenConnectorsError('refused', 'change-callback', {
      message: say('The callback URL contains a quote or another character that can’t be searched for'),
    });
  }
  return {
    path: '/notifications/subscriptions/deliveries',
    query: [['where', `channel='webhook' and status='${status}' and config.url='${callbackUrl}'`]],
  };
}

/** Every method throws {@link OpenConnectorsError} and no other error. */
export class DeliveryQueue {
  readonly #http: OpenConnectorsHttp;

  constructor(http: OpenConnectorsHttp) {
    this.#http = http;
  }

  /** @param listed earlier: those that are still queued count; changed to what is queued now */
  async count(callbackUrl: string, listed: ListedDeliveries = new Map(), signal?: AbortSignal): Promise<QueueState> {
    const queued = new Map<string, Delivery>();
    let more = false;
    for await (const delivery of this.#list(callbackUrl, listed, signal)) {
      if (delivery === 'more') more = true;
      else queued.set(nameOf(delivery), delivery);
    }
    for (const [name, key] of listed) {
      if (queued.has(name)) continue;
      const delivery = await this.#find(key, listed, signal);
      if (typeof delivery === 'object') queued.set(name, delivery);
    }
    let since: number | null = null;
    for (const { createdDate } of queued.values()) {
      const at = createdDate === undefined ? NaN : new Date(createdDate).getTime();
      if (!Number.isNaN(at)) since = Math.min(at, since ?? at);
    }
    const [first] = queued.values();
    // A list doesn't contain the subscription.
    const found = first === undefined ? 'gone' : await this.#find(first, listed, signal);
    const active = typeof found === 'object' ? found.subscription?.active : undefined;
    return { count: queued.size, more, since, deactivated: active === undefined ? null : !active };
  }

  /**
   * As far as known, nothing is removed from the queue.
   * @param listed earlier: these are read, too
   * @returns the deliveries; at the end `more` if there are more than may be read
   */
  async *read(
    callbackUrl: string,
    listed: ListedDeliveries = new Map(),
    signal?: AbortSignal,
  ): AsyncGenerator<ReadDelivery | 'more', void, undefined> {
    const earlier = new Map(listed);
    for (const key of earlier.values()) yield this.#read(key, callbackUrl, listed, signal);
    for await (const delivery of this.#list(callbackUrl, listed, signal)) {
      if (delivery === 'more') yield delivery;
      else if (!earlier.has(nameOf(delivery))) yield this.#read(delivery, callbackUrl, listed, signal);
    }
  }

  /**
   * Also activates the URL's subscription [docs, live]. The response is undocumented.
   * @param listed earlier: if a read has changed their status, these are posted again, too; emptied
   */
  async deliver(callbackUrl: string, listed: ListedDeliveries = new Map(), signal?: AbortSignal): Promise<void> {
    await this.#post(callbackUrl, 'queued', signal);
    for (const key of listed.values()) {
      const delivery = await this.#find(key, listed, signal);
      if (typeof delivery !== 'object') continue;
      // Only if seen: on other hosts this status may mean delivered, and all of those would be posted again.
      if (delivery.status === 'notified') await this.#post(callbackUrl, 'notified', signal);
      break;
    }
    listed.clear();
  }

  async #post(callbackUrl: string, status: 'queued' | 'notified', signal: AbortSignal | undefined): Promise<void> {
    await this.#http.call({ method: 'PUT', ...queuedFor(callbackUrl, status), signal });
  }

  /** [live]. Null if this user may not see it, or it is unknown. */
  async policy(signal?: AbortSignal): Promise<FailurePolicy | null> {
    try {
      const answer = await this.#http.call({ method: 'GET', path: '/accounts/settings', signal });
      return parsed(settingsSchema, answer, 'the settings of the account')[failurePolicyKey];
    } catch (error) {
      const isUntold =
        error instanceof OpenConnectorsError && error.kind === 'refused' && [403, 404, 405].includes(error.status ?? 0);
      if (isUntold) return null;
      throw error;
    }
  }

  /** Null, too, if the request fails. */
  async policyIfTold(signal?: AbortSignal): Promise<FailurePolicy | null> {
    try {
      return await this.policy(signal);
    } catch (error) {
      if (error instanceof OpenConnectorsError && error.kind !== 'canceled') return null;
      throw error;
    }
  }

  /** Of the whole account [live]. */
  async setPolicy(policy: FailurePolicy, signal?: AbortSignal): Promise<void> {
    await this.#http.call({
      method: 'PATCH',
      path: '/accounts/settings',
      body: { [failurePolicyKey]: policy },
      signal,
    });
  }

  /**
   * Lists what is queued for a callback URL, without notifications, and adds it to `listed`; at the end `more` if there
   * are more than may be listed. If a read changes the status, the rest moves up, and the next page skips some of it: so
   * all pages are read again until they bring nothing new.
   */
  async *#list(
    callbackUrl: string,
    listed: ListedDeliveries,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Delivery | 'more', void, undefined> {
    const call: Call = { method: 'GET', ...queuedFor(callbackUrl), signal };
    const seen = new Set<string>();
    let pages = 0;
    let before = -1;
    while (seen.size > before && pages < maxPages) {
      before = seen.size;
      for await (const page of this.#http.eachPage(call, deliveriesSchema, maxPages - pages)) {
        pages += 1;
        const queued = page.items.filter(isQueued);
        for (const delivery of queued) listed.set(nameOf(delivery), keyOf(delivery));
        for (const delivery of queued) {
          if (seen.has(nameOf(delivery))) continue;
          seen.add(nameOf(delivery));
          yield delivery;
        }
      }
    }
    if (pages === maxPages) yield 'more';
  }

  async #read(
    key: DeliveryKey,
    callbackUrl: string,
    listed: ListedDeliveries,
    signal: AbortSignal | undefined,
  ): Promise<ReadDelivery> {
    const delivery = await this.#find(key, listed, signal);
    if (delivery === 'gone') return delivery;
    const notification = delivery === 'unreadable' ? undefined : asJson(delivery.notification);
    // A host that ignores the clause lists the deliveries of the whole account.
    if (delivery === 'unreadable' || notification === undefined) return 'skipped';
    if (delivery.subscription?.config?.url !== callbackUrl) return 'skipped';
    return { ...keyOf(key), notification };
  }

  /** [live]. A delivery that is not queued any more is removed from `listed`. */
  async #find(
    key: DeliveryKey,
    listed: ListedDeliveries,
    signal: AbortSignal | undefined,
  ): Promise<Delivery | 'gone' | 'unreadable'> {
    const path = `/notifications/${key.notificationId}/subscriptions/${key.subscriptionId}/deliveries`;
    try {
      const query = [['hydrate', 'true']] as const;
      const answer = await this.#http.call({ method: 'GET', path, query, maxValues: maxBodyValues, signal });
      const delivery = deliverySchema.safeParse(answer.value).data ?? 'unreadable';
      if (delivery === 'unreadable' || isQueued(delivery)) return delivery;
    } catch (error) {
      if (!(error instanceof OpenConnectorsError)) throw error;
      if (error.isTooLong) return 'unreadable';
      if (error.status !== 404) throw error;
    }
    listed.delete(nameOf(key));
    return 'gone';
  }
}

/** Undefined if there is none, or it is nested too deeply to be written. */
function asJson(notification: Delivery['notification']): string | undefined {
  try {
    return JSON.stringify(notification);
  } catch {
    return undefined;
  }
}

/** One without a status was requested as queued. */
function isQueued({ status }: Delivery): boolean {
  return status === undefined || status === 'queued' || status === 'notified';
}

function keyOf({ notificationId, subscriptionId }: DeliveryKey): DeliveryKey {
  return { notificationId, subscriptionId };
}

function nameOf({ notificationId, subscriptionId }: DeliveryKey): string {
  return `${notificationId} ${subscriptionId}`;
}
