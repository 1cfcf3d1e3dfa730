import assert from 'node:assert/strict';
import type { QueuedDelivery, ReadDeliveries } from '../../src/open-connectors/delivery-queue.ts';
import { fetchQueued } from '../../src/open-connectors/fetch-queued.ts';
import type { FetchingRelay } from '../../src/open-connectors/fetch-queued.ts';

const delivery = (id: number, length = 10): QueuedDelivery => ({
  ...{ notificationId: String(id), subscriptionId: '7', notification: JSON.stringify('x'.repeat(length - 2)) },
});

describe('Fetching what is queued', () => {
  /** What the relay was given, request by request. */
  let given: string[][];
  const relay: FetchingRelay = {
    request: (_method, { deliveries }) => {
      given.push(deliveries.map(({ notificationId }) => notificationId));
      return Promise.resolve({ taken: deliveries.length, known: 0, rejected: 0, tooLarge: 0 });
    },
  };
  beforeEach(() => (given = []));

  const queueOf = (...pages: ReadDeliveries[]) => ({
    // eslint-disable-next-line @typescript-eslint/require-await -- it stands in for one that waits
    async *read() {
      yield* pages;
    },
  });

  it('gives the relay so much at a time that no message grows long', async () => {
    const many = Array.from({ length: 250 }, (_, index) => delivery(index));
    const large = [delivery(900, 3_000_000), delivery(901, 3_000_000), delivery(902, 9_000_000), delivery(903)];
    const queue = queueOf({ deliveries: many, skipped: 2 }, { deliveries: large, skipped: 1 });
    const fetched = await fetchQueued(queue, ['https://example.org/hook'], relay);
    assert.deepEqual(fetched, { taken: 254, known: 0, rejected: 0, tooLarge: 0, skipped: 3 });
    assert.deepEqual(
      given.map((ids) => ids.length),
      [100, 100, 50, 1, 1, 1, 1],
    );
    assert.deepEqual(
      given.flat(),
      [...many, ...large].map(({ notificationId }) => notificationId),
    );
  });

  it('ends where it is given up, and what was taken until then stays', async () => {
    const ending = new AbortController();
    const queue = queueOf({ deliveries: [delivery(1)], skipped: 0 }, { deliveries: [delivery(2)], skipped: 0 });
    const breaking: FetchingRelay = {
      request: (...args) => {
        ending.abort(new Error('given up'));
        return relay.request(...args);
      },
    };
    await assert.rejects(fetchQueued(queue, ['https://example.org/'], breaking, { signal: ending.signal }), /given up/);
    assert.deepEqual(given, [['1']]);
  });
});
