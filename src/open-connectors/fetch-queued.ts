/** Fetches what Open Connectors has queued into a relay's history. Has no schemas, so loading it costs nothing. */
import type { DeliveryKey, DeliveryQueue, QueuedDelivery, TextBudget } from './delivery-queue.ts';

/** The relay's result for the deliveries it was given. */
interface Taken {
  readonly taken: number;
  readonly known: number;
  readonly rejected: number;
  readonly tooLarge: number;
}

/** A relay's client, as far as it is used here. */
export interface FetchingRelay {
  request(method: 'deliveries/fetched', params: { readonly deliveries: QueuedDelivery[] }): Promise<Taken>;
}

export interface Fetched extends Taken {
  /** Left in the queue: for another URL, in another state, or without a readable notification. */
  readonly skipped: number;
  /** There are more than one fetch reads. */
  readonly more: boolean;
}

/** What is known of the queue of each callback URL, from one fetch to the next. */
export interface QueueMemory {
  /** Deliveries counted or read earlier, and not seen delivered. */
  counted(url: string): readonly DeliveryKey[];
  /** Called with what was read or is delivered, before the next request: a read may have changed its status. */
  noted(url: string, keys: readonly DeliveryKey[], gone: readonly DeliveryKey[]): void | Promise<void>;
  /** A relay has accepted or rejected these. */
  fetched?(url: string, keys: readonly DeliveryKey[]): void | Promise<void>;
}

/** Maximum deliveries of one request to the relay, and their approximate length together, in characters. */
const mostAtOnce = 100;
const mostTextAtOnce = 4_194_304;

/** Maximum characters of one fetch, for all its URLs: the rest stays in the queue. */
const mostText = 268_435_456;

/**
 * Reads what is queued for callback URLs, and gives it to a relay page by page: each page is in its history before the
 * next is requested. Nothing is removed from the queue.
 * @param urls callback URLs that the instance has, or that this relay set earlier
 * @param memory of earlier reads (see `DeliveryQueue.read`)
 * @param signal ends it between two requests: what the relay has accepted stays
 * @throws OpenConnectorsError; the relay's errors
 */
export async function fetchQueued(
  queue: Pick<DeliveryQueue, 'read'>,
  urls: readonly string[],
  relay: FetchingRelay,
  { memory, signal }: { readonly memory: QueueMemory; readonly signal?: AbortSignal },
): Promise<Fetched> {
  const sum = { taken: 0, known: 0, rejected: 0, tooLarge: 0, skipped: 0, more: false };
  const budget: TextBudget = { left: mostText };
  for (const url of urls) {
    const counted = memory.counted(url);
    for await (const page of queue.read(url, { counted, budget, signal })) {
      const { deliveries, skipped, keys, gone, more } = page;
      if (keys.length + gone.length > 0) await memory.noted(url, keys, gone);
      sum.skipped += skipped;
      sum.more ||= more;
      for (const batch of batchesOf(deliveries)) {
        signal?.throwIfAborted();
        const { taken, known, rejected, tooLarge } = await relay.request('deliveries/fetched', { deliveries: batch });
        await memory.fetched?.(url, batch);
        sum.taken += taken;
        sum.known += known;
        sum.rejected += rejected;
        sum.tooLarge += tooLarge;
      }
    }
  }
  return sum;
}

function* batchesOf(deliveries: readonly QueuedDelivery[]): Generator<QueuedDelivery[]> {
  let batch: QueuedDelivery[] = [];
  let length = 0;
  for (const delivery of deliveries) {
    const isFull = batch.length === mostAtOnce || length + delivery.notification.length > mostTextAtOnce;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      length = 0;
    }
    batch.push(delivery);
    length += delivery.notification.length;
  }
  if (batch.length > 0) yield batch;
}
