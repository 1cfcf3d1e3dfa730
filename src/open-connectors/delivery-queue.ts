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
import { maxBodyValues } from '../common/parse-json.ts';
import { OpenConnectorsError } from './api-error.ts';
import { looseText, parsed } from './answers.ts';
import { longestAnswer, pageSize } from './http.ts';
import type { Call, ListPage, OpenConnectorsHttp } from './http.ts';

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
   * Whether the platform says that it posts nothing to this URL any more; null where it says nothing. Under the policy
   * `retry` that is likely where something is queued: only when all retries have failed [docs].
   */
  readonly deactivated: boolean | null;
  /** What was counted: a later {@link DeliveryQueue.read} finds it, whatever the count has done to its status. */
  readonly keys: readonly DeliveryKey[];
  /** What was counted before, and is delivered, or there no more. */
  readonly gone: readonly DeliveryKey[];
}

/** A page of what was read. */
export interface ReadDeliveries {
  readonly deliveries: readonly QueuedDelivery[];
  /** Those that were not taken: for another URL, in another state, or without a notification. */
  readonly skipped: number;
  /** What was read, taken or not: it is found by that, whatever the read has done to its status. */
  readonly keys: readonly DeliveryKey[];
  /** What was counted before, and is delivered, or there no more. */
  readonly gone: readonly DeliveryKey[];
  /** It is the last page, and there is more than may be read. */
  readonly more: boolean;
}

/** What may still be read, in characters: of one for several URLs, all of them together. */
export interface TextBudget {
  left: number;
}

/** What a read of a queue knows before. */
export interface ReadOptions {
  /**
   * By {@link DeliveryQueue.look} or a read before: what of it the list does not name any more is asked for one by one,
   * since nobody says whether a read changes the status.
   */
  readonly counted?: readonly DeliveryKey[];
  readonly budget: TextBudget;
  readonly signal?: AbortSignal | undefined;
}

/** Deliveries that are looked at, at most; and keys of a count that are asked for one by one, by a read and a count. */
const mostDeliveries = 10_000;
const mostKeys = 1000;
const mostAskedFor = 50;
/** Pages of a count, and of a read, whose notifications are long: each is to be shorter than an answer may be. */
const mostPages = 50;
const mostReadPages = 1000;
const readPageSize = 10;
/** What may be counted at a time, in characters. */
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

/** Of a list of deliveries what cannot be read as one is left out. */
const deliveriesSchema = z
  .array(z.unknown())
  .transform((all) => all.map((each) => deliverySchema.safeParse(each).data ?? null));

/** An account without the setting has the platform's default [docs]; what another value does is not known. */
const settingsSchema = z.looseObject({
  [failurePolicyKey]: z.enum(failurePolicies).nullable().default('retry').catch(null),
});

/** Whether what is queued for a callback URL can be asked for: a quote would end the search. */
export function canBeQueuedFor(callbackUrl: string): boolean {
  return URL.canParse(callbackUrl) && !/['"\\\s\p{Cc}]/u.test(callbackUrl);
}

/**
 * The address of what is queued for a callback URL: the only place that writes a `where` clause for it.
 * @param callbackUrl as the subscription has it in `config.url`
 * @param status `notified` for what a read may have made of a queued one
 * @throws OpenConnectorsError (`refused`) where the URL would end the clause's text: it is asked for nowhere
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

/** A page of a queue. */
interface QueuePage {
  /** That no page before had; null for what is no delivery. */
  readonly items: readonly (Delivery | null)[];
  readonly isLast: boolean;
}

/** The queue, asked as one user of one organization. Every method throws {@link OpenConnectorsError} and no other error. */
export class DeliveryQueue {
  readonly #http: OpenConnectorsHttp;

  constructor(http: OpenConnectorsHttp) {
    this.#http = http;
  }

  /**
   * How much is queued for a callback URL, and since when.
   * @param counted before: what of it the list does not name any more is queued all the same, unless it is delivered
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
    // Of many some are asked for: where none of these is queued, the others are not taken for it either.
    const count = Math.min(keys.size + still.length + (still.length > 0 ? unasked : 0), mostDeliveries);
    return { count, more, since, deactivated, keys: [...listed, ...still.map(keyOf)].slice(0, mostKeys), gone };
  }

  /** What is queued for a callback URL, page by page; nothing is taken from the queue by that, as far as is known. */
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
   * Has the platform post again what is queued for a callback URL, and its subscription active from then on [docs, live].
   * What it answers is documented nowhere.
   * @param counted before: where a read has made something else of it, that is posted again, too
   */
  async deliver(callbackUrl: string, counted: readonly DeliveryKey[] = [], signal?: AbortSignal): Promise<void> {
    await this.#post(callbackUrl, 'queued', signal);
    for (const key of counted.slice(0, mostAskedFor)) {
      const delivery = await this.#one(key, false, { left: 0 }, signal);
      // Seen and not guessed: elsewhere it might stand for what was delivered, and all of that would be posted again.
      if (delivery === null || delivery === 'unreadable' || delivery.status !== 'notified') continue;
      return this.#post(callbackUrl, 'notified', signal);
    }
  }

  async #post(callbackUrl: string, status: 'queued' | 'notified', signal: AbortSignal | undefined): Promise<void> {
    const { path, where } = queuedFor(callbackUrl, status);
    await this.#http.call({ method: 'PUT', path, query: [['where', where]], signal });
  }

  /** The account's policy [live]; null where the platform does not say it to this user, or it is none that is known. */
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

  /** The account's policy, for who looks at a queue; null, too, where it cannot be asked for. */
  async policyIfTold(signal?: AbortSignal): Promise<FailurePolicy | null> {
    try {
      return await this.policy(signal);
    } catch (error) {
      if (error instanceof OpenConnectorsError && error.kind !== 'cancelled') return null;
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

  /** The pages of a queue, a bounded number; where the bounds end it, none says that it is the last. */
  async *#pages(
    callbackUrl: string,
    hydrate: boolean,
    budget: TextBudget,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<QueuePage, void, undefined> {
    const { path, where } = queuedFor(callbackUrl);
    const call = (isHydrated: boolean): Call => ({
      ...{ method: 'GET', path, signal },
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
        // One that is too long by itself is named, and left.
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
      // What a read takes out of the list moves the next page to the place of this one.
      const isOver = nextPage === null || (tokens.has(nextPage) && items.every((item) => item === null));
      yield { items: [...items, ...Array.from({ length: again }, () => null)], isLast: isOver };
      if (nextPage === null || isOver) return;
      tokens.add(nextPage);
    }
  }

  /** Whether the platform says so of the subscription of a delivery, which a list does not bring along; null: it does not. */
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

  /** How what was counted before stands, of which the list knows nothing; of many some are asked for. */
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

  /** One delivery [live]; null where the platform has it no more, `unreadable` also where it is too long. */
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

/** What may be taken: for this URL and no other, and with a notification in it. */
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

/** Where it says for which URL it is: one that ignores the clause lists those of the whole account. */
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
