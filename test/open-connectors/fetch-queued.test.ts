import assert from 'node:assert/strict';
import type { ListedDeliveries, QueuedDelivery } from '../../src/open-connectors/delivery-queue.ts';
import { fetchQueued, type FetchingRelay } from '../../src/open-connectors/fetch-queued.ts';

const delivery = (id: number): QueuedDelivery => ({
  ...{ notificationId: String(id), subscriptionId: '7', notification: '{}' },
});

describe('Fetching what is queued', () => {
  /** What was read of the queue, and given to the relay, in order. */
  let steps: string[];
  beforeEach(() => (steps = []));
  const relay: FetchingRelay = {
    request: (_method, { notificationId }) => {
      steps.push(`relay ${notificationId}`);
      const result = ({ 1: 'taken', 2: 'known', 3: 'rejected', 4: 'tooLarge' } as const)[notificationId] ?? 'taken';
      return Promise.resolve({ result });
    },
  };

  const queueOf = (...given: (QueuedDelivery | 'gone' | 'skipped' | 'more')[]) => ({
    // eslint-disable-next-line @typescript-eslint/require-await -- it stands in for one that waits
    async *read(url: string, listed?: ListedDeliveries) {
      for (const each of given) {
        steps.push(`${url} ${listed?.size ?? 0} ${typeof each === 'object' ? each.notificationId : each}`);
        yield each;
      }
    },
  });

  it('gives the relay each before the next is read, and says what came of all of them', async () => {
    const queue = queueOf(delivery(1), delivery(2), 'skipped', delivery(3), 'gone', delivery(4), 'more');
    const listed = (url: string): ListedDeliveries => new Map([[url, delivery(9)]]);
    const fetched = await fetchQueued(queue, ['one', 'two'], relay, { listed });
    assert.deepEqual(fetched, { taken: 2, known: 2, rejected: 2, tooLarge: 2, skipped: 2, more: true });
    assert.deepEqual(steps.slice(0, steps.length / 2), [
      ...['one 1 1', 'relay 1', 'one 1 2', 'relay 2', 'one 1 skipped'],
      ...['one 1 3', 'relay 3', 'one 1 gone', 'one 1 4', 'relay 4', 'one 1 more'],
    ]);
  });
});
