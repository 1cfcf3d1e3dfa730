import assert from 'node:assert/strict';
import fc from 'fast-check';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { OpenConnectorsApi } from '../../src/open-connectors/api.ts';
import { queuedFor } from '../../src/open-connectors/delivery-queue.ts';
import type { DeliveryQueue, ListedDeliveries, QueuedDelivery } from '../../src/open-connectors/delivery-queue.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';
import { platformOf, type Platform } from '../sandbox/open-connectors/platform.ts';

interface Posted {
  readonly message: { readonly eventId: string; readonly events: readonly unknown[] };
}

/** Nobody listens there. */
const callback = 'http://127.0.0.1:9/hook';

async function read(
  queue: DeliveryQueue,
  listed?: ListedDeliveries,
): Promise<{ deliveries: QueuedDelivery[]; skipped: number; gone: number; more: boolean }> {
  const sum = { deliveries: [] as QueuedDelivery[], skipped: 0, gone: 0, more: false };
  for await (const each of queue.read(callback, listed)) {
    if (each === 'more') sum.more = true;
    else if (each === 'skipped' || each === 'gone') sum[each] += 1;
    else sum.deliveries.push(each);
  }
  return sum;
}

async function all(queue: DeliveryQueue, listed?: ListedDeliveries): Promise<QueuedDelivery[]> {
  return (await read(queue, listed)).deliveries;
}

const idsOf = (deliveries: readonly QueuedDelivery[]): string[] =>
  deliveries.map(({ notificationId }) => notificationId);

describe('the address of what is queued for a callback URL', () => {
  it('names that URL and nothing else, or is refused', () => {
    const quoted = fc.stringMatching(/^[ -~]{0,12}$/);
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), quoted, (url, rest) => {
        const callbackUrl = `${url}${rest}`;
        try {
          const [[, where] = ['', '']] = queuedFor(callbackUrl).query ?? [];
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
    const first = api.queue.read(url).next();
    for (const call of [api.queue.count(url), api.queue.deliver(url), first]) {
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

  const none = { count: 0, more: false, since: null, deactivated: null };

  it('is counted, with its beginning', async () => {
    assert.deepEqual(await queue.count(callback), none);
    await queued(3);
    const listed: ListedDeliveries = new Map();
    const { count, more, since, deactivated } = await queue.count(callback, listed);
    assert.deepEqual([count, more, deactivated], [3, false, null], 'nobody says that it is deactivated');
    assert.equal(listed.size, 3);
    assert.ok(since !== null && Math.abs(Date.now() - since) < 60_000);
    await platform.control('PATCH', '/settings', { tellsActive: true });
    assert.equal((await queue.count(callback)).deactivated, true, 'it says so of a delivery by itself');
    assert.equal((await queue.count('https://example.org/other')).count, 0);
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
    const listed: ListedDeliveries = new Map();
    await queue.count(callback, listed);
    assert.equal((await queue.count(callback)).count, 0, 'the platform counts it no more');
    assert.equal((await queue.count(callback, listed)).count, 3, 'it is asked for what was counted');
    assert.equal((await all(queue)).length, 0);
    assert.equal((await all(queue, listed)).length, 3);
  });

  it('is read to its end where each page that is read leaves it', async () => {
    await queued(35);
    await platform.control('PATCH', '/settings', { deliveriesPageSize: 10, readingNotifies: true });
    const { deliveries, skipped, gone, more } = await read(queue);
    assert.deepEqual([deliveries.length, skipped, gone, more], [35, 0, 0, false]);
  });

  it('is counted to its end where each page that is counted leaves it, and read after that', async () => {
    await queued(35);
    await platform.control('PATCH', '/settings', { deliveriesPageSize: 10, readingNotifies: true });
    const listed: ListedDeliveries = new Map();
    const { count, more } = await queue.count(callback, listed);
    assert.deepEqual([count, more], [35, false]);
    assert.equal((await all(queue, listed)).length, 35);
  });

  it('is posted again where a read has made something else of it', async () => {
    await queued(2);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const listed: ListedDeliveries = new Map();
    await queue.count(callback, listed);
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    const statuses = async (): Promise<unknown[]> => {
      const where = encodeURIComponent(`config.url='${callback}'`);
      const { body } = await platform.api('GET', `/notifications/subscriptions/deliveries?where=${where}`);
      return (body as { status: string }[]).map(({ status }) => status);
    };
    assert.deepEqual(await statuses(), ['notified', 'notified']);
    await queue.deliver(callback, listed);
    assert.ok(!(await statuses()).includes('notified'));
    assert.deepEqual(await queue.count(callback, listed), none);
  });

  it('is posted again on demand, and not read again after that', async () => {
    await queued(1);
    const listed: ListedDeliveries = new Map();
    await queue.count(callback, listed);
    const before = new Map(listed);
    await platform.control('PATCH', '/settings', { retryDelaysMs: [60_000] });
    await queue.deliver(callback, listed);
    assert.equal((await queue.count(callback)).count, 0);
    await platform.api('DELETE', '/instances/50634');
    assert.deepEqual(await all(queue, before), [], 'what is gone is no error');
    assert.equal(before.size, 0);
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
  let queue: DeliveryQueue;
  let asked: string[];

  /** Answers without a socket, so that no timeout depends on how busy this machine is. */
  function start(answer: (path: string) => Response): void {
    asked = [];
    ({ queue } = new OpenConnectorsApi({
      ...{ baseUrl: 'http://127.0.0.1:9/elements/api-v2', userSecret: 'u', organizationSecret: 'o' },
      fetch: (input) => {
        const { pathname } = new URL(input);
        asked.push(pathname);
        return Promise.resolve(answer(pathname));
      },
    }));
  }

  const delivery = (id: number, url = callback, rest: object = {}): object => ({
    ...{ notificationId: id, subscriptionId: 7, status: 'queued', createdDate: '2026-01-01T00:00:00Z' },
    ...{ notification: { message: { eventId: `e${id}` } }, subscription: { config: { url } } },
    ...rest,
  });
  const page = (body: unknown, next?: string): Response =>
    Response.json(body ?? null, { headers: next === undefined ? {} : { 'elements-next-page-token': next } });
  /** The ID in the path of one delivery; undefined in that of the list. */
  const idIn = (path: string): string | undefined => /notifications\/(\w+)\/subscriptions\//.exec(path)?.[1];

  it('is ended where its pages have no end', async () => {
    start((path) => {
      const id = idIn(path);
      return id === undefined ? page([delivery(asked.length)], `page${asked.length}`) : page(delivery(Number(id)));
    });
    const { count, more } = await queue.count(callback);
    assert.deepEqual([count, more, asked.length], [1000, true, 1001], 'the pages, and one delivery');
    const { deliveries, more: isMore } = await read(queue);
    assert.deepEqual([deliveries.length, isMore], [1000, true]);
  });

  it('is ended where a page is the one before', async () => {
    start((path) => (idIn(path) === undefined ? page([delivery(1)], 'again') : page(delivery(1))));
    assert.equal((await all(queue)).length, 1);
    assert.equal(asked.length, 5, 'two pages in each of two passes, and the delivery');
  });

  it('is read except what is too long, or has more values than a body', async () => {
    const of = (values: number): object => ({ notification: { message: { raw: { Events: Array(values).fill(1) } } } });
    const long = { notification: { message: { text: 'x'.repeat(34_000_000) } } };
    const found = [delivery(1, callback, of(300_000)), delivery(2, callback, of(350_000)), delivery(3, callback, long)];
    const listed = found.map((each) => ({ ...each, notification: undefined }));
    start((path) => page(idIn(path) === undefined ? listed : found[Number(idIn(path)) - 1]));
    const { deliveries, skipped, more } = await read(queue);
    assert.deepEqual([idsOf(deliveries), skipped, more], [['1'], 2, false]);
    assert.equal((await queue.count(callback)).count, 3);
  });

  it('is called deactivated where the platform says so, and the policy is known where it is one', async () => {
    let settings: object = {};
    let active: boolean | undefined;
    start((path) => {
      if (path.includes('/accounts/')) return page(settings);
      const one = delivery(1, callback, { subscription: { active, config: { url: callback } } });
      return page(idIn(path) === undefined ? [delivery(1)] : one);
    });
    for (active of [true, false, undefined]) {
      const { deactivated } = await queue.count(callback);
      assert.equal(deactivated, active === undefined ? null : !active);
    }
    assert.equal(await queue.policy(), 'retry', 'the default');
    for (const value of ['discard', 'QUEUE', '', 7, null]) {
      settings = { 'notification.webhook.failure.policy': value };
      assert.equal(await queue.policy(), null, String(value));
    }
  });

  it('knows what was listed as gone where it is not queued, or there no more', async () => {
    const status: Record<string, string> = { 1: 'delivered', 2: 'notified', 3: 'retry', 4: 'queued' };
    start((path) => {
      const id = idIn(path);
      if (id === undefined) return page([]);
      if (id === '5') return Response.json({ message: 'none' }, { status: 404 });
      return page(id === '6' ? 'no delivery' : delivery(Number(id), callback, { status: status[id] }));
    });
    const earlier = (): ListedDeliveries =>
      new Map([1, 2, 3, 4, 5, 6].map((id) => [`${id} 7`, { notificationId: String(id), subscriptionId: '7' }]));
    const listed = earlier();
    assert.equal((await queue.count(callback, listed)).count, 2);
    assert.deepEqual([...listed.keys()], ['2 7', '4 7', '6 7']);
    const { deliveries, skipped, gone } = await read(queue, earlier());
    assert.deepEqual([idsOf(deliveries), skipped, gone], [['2', '4'], 1, 3]);
  });

  it('is ended where an answer has no end', async () => {
    const chunk = new Uint8Array(65_536).fill(0x20);
    start(() => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })));
    await assert.rejects(all(queue), { name: 'OpenConnectorsError' });
    await assert.rejects(queue.count(callback), { name: 'OpenConnectorsError' });
  });

  it('gives nothing of other URLs, of other states, and of what is no delivery', async () => {
    const found = [
      delivery(1),
      delivery(2, 'https://example.org/of-somebody-else'),
      delivery(3, callback, { status: 'delivered' }),
      delivery(4, callback, { notification: 'a text' }),
      delivery(5, callback, { subscription: {} }),
    ];
    const others = [delivery(6, callback, { notificationId: '../../accounts' }), null, 7, 'x', [], {}, delivery(1)];
    start((path) => page(idIn(path) === undefined ? [...found, ...others] : found[Number(idIn(path)) - 1]));
    const { deliveries, skipped, gone } = await read(queue);
    assert.deepEqual([idsOf(deliveries), skipped, gone], [['1'], 3, 0]);
    assert.ok(!asked.some((path) => path.includes('accounts')), asked.join());
  });

  it('leaves out what is nested too deep, and takes the others', async () => {
    const deep = `{"notificationId":2,"subscriptionId":7,"status":"queued","subscription":{"config":{"url":"${callback}"}},"notification":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
    start((path) => {
      const id = idIn(path);
      if (id === '2') return new Response(deep);
      return page(id === '1' ? delivery(1) : [delivery(1), delivery(2)]);
    });
    const { deliveries, skipped } = await read(queue);
    assert.deepEqual([idsOf(deliveries), skipped], [['1'], 1]);
  });

  it('is an error where the answer is no list, and empty where there is nothing', async () => {
    start(() => page({ deliveries: [] }));
    await assert.rejects(queue.count(callback), { kind: 'unexpected-answer' });
    start(() => Response.json({ message: 'none' }, { status: 404 }));
    assert.equal((await queue.count(callback)).count, 0);
  });
});
