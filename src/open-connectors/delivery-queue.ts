/**
 * The platform's queue of deliveries: the notifications that it could not post to a callback URL, and the policy of the
 * account that says when one is queued.
 *
 * Documented in SAP's "Event Retry and Queueing", whose text is also in https://github.com/cloud-elements/devportal;
 * asked for as the platform's own tests ask (https://github.com/varunpal72/churros,
 * src/test/platform/notifications/deliveries.js). What neither says is in docs/assumptions.md: whether a read changes the
 * status, how pages are asked for, and whether `notification` is what was posted, byte for byte.
 */
import { z } from 'zod';
import { OpenConnectorsError } from './api-error.ts';
import { looseText, parsed } from './answers.ts';
import type { Call, OpenConnectorsHttp, Page } from './http.ts';

/** What the platform does with a notification that cannot be delivered; `retry` is its default [docs]. */
export const failurePolicies = ['retry', 'queue'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

/** The account's setting with the policy [docs]. */
export const failurePolicyKey = 'notification.webhook.failure.policy';

/** What names a delivery: a notification, and the subscription that it is for. */
export interface DeliveryKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
}

/** A queued delivery, with what it is to deliver. */
export interface QueuedDelivery extends DeliveryKey {
  /** What the platform would post, as JSON: which bytes that would be is unknown. */
  readonly notification: string;
}

/** How the queue of a callback URL stands. */
export interface QueueState {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  /** When the oldest was made, in milliseconds since the epoch; null where the platform does not say. */
  readonly since: number | null;
  /**
   * Whether the platform posts nothing to this URL any more; null where that is not known. Under the policy `retry`
   * something is queued only once all retries have failed, which deactivates the subscription [docs].
   */
  readonly deactivated: boolean | null;
  /** What was counted: a later {@link DeliveryQueue.read} finds it, whatever the count has done to its status. */
  readonly keys: readonly DeliveryKey[];
}

/** A page of what was read. */
export interface ReadDeliveries {
  readonly deliveries: readonly QueuedDelivery[];
  /** Those that were not taken: for another URL, in another state, or without a notification. */
  readonly skipped: number;
}

/** Deliveries that are looked at, at most; and keys of a count that are asked for one by one. */
const mostDeliveries = 10_000;
const mostKeys = 1000;
/** What may be read at a time, in characters: an endless queue is ended here, and the rest stays in it. */
const mostText = 268_435_456;

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

/** Of a list of deliveries what cannot be read as one is left out. */
const deliveriesSchema = z
  .array(z.unknown())
  .transform((all) => all.map((each) => deliverySchema.safeParse(each).data ?? null));

const settingsSchema = z.looseObject({ [failurePolicyKey]: z.enum(failurePolicies).optional().catch(undefined) });

/**
 * The address of what is queued for a callback URL: the only place that writes a `where` clause for it.
 * @param callbackUrl as the subscription has it in `config.url`
 * @throws OpenConnectorsError (`refused`) where the URL would end the clause's text: it is asked for nowhere
 */
export function queuedFor(callbackUrl: string): Pick<Call, 'path'> & { readonly where: string } {
  if (!URL.canParse(callbackUrl) || /['"\\\s\p{Cc}]/u.test(callbackUrl)) {
    throw new OpenConnectorsError(
      'the callback URL contains a quote or another character that cannot be searched for',
      {
        kind: 'refused',
        advice: 'change-callback',
      },
    );
  }
  return {
    path: '/notifications/subscriptions/deliveries',
    where: `channel='webhook' and status='queued' and config.url='${callbackUrl}'`,
  };
}

/** The queue, asked as one user of one organization. Every method throws {@link OpenConnectorsError} and no other error. */
export class DeliveryQueue {
  readonly #http: OpenConnectorsHttp;

  constructor(http: OpenConnectorsHttp) {
    this.#http = http;
  }

  /** How much is queued for a callback URL, and since when. @param policy of the account; null where it is not known */
  async look(callbackUrl: string, policy: FailurePolicy | null, signal?: AbortSignal): Promise<QueueState> {
    const keys = new Map<string, DeliveryKey>();
    let since: number | null = null;
    let told: boolean | null = null;
    let more = false;
    for await (const { items, isLast } of this.#pages(callbackUrl, false, signal)) {
      for (const delivery of items) {
        if (delivery === null || !isQueued(delivery)) continue;
        const { subscription } = delivery;
        // Where it says for which URL it is: one that ignores the clause lists those of the whole account.
        if (subscription?.config?.url !== undefined && subscription.config.url !== callbackUrl) continue;
        const key = keyOf(delivery);
        keys.set(textOf(key), key);
        since = earlier(since, dateOf(delivery));
        if (subscription?.active !== undefined) told = !subscription.active;
      }
      more = !isLast || keys.size > mostDeliveries;
      if (keys.size >= mostDeliveries) break;
    }
    const count = Math.min(keys.size, mostDeliveries);
    const deactivated = told ?? (policy === 'queue' || policy === null ? null : count > 0);
    return { count, more, since, deactivated, keys: [...keys.values()].slice(0, mostKeys) };
  }

  /**
   * What is queued for a callback URL, page by page; nothing is taken from the queue by that, as far as is known.
   * @param counted by {@link look}: what of it the list does not name any more is asked for one by one, since nobody says
   *   whether a read changes the status
   */
  async *read(
    callbackUrl: string,
    counted: readonly DeliveryKey[] = [],
    signal?: AbortSignal,
  ): AsyncGenerator<ReadDeliveries, void, undefined> {
    const missing = new Map(counted.slice(0, mostKeys).map((key) => [textOf(key), key]));
    const seen = new Set<string>();
    let length = 0;
    for await (const { items, answer } of this.#pages(callbackUrl, true, signal)) {
      yield takenOf(items, callbackUrl, (delivery) => {
        const text = textOf(delivery);
        if (!isQueued(delivery) || seen.has(text)) return false;
        seen.add(text);
        missing.delete(text);
        return true;
      });
      length += answer.length;
      if (seen.size >= mostDeliveries || length >= mostText) return;
    }
    for (const key of missing.values()) {
      const delivery = await this.#one(key, signal);
      if (delivery !== null) yield takenOf([delivery], callbackUrl, ({ status }) => status !== 'delivered');
    }
  }

  /**
   * Has the platform post again what is queued for a callback URL, and its subscription active from then on [docs, live].
   * What it answers is documented nowhere.
   */
  async deliver(callbackUrl: string, signal?: AbortSignal): Promise<void> {
    const { path, where } = queuedFor(callbackUrl);
    await this.#http.call({ method: 'PUT', path, query: [['where', where]], signal });
  }

  /** The account's policy [live]; null where the platform does not say it. */
  async policy(signal?: AbortSignal): Promise<FailurePolicy | null> {
    try {
      return this.#policyIn(await this.#http.call({ method: 'GET', path: '/accounts/settings', signal }));
    } catch (error) {
      const isUntold =
        error instanceof OpenConnectorsError && error.kind === 'refused' && [403, 404, 405].includes(error.status ?? 0);
      if (isUntold) return null;
      throw error;
    }
  }

  /** Changes the policy of the whole account [live]: to be asked for by its user alone. */
  async setPolicy(policy: FailurePolicy, signal?: AbortSignal): Promise<void> {
    await this.#http.call({
      method: 'PATCH',
      path: '/accounts/settings',
      body: { [failurePolicyKey]: policy },
      signal,
    });
  }

  /** An account without the setting has the platform's default [docs]. */
  #policyIn(answer: { readonly value: unknown; readonly status: number }): FailurePolicy {
    return parsed(settingsSchema, answer, 'the settings of the account')[failurePolicyKey] ?? 'retry';
  }

  #pages(
    callbackUrl: string,
    hydrate: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Page<Delivery | null>, void, undefined> {
    const { path, where } = queuedFor(callbackUrl);
    const query: [string, string][] = [['where', where]];
    if (hydrate) query.push(['hydrate', 'true']);
    return this.#http.eachPage({ method: 'GET', path, query, signal }, deliveriesSchema);
  }

  /** One delivery [live]; null where the platform has it no more. */
  async #one({ notificationId, subscriptionId }: DeliveryKey, signal?: AbortSignal): Promise<Delivery | null> {
    const path = `/notifications/${encodeURIComponent(notificationId)}/subscriptions/${encodeURIComponent(subscriptionId)}/deliveries`;
    try {
      const answer = await this.#http.call({ method: 'GET', path, query: [['hydrate', 'true']], signal });
      return deliverySchema.safeParse(answer.value).data ?? null;
    } catch (error) {
      if (error instanceof OpenConnectorsError && error.status === 404) return null;
      throw error;
    }
  }
}

/** What may be taken: for this URL and no other, and with a notification in it. */
function takenOf(
  items: readonly (Delivery | null)[],
  callbackUrl: string,
  isWanted: (delivery: Delivery) => boolean,
): ReadDeliveries {
  const deliveries = items.flatMap((delivery): QueuedDelivery[] => {
    if (delivery?.subscription?.config?.url !== callbackUrl || !isWanted(delivery)) return [];
    const notification = asJson(delivery.notification);
    return notification === undefined ? [] : [{ ...keyOf(delivery), notification }];
  });
  return { deliveries, skipped: items.length - deliveries.length };
}

/** Undefined where there is none, or one that is nested too deep to be written. */
function asJson(notification: Delivery['notification']): string | undefined {
  try {
    return JSON.stringify(notification);
  } catch {
    return undefined;
  }
}

/** One that does not say how it stands was asked for as a queued one. */
function isQueued({ status }: Delivery): boolean {
  return status === undefined || status === 'queued' || status === 'notified';
}

function keyOf({ notificationId, subscriptionId }: Delivery): DeliveryKey {
  return { notificationId, subscriptionId };
}

function textOf({ notificationId, subscriptionId }: DeliveryKey): string {
  return `${notificationId} ${subscriptionId}`;
}

function dateOf({ createdDate }: Delivery): number | null {
  const at = createdDate === undefined ? NaN : new Date(createdDate).getTime();
  return Number.isNaN(at) ? null : at;
}

function earlier(one: number | null, other: number | null): number | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}
