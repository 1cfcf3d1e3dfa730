import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { queuedFor } from '../../src/open-connectors/delivery-queue.ts';
import type { DeliveryQueue, QueuedDelivery } from '../../src/open-connectors/delivery-queue.ts';
import type { Harness } from '../sandbox/harness.ts';
import { startHarness } from '../sandbox/harness.ts';
import type { Platform } from '../sandbox/open-connectors/platform.ts';
import { platformOf } from '../sandbox/open-connectors/platform.ts';

interface Posted {
  readonly message: { readonly eventId: string; readonly events: readonly unknown[] };
}

/** Nobody listens there. */
const callback = 'http://127.0.0.1:9/hook';

async function all(queue: DeliveryQueue, ...args: Parameters<DeliveryQueue['read']>): Promise<QueuedDelivery[]> {
  const found: QueuedDelivery[] = [];
  for await (const { deliveries } of queue.read(...args)) found.push(...deliveries);
  return found;
}

describe('the address of what is queued for a callback URL', () => {
  it('names that URL and nothing else, or is refused', () => {
    const quoted = fc.stringMatching(/^[ -~]{0,12}$/);
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), quoted, (url, rest) => {
        const callbackUrl = `${url}${rest}`;
        try {
          const { where } = queuedFor(callbackUrl);
          assert.equal(where, `channel='webhook' and status='queued' and config.url='${callbackUrl}'`);
          assert.equal(where.split("'").length, 7);
        } catch (error) {
          assert.ok(error instanceof OpenConnectorsError, String(error));
          assert.ok(/['"\\\s]/.test(callbackUrl) || !URL.canParse(callbackUrl), callbackUrl);
        }
      }),
    );
  });

  it('is refused where the URL has a quote, and nobody is asked', async () => {
    const api = new OpenConnectorsApi({
      ...{ baseUrl: 'http://127.0.0.1:9/elements/api-v2', userSecret: 'u', organizationSecret: 'o' },
      fetch: () => assert.fail('it was asked'),
    });
    const url = "https://example.org/' or status='delivered";
    for (const call of [api.queue.look(url, 'retry'), api.queue.deliver(url), all(api.queue, url)]) {
      await assert.rejects(call, { name: 'OpenConnectorsError', kind: 'refused', advice: 'change-callback' });
    }
  });
});

describe('the queue of deliveries at the sandbox', () => {
  let harness: Harness;
  let platform: Platform;
  let queue: DeliveryQueue;

  beforeEach(async () => {
    harness = await startHarness({ notificationRetryDelaysMs: [] });
    platform = platformOf(harness);
    ({ queue } = new OpenConnectorsApi({
      baseUrl: harness.sandbox.openConnectorsApi,
      ...harness.sandbox.credentials.openConnectors,
    }));
  });
  afterEach(() => harness.close());

  /** So many notifications in the queue. */
  async function queued(events: number): Promise<void> {
    await platform.create({ 'event.notification.callback.url': callback });
    await platform.control('PATCH', '/settings', { partSize: 1 });
    const over = new Set<number>();
    await harness.control('POST', '/deliveries', { types: ['Update'], batch: events, listId: documentedListId });
    await harness.report((report) => {
      if (report.type === 'notification' && report.notification.queued) over.add(report.notification.id);
      return over.size === events;
    });
  }

  it('is counted, with its beginning, its policy and its deactivation', async () => {
    assert.deepEqual(await queue.look(callback, 'retry'), {
      ...{ count: 0, more: false, since: null, deactivated: false, keys: [] },
    });
    await queued(3);
    const { count, more, since, deactivated, keys } = await queue.look(callback, await queue.policy());
    assert.deepEqual([count, more, deactivated, keys.length], [3, false, true, 3]);
    assert.ok(since !== null && Math.abs(Date.now() - since) < 60_000);
    assert.equal((await queue.look(callback, 'queue')).deactivated, null, 'nobody says so');
    await platform.control('PATCH', '/settings', { tellsActive: true });
    assert.equal((await queue.look(callback, 'queue')).count, 3);
    assert.equal((await queue.look('https://example.org/other', 'retry')).count, 0);
  });

  it('is read over several pages, each notification as it was to be posted', async () => {
    await queued(5);
    await platform.control('PATCH', '/settings', { deliveriesPageSize: 2 });
    const found = await all(queue, callback);
    const messages = found.map(({ notification }) => (JSON.parse(notification) as Posted).message);
    assert.equal(new Set(messages.map(({ eventId }) => eventId)).size, 5);
    assert.ok(messages.every(({ events }) => events.length === 1));
    assert.equal((await all(queue, callback)).length, 5, 'it is there after that');
  });

  it('is found whatever a read does to its status', async () => {
    await queued(3);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const { keys } = await queue.look(callback, 'retry');
    assert.equal((await queue.look(callback, 'retry')).count, 0, 'the platform counts it no more');
    assert.equal((await all(queue, callback)).length, 0);
    assert.equal((await all(queue, callback, keys)).length, 3);
  });

  it('is posted again on demand, and not read again after that', async () => {
    await queued(1);
    const { keys } = await queue.look(callback, 'retry');
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    await queue.deliver(callback);
    assert.equal((await queue.look(callback, 'retry')).count, 0);
    await platform.api('DELETE', '/instances/50634');
    assert.deepEqual(await all(queue, callback, keys), [], 'what is gone is no error');
  });

  it('follows the policy of the account, which it reads and changes', async () => {
    assert.equal(await queue.policy(), 'retry');
    await queue.setPolicy('queue');
    assert.equal(await queue.policy(), 'queue');
    await platform.control('POST', '/failures', { call: 'GET /accounts/settings', status: 403 });
    assert.equal(await queue.policy(), null, 'a user without the right to read it');
    await platform.control('POST', '/failures', { call: 'GET /accounts/settings', status: 500 });
    await assert.rejects(queue.policy(), { name: 'OpenConnectorsError', status: 500 });
  });
});

describe('the queue of deliveries at a platform that means ill', () => {
  let server: Server;
  let queue: DeliveryQueue;
  let asked: string[];

  async function start(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<void> {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/elements/api-v2`;
    ({ queue } = new OpenConnectorsApi({ baseUrl, userSecret: 'u', organizationSecret: 'o', timeoutMs: 5000 }));
  }
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const delivery = (id: number, url = callback, rest: object = {}): object => ({
    ...{ notificationId: id, subscriptionId: 7, status: 'queued', createdDate: '2026-01-01T00:00:00Z' },
    ...{ notification: { message: { eventId: `e${id}` } }, subscription: { config: { url } } },
    ...rest,
  });
  const page = (response: ServerResponse, body: unknown, next?: string): void => {
    if (next !== undefined) response.setHeader('elements-next-page-token', next);
    response.end(JSON.stringify(body));
  };

  it('is ended where its pages have no end', async () => {
    await start((_request, response) => page(response, [delivery(asked.length)], `page${asked.length}`));
    const { count, more } = await queue.look(callback, 'retry');
    assert.deepEqual([count, more, asked.length], [50, true, 50]);
    assert.equal((await all(queue, callback)).length, 50);
  });

  it('is ended where a page is the one before', async () => {
    await start((_request, response) => page(response, [delivery(1)], 'again'));
    assert.equal((await all(queue, callback)).length, 1);
    assert.equal(asked.length, 2);
  });

  it('is ended where an answer has no end', async function () {
    this.timeout(20_000);
    await start((_request, response) => {
      const chunk = `${' '.repeat(65_535)}\n`;
      const write = (): void => {
        while (response.writable && response.write(chunk));
        if (response.writable) response.once('drain', write);
      };
      response.on('error', () => undefined);
      write();
    });
    await assert.rejects(all(queue, callback), { name: 'OpenConnectorsError' });
    await assert.rejects(queue.look(callback, 'retry'), { name: 'OpenConnectorsError' });
  });

  it('gives nothing of other URLs, of other states, and of what is no delivery', async () => {
    await start((_request, response) =>
      page(response, [
        delivery(1),
        delivery(2, 'https://example.org/of-somebody-else'),
        delivery(3, callback, { status: 'delivered' }),
        delivery(4, callback, { notification: 'a text' }),
        delivery(5, callback, { subscription: {} }),
        delivery(6, callback, { notificationId: '../../accounts' }),
        ...[null, 7, 'x', [], {}],
        delivery(1),
      ]),
    );
    const pages: [number, number][] = [];
    for await (const { deliveries, skipped } of queue.read(callback)) pages.push([deliveries.length, skipped]);
    assert.deepEqual(pages, [[1, 11]]);
    assert.equal((await queue.look(callback, 'retry')).count, 3);
  });

  it('leaves out what is nested too deep, and takes the others', async () => {
    const deep = `{"notificationId":2,"subscriptionId":7,"status":"queued","subscription":{"config":{"url":"${callback}"}},"notification":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
    await start((_request, response) => response.end(`[${JSON.stringify(delivery(1))},${deep}]`));
    const found = await all(queue, callback);
    assert.deepEqual(
      found.map(({ notificationId }) => notificationId),
      ['1'],
    );
  });

  it('is an error where the answer is no list, and empty where there is nothing', async () => {
    await start((_request, response) => page(response, { deliveries: [] }));
    await assert.rejects(queue.look(callback, 'retry'), { kind: 'unexpected-answer' });
    server.close();
    await start((_request, response) => {
      response.statusCode = 404;
      page(response, { message: 'none' });
    });
    assert.equal((await queue.look(callback, 'retry')).count, 0);
  });
});
