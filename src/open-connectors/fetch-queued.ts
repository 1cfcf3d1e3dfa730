/** Fetches what Open Connectors has queued into a relay's history. Has no schemas, so loading it costs nothing. */
import type { DeliveryQueue, ListedDeliveries, QueuedDelivery } from './delivery-queue.ts';

/** What the relay did with a delivery. */
type FetchResult = 'taken' | 'known' | 'rejected' | 'tooLarge';

/** A relay's client, as far as it is used here. */
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
 * Reads what is queued for callback URLs, and gives it to a relay one by one: each is in its history before the next is
 * requested. Nothing is removed from the queue.
 * @param urls callback URLs that the instance has, or that this relay set earlier
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
