/** Adds deliveries that a client read from the queue of Open Connectors to the history, each once. */
import { identityOfNotification } from '../../open-connectors/instance-log.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { FetchedKey } from '../log/records.ts';
import type { Store } from '../log/store.ts';
import type { Received, Reception } from './reception.ts';

export interface FetchedDeliveriesParts {
  readonly store: Pick<Store, 'isFetched'>;
  readonly reception: Pick<Reception, 'receive'>;
  /** Maximum body size, in bytes. */
  readonly mostBytes: () => number;
  /** A delivery is on disk. */
  readonly onReceived: (received: Received) => void;
}

/** Characters kept of an event ID, enough to distinguish long ones. */
const longestEventId = 200;

type Given = ParsedParams<'deliveries/fetched'>;
type FetchResult = Result<'deliveries/fetched'>['result'];

export class FetchedDeliveries {
  readonly #parts: FetchedDeliveriesParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: FetchedDeliveriesParts) {
    this.#parts = parts;
  }

  /**
   * Adds a delivery to the history, unless it was added before.
   * @throws StoreError if it can't be written
   */
  take(delivery: Given): Promise<FetchResult> {
    // One after the other: what another client is fetching is known only when it is on disk.
    const taken = this.#last.then(() => this.#take(delivery));
    this.#last = taken.catch(() => undefined);
    return taken;
  }

  async #take({ notificationId, subscriptionId, notification }: Given): Promise<FetchResult> {
    const { store, reception, mostBytes, onReceived } = this.#parts;
    const fetched: FetchedKey = {
      notificationId,
      subscriptionId,
      eventId: (identityOfNotification(notification).eventId ?? '').slice(0, longestEventId),
    };
    if (store.isFetched(fetched)) return 'known';
    const body = Buffer.from(notification);
    if (body.byteLength > mostBytes()) return 'tooLarge';
    const received = await reception.receive({
      source: 'open-connectors',
      body,
      injected: false,
      refusal: null,
      fetched,
      headers: [['Content-Type', 'application/json; charset=utf-8']],
      receivedAt: Date.now(),
    });
    onReceived(received);
    return received.delivery.status === 'accepted' ? 'taken' : 'rejected';
  }
}
