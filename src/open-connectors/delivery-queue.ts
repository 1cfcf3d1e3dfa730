/**
 * Open Connectors' queue of deliveries: the notifications that it could not post to a callback URL, and the account's
 * policy that decides when one is queued.
 *
 * Documented in SAP's "Event Retry and Queueing", whose text is also in https://github.com/cloud-elements/devportal;
 * requests are those of the vendor's own tests (https://github.com/varunpal72/churros,
 * src/test/platform/notifications/deliveries.js). Unknown, and so in docs/assumptions.md: whether a read changes the
 * status, how pages are requested, and whether `notification` is what was posted, byte for byte.
 */
import { z } from 'zod';
import { maxBodyValues } from '../common/parse-json.ts';
import { OpenConnectorsError } from './api-error.ts';
import { looseText, parsed } from './answers.ts';
import { longestAnswer, pageSize } from './http.ts';
import type { Call, ListPage, OpenConnectorsHttp } from './http.ts';

/** What happens to a notification that cannot be delivered; `retry` is the default [docs]. */
export const failurePolicies = ['retry', 'queue'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

/** The account's setting for the policy [docs]. */
export const failurePolicyKey = 'notification.webhook.failure.policy';

/** Identifies a delivery by its notification and subscription. */
export interface DeliveryKey {
  readonly notificationId: string;
  readonly subscriptionId: string;
}

export interface QueuedDelivery extends DeliveryKey {
  /** As JSON; whether these are the bytes that would be posted is unknown. */
  readonly notification: string;
}

export interface QueueState {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  /** When the oldest was created, in milliseconds since the epoch; null if unknown. */
  readonly since: number | null;
  /**
   * Whether Open Connectors has stopped posting to this URL; null if unknown. With the policy `retry`, that is likely
   * if anything is queued: that happens only when all retries have failed [docs].
   */
  readonly deactivated: boolean | null;
  /** Those counted: a later {@link DeliveryQueue.read} finds them, even if the count changed their status. */
  readonly keys: readonly DeliveryKey[];
  /** Counted earlier, and since delivered or removed. */
  readonly gone: readonly DeliveryKey[];
}

export interface ReadDeliveries {
  readonly deliveries: readonly QueuedDelivery[];
  /** Ignored: for another URL, in another state, or without a notification. */
  readonly skipped: number;
  /** Those read, ignored or not: they are found again by these, even if the read changed their status. */
  readonly keys: readonly DeliveryKey[];
  /** Counted earlier, and since delivered or removed. */
  readonly gone: readonly DeliveryKey[];
  /** This is the last page, but there are more than may be read. */
  readonly more: boolean;
}

/** Characters that may still be read, by all reads that share it. */
export interface TextBudget {
  left: number;
}

export interface ReadOptions {
  /**
   * By {@link DeliveryQueue.look} or an earlier read: those that the list no longer contains are requested one by one,
   * since it is unknown whether a read changes the status.
   */
  readonly counted?: readonly DeliveryKey[];
  readonly budget: TextBudget;
  readonly signal?: AbortSignal | undefined;
}

/** Maximum deliveries to read; keys of a count that a read, and a count, requests one by one. */
const mostDeliveries = 10_000;
const mostKeys = 1000;
const mostAskedFor = 50;
/** Pages of a count, and of a read, which has long notifications: a page must be shorter than the maximum response. */
const mostPages = 50;
const mostReadPages = 1000;
const readPageSize = 10;
/** Maximum text of one count, in characters. */
const mostCountedText = longestAnswer;

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

/** Entries that cannot be read become null. */
const deliveriesSchema = z
  .array(z.unknown())
  .transform((all) => all.map((each) => deliverySchema.safeParse(each).data ?? null));

/** An account without the setting has the default [docs]; the effect of other values is unknown. */
const settingsSchema = z.looseObject({
  [failurePolicyKey]: z.enum(failurePolicies).nullable().default('retry').catch(null),
});

/** Whether a callback URL can be searched for: a quote would end the clause. */
export function canBeQueuedFor(callbackUrl: string): boolean {
  return URL.canParse(callbackUrl) && !/['"\\\s\p{Cc}]/u.test(callbackUrl);
}

/**
 * The request for what is queued for a callback URL: the only place that writes a `where` clause for it.
 * @param callbackUrl as the subscription has it in `config.url`
 * @param status `notified` for what a read may have made of a queued one
 * @throws OpenConnectorsError (`refused`) if the URL would end the clause's text
 */
export function queuedFor(
  callbackUrl: string,
  status: 'queued' | 'notified' = 'queued',
): Pick<Call, 'path'> & { readonly where: string } {
  if (!canBeQueuedFor(callbackUrl)) {
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
    where: `channel='webhook' and status='${status}' and config.url='${callbackUrl}'`,
  };
}

interface QueuePage {
  /** Those not on an earlier page; null for an unreadable entry. */
  readonly items: readonly (Delivery | null)[];
  readonly isLast: boolean;
}

/** The queue, as one user of one organization. Every method throws {@link OpenConnectorsError} and no other error. */
export class DeliveryQueue {
  readonly #http: OpenConnectorsHttp;

  constructor(http: OpenConnectorsHttp) {
    this.#http = http;
  }

  /**
   * How many deliveries are queued for a callback URL, and since when.
   * @param counted earlier: those that the list no longer contains still count, unless they are delivered
   */
  async look(callbackUrl: string, counted: readonly DeliveryKey[] = [], signal?: AbortSignal): Promise<QueueState> {
    const keys = new Map<string, DeliveryKey>();
    let since: number | null = null;
    let deactivated: boolean | null = null;
    let more = false;
    const budget = { left: mostCountedText };
    for await (const { items, isLast } of this.#pages(callbackUrl, false, budget, signal)) {
      for (const delivery of items) {
        if (delivery === null || !isQueued(delivery) || !isFor(delivery, callbackUrl)) continue;
        const { subscription } = delivery;
        const key = keyOf(delivery);
        keys.set(textOf(key), key);
        since = earlier(since, dateOf(delivery));
        if (subscription?.active !== undefined) deactivated = deactivated === true || !subscription.active;
      }
      more = !isLast || keys.size > mostDeliveries;
      if (keys.size >= mostDeliveries) break;
    }
    const listed = [...keys.values()].slice(0, mostKeys);
    const [first] = listed;
    if (first !== undefined) deactivated ??= await this.#isDeactivated(first, signal);
    const { still, gone, unasked } = await this.#missing(
      counted.filter((key) => !keys.has(textOf(key))),
      signal,
    );
    for (const delivery of still) since = earlier(since, dateOf(delivery));
    // Only some of many are requested: if none of these is queued, the others don't count, either.
    const count = Math.min(keys.size + still.length + (still.length > 0 ? unasked : 0), mostDeliveries);
    return { count, more, since, deactivated, keys: [...listed, ...still.map(keyOf)].slice(0, mostKeys), gone };
  }

  /** What is queued for a callback URL, page by page; as far as known, nothing is removed from the queue. */
  async *read(
    callbackUrl: string,
    { counted = [], budget, signal }: ReadOptions,
  ): AsyncGenerator<ReadDeliveries, void, undefined> {
    const missing = new Map(counted.slice(0, mostKeys).map((key) => [textOf(key), key]));
    let read = 0;
    let isAll = true;
    for await (const { items, isLast } of this.#pages(callbackUrl, true, budget, signal)) {
      const queued = items.filter(
        (item): item is Delivery => item !== null && isQueued(item) && isFor(item, callbackUrl),
      );
      for (const delivery of queued) missing.delete(textOf(delivery));
      yield { ...takenOf(items, callbackUrl, isQueued), keys: queued.map(keyOf), gone: [], more: false };
      read += queued.length;
      isAll = isLast;
      if (read >= mostDeliveries) break;
    }
    const none: ReadDeliveries = { deliveries: [], skipped: 0, keys: [], gone: [], more: false };
    for (const key of missing.values()) {
      if (budget.left <= 0) {
        isAll = false;
        break;
      }
      const delivery = await this.#one(key, true, budget, signal);
      if (delivery === 'unreadable') yield { ...none, skipped: 1 };
      else if (delivery?.status === 'delivered' || delivery === null) yield { ...none, gone: [key] };
      else yield { ...none, ...takenOf([delivery], callbackUrl, () => true) };
    }
    if (!isAll) yield { ...none, more: true };
  }

  /**
   * Asks Open Connectors to post again what is queued for a callback URL, and to activate its subscription [docs,
   * live]. Its response is undocumented.
   * @param counted earlier: if a read has changed their status, these are posted again, too
   */
  async deliver(callbackUrl: string, counted: readonly DeliveryKey[] = [], signal?: AbortSignal): Promise<void> {
    await this.#post(callbackUrl, 'queued', signal);
    for (const key of counted.slice(0, mostAskedFor)) {
      const delivery = await this.#one(key, false, { left: 0 }, signal);
      // Only if seen: on other hosts this status may mean delivered, and all of those would be posted again.
      if (delivery === null || delivery === 'unreadable' || delivery.status !== 'notified') continue;
      return this.#post(callbackUrl, 'notified', signal);
    }
  }

  async #post(callbackUrl: string, status: 'queued' | 'notified', signal: AbortSignal | undefined): Promise<void> {
    const { path, where } = queuedFor(callbackUrl, status);
    await this.#http.call({ method: 'PUT', path, query: [['where', where]], signal });
  }

  /** The account's policy [live]; null if this user may not see it, or it is unknown. */
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

  /** The account's policy; null, too, if the request fails. */
  async policyIfTold(signal?: AbortSignal): Promise<FailurePolicy | null> {
    try {
      return await this.policy(signal);
    } catch (error) {
      if (error instanceof OpenConnectorsError && error.kind !== 'cancelled') return null;
      throw error;
    }
  }

  /** Changes the policy of the whole account [live]: only if its user asks for it. */
  async setPolicy(policy: FailurePolicy, signal?: AbortSignal): Promise<void> {
    await this.#http.call({
      method: 'PATCH',
      path: '/accounts/settings',
      body: { [failurePolicyKey]: policy },
      signal,
    });
  }

  /** The pages of a queue; if a limit ends it, no page is the last. */
  async *#pages(
    callbackUrl: string,
    hydrate: boolean,
    budget: TextBudget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<QueuePage, void, undefined> {
    const { path, where } = queuedFor(callbackUrl);
    const call = (isHydrated: boolean): Call => ({
      method: 'GET',
      path,
      signal,
      query: [['where', where], ...(isHydrated ? [['hydrate', 'true'] as const] : [])],
      ...(isHydrated && { maxValues: maxBodyValues }),
    });
    const seen = new Set<string>();
    const tokens = new Set<string>();
    let size = hydrate ? readPageSize : pageSize;
    let isHydrated = hydrate;
    let nextPage: string | null = null;
    for (let page = 0; page < (hydrate ? mostReadPages : mostPages) && budget.left > 0; page++) {
      let found: ListPage<Delivery | null> | null;
      try {
        found = await this.#http.page(call(isHydrated), deliveriesSchema, size, nextPage);
      } catch (error) {
        if (!(error instanceof OpenConnectorsError && error.isTooLong && isHydrated)) throw error;
        budget.left -= longestAnswer;
        // If a single delivery is too long, list it without its notification.
        if (size === 1) isHydrated = false;
        else size = Math.ceil(size / 4);
        continue;
      }
      if (found === null) return;
      isHydrated = hydrate;
      budget.left -= found.answer.length;
      const items = found.items.filter((item) => {
        if (item === null) return true;
        const text = textOf(item);
        return !seen.has(text) && seen.add(text);
      });
      const again = found.items.length - items.length;
      ({ nextPage } = found.answer);
      // If a read removes deliveries from the list, the next page moves to the position of this one.
      const isOver = nextPage === null || (tokens.has(nextPage) && items.every((item) => item === null));
      yield { items: [...items, ...Array.from({ length: again }, () => null)], isLast: isOver };
      if (nextPage === null || isOver) return;
      tokens.add(nextPage);
    }
  }

  /** Whether the subscription of a delivery, which a list doesn't contain, is inactive; null if unknown. */
  async #isDeactivated(key: DeliveryKey, signal: AbortSignal | undefined): Promise<boolean | null> {
    try {
      const delivery = await this.#one(key, true, { left: 0 }, signal);
      const active = delivery === 'unreadable' ? undefined : delivery?.subscription?.active;
      return active === undefined ? null : !active;
    } catch (error) {
      if (error instanceof OpenConnectorsError && error.kind !== 'cancelled') return null;
      throw error;
    }
  }

  /** The state of deliveries counted earlier that the list no longer contains; of many only some are requested. */
  async #missing(
    keys: readonly DeliveryKey[],
    signal: AbortSignal | undefined,
  ): Promise<{ still: readonly Delivery[]; gone: readonly DeliveryKey[]; unasked: number }> {
    const still: Delivery[] = [];
    const gone: DeliveryKey[] = [];
    for (const key of keys.slice(0, mostAskedFor)) {
      const delivery = await this.#one(key, false, { left: 0 }, signal);
      if (delivery === null || (delivery !== 'unreadable' && delivery.status === 'delivered')) gone.push(key);
      else if (delivery !== 'unreadable' && isQueued(delivery)) still.push({ ...delivery, ...key });
    }
    return { still, gone, unasked: Math.max(keys.length - mostAskedFor, 0) };
  }

  /** One delivery [live]; null if it no longer exists, `unreadable` also if it is too long. */
  async #one(
    { notificationId, subscriptionId }: DeliveryKey,
    hydrate: boolean,
    budget: TextBudget,
    signal: AbortSignal | undefined,
  ): Promise<Delivery | null | 'unreadable'> {
    const path = `/notifications/${encodeURIComponent(notificationId)}/subscriptions/${encodeURIComponent(subscriptionId)}/deliveries`;
    const query = hydrate ? ([['hydrate', 'true']] as const) : [];
    try {
      const answer = await this.#http.call({ method: 'GET', path, query, maxValues: maxBodyValues, signal });
      budget.left -= answer.length;
      return deliverySchema.safeParse(answer.value).data ?? 'unreadable';
    } catch (error) {
      if (!(error instanceof OpenConnectorsError)) throw error;
      if (error.status === 404) return null;
      if (!error.isTooLong) throw error;
      budget.left -= longestAnswer;
      return 'unreadable';
    }
  }
}

/** Deliveries for this URL with a notification. */
function takenOf(
  items: readonly (Delivery | null)[],
  callbackUrl: string,
  isWanted: (delivery: Delivery) => boolean,
): Pick<ReadDeliveries, 'deliveries' | 'skipped'> {
  const deliveries = items.flatMap((delivery): QueuedDelivery[] => {
    if (delivery?.subscription?.config?.url !== callbackUrl || !isWanted(delivery)) return [];
    const notification = asJson(delivery.notification);
    return notification === undefined ? [] : [{ ...keyOf(delivery), notification }];
  });
  return { deliveries, skipped: items.length - deliveries.length };
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

/** If it has a URL: a host that ignores the clause lists the deliveries of the whole account. */
function isFor({ subscription }: Delivery, callbackUrl: string): boolean {
  const url = subscription?.config?.url;
  return url === undefined || url === callbackUrl;
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
