import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { queuedFor } from '../../src/open-connectors/delivery-queue.ts';
import type { DeliveryKey, DeliveryQueue, QueuedDelivery } from '../../src/open-connectors/delivery-queue.ts';
import type { Harness } from '../sandbox/harness.ts';
import { startHarness } from '../sandbox/harness.ts';
import type { Platform } from '../sandbox/open-connectors/platform.ts';
import { platformOf } from '../sandbox/open-connectors/platform.ts';

interface Posted {
  readonly message: { readonly eventId: string; readonly events: readonly unknown[] };
}

/** Nobody listens there. */
const callback = 'http://127.0.0.1:9/hook';

async function read(
  queue: DeliveryQueue,
  counted: readonly DeliveryKey[] = [],
  budget = { left: 268_435_456 },
): Promise<{ deliveries: QueuedDelivery[]; skipped: number; keys: DeliveryKey[]; gone: DeliveryKey[]; more: boolean }> {
  const sum = {
    deliveries: [] as QueuedDelivery[],
    ...{ skipped: 0, keys: [] as DeliveryKey[], gone: [] as DeliveryKey[], more: false },
  };
  for await (const { deliveries, skipped, keys, gone, more } of queue.read(callback, { counted, budget })) {
    sum.deliveries.push(...deliveries);
    sum.keys.push(...keys);
    sum.gone.push(...gone);
    sum.skipped += skipped;
    sum.more ||= more;
  }
  return sum;
}

async function all(queue: DeliveryQueue, counted: readonly DeliveryKey[] = []): Promise<QueuedDelivery[]> {
  return (await read(queue, counted)).deliveries;
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
    const first = api.queue.read(url, { budget: { left: 1000 } }).next();
    for (const call of [api.queue.look(url), api.queue.deliver(url), first]) {
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

  it('is counted, with its beginning', async () => {
    assert.deepEqual(await queue.look(callback), {
      ...{ count: 0, more: false, since: null, deactivated: null, keys: [], gone: [] },
    });
    await queued(3);
    const { count, more, since, deactivated, keys } = await queue.look(callback);
    assert.deepEqual(
      [count, more, deactivated, keys.length],
      [3, false, null, 3],
      'nobody says that it is deactivated',
    );
    assert.ok(since !== null && Math.abs(Date.now() - since) < 60_000);
    await platform.control('PATCH', '/settings', { tellsActive: true });
    assert.equal((await queue.look(callback)).deactivated, true, 'it says so of a delivery by itself');
    assert.equal((await queue.look('https://example.org/other')).count, 0);
  });

  it('is read over several pages, each notification as it was to be posted', async () => {
    await queued(5);
    await platform.control('PATCH', '/settings', { deliveriesPageSize: 2 });
    const found = await all(queue);
    const messages = found.map(({ notification }) => (JSON.parse(notification) as Posted).message);
    assert.equal(new Set(messages.map(({ eventId }) => eventId)).size, 5);
    assert.ok(messages.every(({ events }) => events.length === 1));
    assert.equal((await all(queue)).length, 5, 'it is there after that');
  });

  it('is found whatever a read does to its status', async () => {
    await queued(3);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const { keys } = await queue.look(callback);
    assert.equal((await queue.look(callback)).count, 0, 'the platform counts it no more');
    assert.equal((await queue.look(callback, keys)).count, 3, 'it is asked for what was counted');
    assert.equal((await all(queue)).length, 0);
    assert.equal((await all(queue, keys)).length, 3);
  });

  it('is read to its end where each page that is read leaves it', async () => {
    await queued(35);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const { deliveries, keys, more } = await read(queue);
    assert.deepEqual([deliveries.length, keys.length, more], [35, 35, false]);
  });

  it('is posted again where a read has made something else of it', async () => {
    await queued(2);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const { keys } = await queue.look(callback);
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    const statuses = async (): Promise<unknown[]> => {
      const where = encodeURIComponent(`config.url='${callback}'`);
      const { body } = await platform.api('GET', `/notifications/subscriptions/deliveries?where=${where}`);
      return (body as { status: string }[]).map(({ status }) => status);
    };
    assert.deepEqual(await statuses(), ['notified', 'notified']);
    await queue.deliver(callback, keys);
    assert.ok(!(await statuses()).includes('notified'));
    assert.deepEqual(await queue.look(callback, keys), {
      ...{ count: 0, more: false, since: null, deactivated: null, keys: [], gone: [] },
    });
  });

  it('is posted again on demand, and not read again after that', async () => {
    await queued(1);
    const { keys } = await queue.look(callback);
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    await queue.deliver(callback);
    assert.equal((await queue.look(callback)).count, 0);
    await platform.api('DELETE', '/instances/50634');
    assert.deepEqual(await all(queue, keys), [], 'what is gone is no error');
  });

  it('follows the policy of the account, which it reads and changes', async () => {
    assert.equal(await queue.policy(), 'retry');
    await queue.setPolicy('queue');
    assert.equal(await queue.policy(), 'queue');
    await platform.control('POST', '/failures', { call: 'GET /accounts/settings', status: 403 });
    assert.equal(await queue.policy(), null, 'a user without the right to read it');
    await platform.control('POST', '/failures', { call: 'GET /accounts/settings', status: 500 });
    await assert.rejects(queue.policy(), { name: 'OpenConnectorsError', status: 500 });
    await platform.control('POST', '/failures', { call: 'GET /accounts/settings', status: 500 });
    assert.equal(await queue.policyIfTold(), null, 'nobody has asked for it');
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
    const { count, more } = await queue.look(callback);
    assert.deepEqual([count, more, asked.length], [50, true, 51], 'the pages, and one delivery');
    const { deliveries, more: isMore } = await read(queue);
    assert.deepEqual([deliveries.length, isMore], [1000, true]);
  });

  it('is ended where a page is the one before', async () => {
    await start((_request, response) => page(response, [delivery(1)], 'again'));
    assert.equal((await all(queue)).length, 1);
    assert.equal(asked.length, 2);
  });

  it('is asked for less where an answer is too long, and one that is too long by itself is left', async function () {
    this.timeout(60_000);
    const text = (length: number): object => ({ notification: { message: { text: 'x'.repeat(length) } } });
    const notifications = Array.from({ length: 12 }, (_, id) => delivery(id, callback, text(5_000_000)));
    notifications[5] = delivery(5, callback, text(34_000_000));
    await start((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      const first = Number(query.get('nextPage') ?? 0);
      const next = first + Number(query.get('pageSize'));
      const found = notifications.slice(first, next);
      const shown =
        query.get('hydrate') === 'true' ? found : found.map((each) => ({ ...each, notification: undefined }));
      page(response, shown, next < notifications.length ? String(next) : undefined);
    });
    const { deliveries, skipped, more } = await read(queue, [], { left: 1_000_000_000 });
    assert.deepEqual([deliveries.length, skipped, more], [11, 1, false]);
    assert.equal((await queue.look(callback)).count, 12);
  });

  it('is asked for less where an answer has too many values, and has notifications as large as a body', async () => {
    const of = (values: number): object => ({ notification: { message: { raw: { Events: Array(values).fill(1) } } } });
    const notifications = [delivery(0, callback, of(300_000)), delivery(1, callback, of(350_000))];
    await start((request, response) => {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams;
      const first = Number(query.get('nextPage') ?? 0);
      const next = first + Number(query.get('pageSize'));
      const found = notifications.slice(first, next);
      const shown =
        query.get('hydrate') === 'true' ? found : found.map((each) => ({ ...each, notification: undefined }));
      page(response, shown, next < notifications.length ? String(next) : undefined);
    });
    const { deliveries, skipped, more } = await read(queue);
    assert.deepEqual([deliveries.length, skipped, more], [1, 1, false]);
  });

  it('is read for so much text at a time, pages and what is asked for one by one together', async () => {
    const long = { notification: { text: 'x'.repeat(10_000) } };
    await start(({ url = '' }, response) =>
      url.includes('subscriptions/deliveries')
        ? page(response, [delivery(asked.length, callback, long)], asked.length < 3 ? String(asked.length) : undefined)
        : page(response, delivery(asked.length, callback, long)),
    );
    const counted = Array.from({ length: 100 }, (_, id) => ({ notificationId: `c${id}`, subscriptionId: '7' }));
    const budget = { left: 60_000 };
    const { deliveries, more } = await read(queue, counted, budget);
    assert.deepEqual([deliveries.length, more, asked.length], [6, true, 6]);
    assert.deepEqual(await read(queue, counted, budget), {
      ...{ deliveries: [], skipped: 0, keys: [], gone: [], more: true },
    });
  });

  it('is counted for so much text at a time', async function () {
    this.timeout(20_000);
    const long = { notification: { text: 'x'.repeat(9_000_000) } };
    await start((_request, response) => page(response, [delivery(asked.length, callback, long)], `${asked.length}`));
    const { count, more } = await queue.look(callback);
    assert.deepEqual([count, more], [4, true]);
  });

  it('is called deactivated where the platform says so of any, and the policy is known where it is one', async () => {
    let settings: object = {};
    const active = (...said: boolean[]): object[] =>
      said.map((each, id) => delivery(id, callback, { subscription: { active: each, config: { url: callback } } }));
    let found: object[] = [];
    await start(({ url = '' }, response) => page(response, url.includes('/accounts/') ? settings : found));
    const looks: [object[], boolean | null][] = [
      [active(true), false],
      [active(false, true), true],
      [[delivery(1)], null],
      [[], null],
    ];
    for (const [deliveries, deactivated] of looks) {
      found = deliveries;
      assert.equal((await queue.look(callback)).deactivated, deactivated);
    }
    assert.equal(await queue.policy(), 'retry', 'the default');
    for (const value of ['discard', 'QUEUE', '', 7, null]) {
      settings = { 'notification.webhook.failure.policy': value };
      assert.equal(await queue.policy(), null, String(value));
    }
  });

  it('knows what was counted as gone only where it is delivered, or there no more', async () => {
    const status: Record<string, string> = { 1: 'delivered', 2: 'notified', 3: 'retry', 4: 'queued' };
    await start(({ url = '' }, response) => {
      const [, id = ''] = /notifications\/(\d)\//.exec(url) ?? [];
      if (id === '5') response.statusCode = 404;
      page(
        response,
        id === '' ? [] : id === '6' ? 'no delivery' : delivery(Number(id), callback, { status: status[id] }),
      );
    });
    const counted = [1, 2, 3, 4, 5, 6].map((id) => ({ notificationId: String(id), subscriptionId: '7' }));
    const { count, gone } = await queue.look(callback, counted);
    const ids = (keys: readonly DeliveryKey[]): string[] => keys.map(({ notificationId }) => notificationId);
    assert.deepEqual([count, ids(gone)], [2, ['1', '5']]);
    assert.deepEqual(ids((await read(queue, counted)).gone), ['1', '5']);
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
    await assert.rejects(all(queue), { name: 'OpenConnectorsError' });
    await assert.rejects(queue.look(callback), { name: 'OpenConnectorsError' });
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
    for await (const { deliveries, skipped, keys } of queue.read(callback, { budget: { left: 1_000_000 } })) {
      pages.push([deliveries.length, skipped]);
      assert.ok(
        keys.every(({ notificationId }) => notificationId !== '2'),
        'of somebody else',
      );
    }
    assert.deepEqual(pages, [[1, 11]]);
    assert.equal((await queue.look(callback)).count, 3);
  });

  it('leaves out what is nested too deep, and takes the others', async () => {
    const deep = `{"notificationId":2,"subscriptionId":7,"status":"queued","subscription":{"config":{"url":"${callback}"}},"notification":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
    await start((_request, response) => response.end(`[${JSON.stringify(delivery(1))},${deep}]`));
    const found = await all(queue);
    assert.deepEqual(
      found.map(({ notificationId }) => notificationId),
      ['1'],
    );
  });

  it('is an error where the answer is no list, and empty where there is nothing', async () => {
    await start((_request, response) => page(response, { deliveries: [] }));
    await assert.rejects(queue.look(callback), { kind: 'unexpected-answer' });
    server.close();
    await start((_request, response) => {
      response.statusCode = 404;
      page(response, { message: 'none' });
    });
    assert.equal((await queue.look(callback)).count, 0);
  });
});
