import assert from 'node:assert/strict';
import type { DeliveryKey, QueuedDelivery, ReadDeliveries } from '../../src/open-connectors/delivery-queue.ts';
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
  const memory = { counted: () => [], noted: () => undefined };

  const queueOf = (...given: Partial<ReadDeliveries>[]) => ({
    // eslint-disable-next-line @typescript-eslint/require-await -- it stands in for one that waits
    async *read() {
      for (const each of given) yield { deliveries: [], skipped: 0, keys: [], gone: [], more: false, ...each };
    },
  });

  it('gives the relay so much at a time that no message grows long', async () => {
    const many = Array.from({ length: 250 }, (_, index) => delivery(index));
    const large = [delivery(900, 3_000_000), delivery(901, 3_000_000), delivery(902, 9_000_000), delivery(903)];
    const queue = queueOf({ deliveries: many, skipped: 2 }, { deliveries: large, skipped: 1 });
    const fetched = await fetchQueued(queue, ['https://example.org/hook'], relay, { memory });
    assert.deepEqual(fetched, { taken: 254, known: 0, rejected: 0, tooLarge: 0, skipped: 3, more: false });
    assert.deepEqual(
      given.map((ids) => ids.length),
      [100, 100, 50, 1, 1, 1, 1],
    );
    assert.deepEqual(
      given.flat(),
      [...many, ...large].map(({ notificationId }) => notificationId),
    );
  });

  it('has noted what it read before the relay is asked, and what the relay has after that', async () => {
    const url = 'https://example.org/hook';
    const keys = [delivery(1), delivery(2)];
    const noted: string[] = [];
    const ids = (all: readonly DeliveryKey[]): string => all.map(({ notificationId }) => notificationId).join();
    const memory = {
      counted: () => [],
      noted: (at: string, read: readonly DeliveryKey[], gone: readonly DeliveryKey[]) => {
        noted.push(`${at} read ${ids(read)} gone ${ids(gone)} given ${given.length}`);
      },
      fetched: (at: string, all: readonly DeliveryKey[]) => void noted.push(`${at} fetched ${ids(all)}`),
    };
    const queue = queueOf({ deliveries: [delivery(1)], keys }, { gone: [delivery(3)] }, { more: true });
    assert.equal((await fetchQueued(queue, [url], relay, { memory })).more, true);
    assert.deepEqual(noted, [`${url} read 1,2 gone  given 0`, `${url} fetched 1`, `${url} read  gone 3 given 1`]);
    const broken: FetchingRelay = { request: () => Promise.reject(new Error('no room')) };
    noted.length = 0;
    await assert.rejects(fetchQueued(queue, [url], broken, { memory }), /no room/);
    assert.deepEqual(noted, [`${url} read 1,2 gone  given 1`]);
  });

  it('has one bound for what all URLs have', async () => {
    const budgets = new Set<unknown>();
    const queue = {
      // eslint-disable-next-line @typescript-eslint/require-await, require-yield -- it stands in for one that waits
      async *read(_url: string, { budget }: { readonly budget: unknown }): AsyncGenerator<ReadDeliveries> {
        budgets.add(budget);
      },
    };
    await fetchQueued(queue, ['https://example.org/1', 'https://example.org/2'], relay, { memory });
    assert.equal(budgets.size, 1);
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
    await assert.rejects(
      fetchQueued(queue, ['https://example.org/'], breaking, { memory, signal: ending.signal }),
      /given up/,
    );
    assert.deepEqual(given, [['1']]);
  });
});
