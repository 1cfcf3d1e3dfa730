import { identityOfNotification } from '../../open-connectors/instance-log.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { FetchedKey } from '../log/records.ts';
import type { Store } from '../log/store.ts';
import type { Received, Reception } from './reception.ts';

const longestEventId = 200;

type Given = ParsedParams<'deliveries/fetched'>;
type FetchResult = Result<'deliveries/fetched'>['result'];

export function fetchedDeliveries(
  store: Store,
  reception: Reception,
  mostBytes: () => number,
  onReceived: (received: Received) => void,
): (delivery: Given) => Promise<FetchResult> {
  let last: Promise<unknown> = Promise.resolve();
  const take = async ({ notificationId, subscriptionId, notification }: Given): Promise<FetchResult> => {
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
  };
  return (delivery) => {
    // One after the other: what another client is fetching is known only when it is on disk.
    const taken = last.then(() => take(delivery));
    last = taken.catch(() => undefined);
    return taken;
  };
}
