import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import type { NotificationRecord } from '../../../src/sandbox/open-connectors/notifier.ts';
import { startHarness, type Answer, type Harness } from '../harness.ts';
import { startReceiver, type Receiver } from '../receiver.ts';
import { platformOf, type Platform } from './platform.ts';

interface Delivery {
  readonly notificationId: number;
  readonly subscriptionId: number;
  readonly status: string;
  readonly createdDate: string;
  readonly notification?: { readonly id: string; readonly message: { readonly eventId: string } };
  readonly subscription?: { readonly config: { readonly url: string }; readonly active?: boolean };
}

describe('the sandbox, Open Connectors: what could not be delivered', () => {
  let harness: Harness;
  let platform: Platform;
  let receiver: Receiver;
  /** What the callback answers. */
  let status = 200;
  /** What happens between a POST and its answer. */
  let meanwhile: (() => Promise<unknown>) | undefined;

  beforeEach(async () => {
    status = 200;
    meanwhile = undefined;
    harness = await startHarness({ notificationRetryDelaysMs: [0] });
    platform = platformOf(harness);
    receiver = await startReceiver((response) => {
      response.statusCode = status;
      if (meanwhile === undefined) response.end();
      else void meanwhile().then(() => response.end());
    });
  });
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  const on = (): ReturnType<Platform['create']> => platform.create({ 'event.notification.callback.url': receiver.url });
  const add = (name: string): Promise<Answer> =>
    harness.api('POST', `/subscribers/${documentedListId}.json`, {
      ...{ EmailAddress: `${name}@example.org`, Name: name, ConsentToTrack: 'Yes' },
    });
  const pathOf = (where: string, rest = ''): string =>
    `/notifications/subscriptions/deliveries?where=${encodeURIComponent(where)}${rest}`;
  const queuedAt = (url: string): string => `channel='webhook' and status='queued' and config.url='${url}'`;
  const list = async (where = queuedAt(receiver.url), rest = '&hydrate=true'): Promise<Delivery[]> =>
    (await platform.api('GET', pathOf(where, rest))).body as Delivery[];
  const ended = (state: NotificationRecord['state'], count: number): Promise<unknown> => {
    const seen = new Set<number>();
    return harness.report((report) => {
      if (report.type === 'notification' && report.notification.state === state) seen.add(report.notification.id);
      return seen.size === count;
    });
  };

  it('queues what its last retry could not deliver, and what comes after that without a try', async () => {
    const { id } = await on();
    status = 500;
    await add('first');
    await ended('failed', 1);
    assert.equal(receiver.received.length, 2);
    await add('second');
    await ended('discarded', 1);
    assert.equal(receiver.received.length, 2, 'its subscription is deactivated');
    const [first, second, ...others] = await list();
    assert.deepEqual(others, []);
    assert.ok(first && second);
    assert.deepEqual([first.status, second.status], ['queued', 'queued']);
    assert.match(first.createdDate, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.deepEqual(first.notification, JSON.parse(receiver.received[0]?.body ?? ''));
    assert.deepEqual([first.subscription?.config.url, first.subscription?.active], [receiver.url, undefined]);
    const { subscriptionId } = (await platform.api('GET', `/instances/${id}`)).body as { subscriptionId: number };
    assert.equal(first.subscriptionId, subscriptionId);
    const { body } = await platform.control('GET', '/notifications');
    assert.deepEqual(
      (body as NotificationRecord[]).map(({ queued }) => queued),
      [true, true],
    );
    const policy = { 'notification.webhook.failure.policy': 'retry' };
    assert.deepEqual((await platform.api('GET', '/accounts/settings')).body, policy, 'the policy is what it was');
  });

  it('never names two notifications alike, even after a restart: a client remembers these IDs', async () => {
    const once = async (at: Harness): Promise<number> => {
      const of = platformOf(at);
      await of.create({ 'event.notification.callback.url': 'http://127.0.0.1:9/hook' });
      await at.control('POST', '/deliveries', { types: ['Update'], batch: 1, listId: documentedListId });
      await at.report((report) => report.type === 'notification');
      return ((await of.api('GET', pathOf("channel='webhook'"))).body as Delivery[])[0]!.notificationId;
    };
    const next = await startHarness();
    assert.notEqual(await once(harness), await once(next));
    await next.close();
  });

  it('posts them again on PUT, the same bytes in order, and posts what comes from then on', async () => {
    await on();
    status = 500;
    await add('first');
    await ended('failed', 1);
    await add('second');
    await ended('discarded', 1);
    status = 200;
    assert.equal((await platform.api('PUT', pathOf(queuedAt(receiver.url)))).status, 200);
    await receiver.count(4);
    await ended('delivered', 2);
    await add('third');
    const bodies = (await receiver.count(5)).map(({ body }) => body);
    assert.equal(bodies[2], bodies[0]);
    assert.deepEqual(
      bodies.slice(2).map((body) => /\w+(?=@example\.org)/.exec(body)?.[0]),
      ['first', 'second', 'third'],
    );
    assert.deepEqual(await list(), []);
  });

  it('queues at once under the policy "queue", which holds for all instances', async () => {
    const { body } = await platform.api('PATCH', '/accounts/643/settings', {
      'notification.webhook.failure.policy': 'queue',
    });
    assert.deepEqual(body, { 'notification.webhook.failure.policy': 'queue' });
    await on();
    status = 500;
    await add('first');
    await ended('failed', 1);
    assert.equal(receiver.received.length, 1);
    status = 200;
    await add('second');
    await receiver.count(2);
    await ended('delivered', 1);
    assert.deepEqual(
      (await list()).map(({ status: each }) => each),
      ['queued'],
      'a later one is tried all the same',
    );
    for (const [path, given, expected] of [
      ['/accounts/644/settings', { 'notification.webhook.failure.policy': 'retry' }, 404],
      ['/accounts/settings', { 'notification.webhook.failure.policy': 'drop' }, 400],
    ] as const) {
      assert.equal((await platform.api('PATCH', path, given)).status, expected);
    }
  });

  it('does what is documented nowhere as it is told: what a read does, pages, and whether it is said to be active', async () => {
    await platform.control('PATCH', '/settings', { retryDelaysMs: [], deliveriesPageSize: 2, tellsActive: true });
    await on();
    status = 500;
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      await add(name);
      await (index === 0 ? ended('failed', 1) : ended('discarded', index));
    }
    const first = await platform.api('GET', pathOf(queuedAt(receiver.url), '&hydrate=true&pageSize=100'));
    assert.deepEqual(
      (first.body as Delivery[]).map(({ subscription }) => subscription?.active),
      [false, false],
    );
    const token = first.headers.get('elements-next-page-token') ?? '';
    assert.equal((await list(undefined, `&nextPage=${token}`)).length, 1);
    await platform.control('PATCH', '/settings', { readingNotifies: true });
    const again = await platform.api('GET', pathOf(queuedAt(receiver.url)));
    const next = again.headers.get('elements-next-page-token') ?? '';
    assert.equal((again.body as Delivery[]).length, 2);
    assert.equal((await list(undefined, `&nextPage=${next}`)).length, 0, 'the third has moved up to the first page');
    assert.equal((await list()).length, 1);
    assert.deepEqual(await list(), [], 'they are queued no more');
    assert.equal((await list("status='notified'")).length, 2, 'but there, a page at a time');
  });

  it('deactivates the URL that failed, wherever the callback is by then, and each URL of an instance for itself', async () => {
    await platform.control('PATCH', '/settings', { retryDelaysMs: [] });
    const { id } = await on();
    const moved = `${receiver.url}/moved`;
    const moveTo = (url: string): Promise<Answer> =>
      platform.api('PATCH', `/instances/${id}`, { configuration: { 'event.notification.callback.url': url } });
    status = 500;
    meanwhile = () => moveTo(moved);
    await add('first');
    await ended('failed', 1);
    meanwhile = undefined;
    await add('second');
    await ended('failed', 2);
    assert.equal(receiver.received[1]?.path, '/hook/moved', 'that one had not failed');
    await moveTo(receiver.url);
    await add('third');
    await ended('discarded', 1);
    assert.deepEqual(
      [receiver.received.length, (await list()).length, (await list(queuedAt(moved))).length],
      [2, 2, 1],
      'the first one is still deactivated',
    );
    status = 200;
    await platform.api('PUT', pathOf(queuedAt(receiver.url)));
    await ended('delivered', 2);
    await add('fourth');
    await ended('delivered', 3);
    await moveTo(moved);
    await add('fifth');
    await ended('discarded', 2);
    assert.equal((await list(queuedAt(moved))).length, 2, 'that one was not released');
  });
});
