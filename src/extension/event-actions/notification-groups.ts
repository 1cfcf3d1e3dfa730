import type { Result } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';

export interface Steps {
  readonly done: number;
  readonly canceled: boolean;
}

export async function stepByStep(
  groups: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
  signal: AbortSignal,
  work: (ids: readonly string[]) => Promise<number>,
  report: (size: number, done: number) => void,
): Promise<Steps> {
  let done = 0;
  for await (const ids of groups) {
    if (signal.aborted) return { done, canceled: true };
    done += await work(ids);
    report(ids.length, done);
  }
  return { done, canceled: false };
}

/** A list is never divided: one that is longer than `size` is its own group. */
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

/** An action on one row applies to all events of its notification. */
export function onlyNotification([first, ...others]: readonly EventRow[]): WholeNotification | undefined {
  if (first?.inNotification === undefined) return undefined;
  if (others.some(({ notificationId }) => notificationId !== first.notificationId)) return undefined;
  return { ...first.inNotification, deliveryId: first.deliveryId };
}

/** The notifications of one delivery go in one request, so that the relay sends their shared raw body once. */
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

export function notificationsWith(rows: readonly EventRow[], isMeant: (forwarding: Forwarding) => boolean): string[] {
  const ids = rows.flatMap(({ forwardings }) => forwardings.filter(isMeant).map((each) => each.notificationId));
  return [...new Set(ids)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
}
