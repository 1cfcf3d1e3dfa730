/** Takes what the platform has queued into a relay's history. Knows no schema, so that it costs nothing to load. */
import type { DeliveryKey, DeliveryQueue, QueuedDelivery, TextBudget } from './delivery-queue.ts';

/** What a relay made of what it was given. */
interface Taken {
  readonly taken: number;
  readonly known: number;
  readonly rejected: number;
  readonly tooLarge: number;
}

/** A relay, as far as it takes what was fetched: a client of it is one. */
export interface FetchingRelay {
  request(method: 'deliveries/fetched', params: { readonly deliveries: QueuedDelivery[] }): Promise<Taken>;
}

/** What a fetch came to. */
export interface Fetched extends Taken {
  /** Left in the queue: for another URL, in another state, or without a notification that can be read. */
  readonly skipped: number;
  /** There is more than one fetch reads. */
  readonly more: boolean;
}

/** What is known of the queue of each callback URL, from one time to the next. */
export interface QueueMemory {
  /** What was counted or read before, and not seen delivered. */
  counted(url: string): readonly DeliveryKey[];
  /** Something was read, or is delivered. Comes before anything else is asked for: a read may have changed its status. */
  noted(url: string, keys: readonly DeliveryKey[], gone: readonly DeliveryKey[]): void | Promise<void>;
  /** A relay has taken them, or knows why not. */
  fetched?(url: string, keys: readonly DeliveryKey[]): void | Promise<void>;
}

/** Deliveries of one request to the relay, at most, and about how long they are together, in characters. */
const mostAtOnce = 100;
const mostTextAtOnce = 4_194_304;

/** What one fetch may read for all its URLs, in characters: an endless queue is ended here, and the rest stays in it. */
const mostText = 268_435_456;

/**
 * Reads what is queued for callback URLs, and gives it to a relay page by page: each page is in its history before the
 * next is asked for. Nothing is taken out of the queue.
 * @param urls callback URLs that the instance has, or that this relay set earlier
 * @param memory of what was read before (see `DeliveryQueue.read`)
 * @param signal ends it between two requests: what was taken until then stays
 * @throws OpenConnectorsError; what the relay throws
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
