/** Actions on many notifications: which ones rows stand for, and the groups in which they are worked through. */
import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';

export interface Steps {
  /** The sum of the steps' results. */
  readonly done: number;
  /** Cancelled with groups left. What was done stays done. */
  readonly cancelled: boolean;
}

/**
 * @param work returns how many of a group were done
 * @param report called after each group, with its size and the sum so far
 */
export async function stepByStep(
  groups: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
  signal: AbortSignal,
  work: (ids: readonly string[]) => Promise<number>,
  report: (size: number, done: number) => void,
): Promise<Steps> {
  let done = 0;
  for await (const ids of groups) {
    if (signal.aborted) return { done, cancelled: true };
    done += await work(ids);
    report(ids.length, done);
  }
  return { done, cancelled: false };
}

/** Lists of IDs in groups of about a size, in order. A list is never divided: a longer one is its own group. */
export function* inWholeGroups(lists: Iterable<readonly string[]>, size: number): Generator<readonly string[]> {
  let ids: string[] = [];
  for (const list of lists) {
    if (ids.length > 0 && ids.length + list.length > size) {
      yield ids;
      ids = [];
    }
    ids.push(...list);
  }
  if (ids.length > 0) yield ids;
}

export function* inGroups(ids: readonly string[], size: number): Generator<readonly string[]> {
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}

/**
 * The notifications with a failed forwarding, in groups.
 * @param size maximum number of IDs in a group
 */
export async function* failedNotifications(client: RelayClient, size: number): AsyncGenerator<string[]> {
  const seen = new Set<string>();
  let group: string[] = [];
  let before: string | null = null;
  do {
    const page: Result<'events/query'> = await client.request('events/query', {
      filter: 'state:failed',
      limit: 1000,
      ...(before !== null && { before }),
    });
    for (const { state, notificationId } of page.events.flatMap(({ forwardings }) => forwardings)) {
      if (state !== 'failed' || seen.has(notificationId)) continue;
      seen.add(notificationId);
      group.push(notificationId);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
    before = page.next;
  } while (before !== null);
  if (group.length > 0) yield group;
}

export interface WholeNotification extends NonNullable<EventRow['inNotification']> {
  readonly deliveryId: string;
}

/**
 * The notification of all these rows, if it is the same one and has more than one event: an action on a row applies to
 * all of these.
 */
export function onlyNotification([first, ...others]: readonly EventRow[]): WholeNotification | undefined {
  if (first?.inNotification === undefined) return undefined;
  if (others.some(({ notificationId }) => notificationId !== first.notificationId)) return undefined;
  return { ...first.inNotification, deliveryId: first.deliveryId };
}

/**
 * The notifications of rows and the raw ones of their deliveries, without duplicates, grouped by delivery. Those of one
 * delivery go in one request, so that the relay sends their shared raw body once.
 */
export function notificationsByDelivery(rows: readonly EventRow[]): string[][] {
  const deliveries = new Map<string, Set<string>>();
  for (const { deliveryId, notificationId, forwardings } of rows) {
    const notifications = deliveries.get(deliveryId) ?? new Set();
    deliveries.set(deliveryId, notifications);
    if (notificationId !== null) notifications.add(notificationId);
    for (const each of forwardings) notifications.add(each.notificationId);
  }
  return [...deliveries.values()].map((notifications) => [...notifications]);
}

/** The notifications of rows that have such a forwarding, without duplicates, in the order of arrival. */
export function notificationsWith(rows: readonly EventRow[], isMeant: (forwarding: Forwarding) => boolean): string[] {
  const ids = rows.flatMap(({ forwardings }) => forwardings.filter(isMeant).map((each) => each.notificationId));
  return [...new Set(ids)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}
