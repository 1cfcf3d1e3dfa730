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

type Given = ParsedParams<'deliveries/fetched'>['deliveries'];

export class FetchedDeliveries {
  readonly #parts: FetchedDeliveriesParts;
  /** Not on disk yet: another client may fetch the same one at the same time. */
  readonly #underWay = new Set<string>();

  constructor(parts: FetchedDeliveriesParts) {
    this.#parts = parts;
  }

  /**
   * Adds new deliveries to the history, in order.
   * @returns how many were added, and what happened to the others
   * @throws StoreError if one can't be written: the previous ones are on disk, and are known when it is tried again
   */
  async take(deliveries: Given): Promise<Result<'deliveries/fetched'>> {
    const result = { taken: 0, known: 0, rejected: 0, tooLarge: 0 };
    for (const delivery of deliveries) result[await this.#takeOne(delivery)] += 1;
    return result;
  }

  async #takeOne({
    notificationId,
    subscriptionId,
    notification,
  }: Given[number]): Promise<keyof Result<'deliveries/fetched'>> {
    const { store, reception, mostBytes, onReceived } = this.#parts;
    const fetched: FetchedKey = {
      notificationId,
      subscriptionId,
      eventId: (identityOfNotification(notification).eventId ?? '').slice(0, longestEventId),
    };
    const key = JSON.stringify(fetched);
    if (this.#underWay.has(key) || store.isFetched(fetched)) return 'known';
    const body = Buffer.from(notification);
    if (body.byteLength > mostBytes()) return 'tooLarge';
    this.#underWay.add(key);
    try {
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
    } finally {
      this.#underWay.delete(key);
    }
  }
}
