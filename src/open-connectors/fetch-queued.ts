/** Has no schemas, so loading it costs nothing. */
import type { DeliveryQueue, ListedDeliveries, QueuedDelivery } from './delivery-queue.ts';

type FetchResult = 'taken' | 'known' | 'rejected' | 'tooLarge';

export interface FetchingRelay {
  request(method: 'deliveries/fetched', params: QueuedDelivery): Promise<{ readonly result: FetchResult }>;
}

export interface Fetched extends Readonly<Record<FetchResult, number>> {
  /** Left in the queue: for another URL, or without a readable notification. */
  readonly skipped: number;
  /** There are more than one fetch reads. */
  readonly more: boolean;
}

/**
 * Each delivery is in the relay's history before the next is requested; nothing is removed from the queue.
 * @param listed what was listed for a URL before (see `DeliveryQueue.read`)
 * @param signal ends it between two requests: what the relay has accepted stays
 * @throws OpenConnectorsError; the relay's errors
 */
export async function fetchQueued(
  queue: Pick<DeliveryQueue, 'read'>,
  urls: readonly string[],
  relay: FetchingRelay,
  { listed, signal }: { readonly listed?: (url: string) => ListedDeliveries; readonly signal?: AbortSignal } = {},
): Promise<Fetched> {
  const sum = { taken: 0, known: 0, rejected: 0, tooLarge: 0, skipped: 0, more: false };
  for (const url of urls) {
    for await (const delivery of queue.read(url, listed?.(url), signal)) {
      if (delivery === 'more') sum.more = true;
      else if (delivery === 'skipped') sum.skipped += 1;
      else if (delivery !== 'gone') sum[(await relay.request('deliveries/fetched', delivery)).result] += 1;
    }
  }
  return sum;
}
