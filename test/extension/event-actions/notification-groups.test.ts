import assert from 'node:assert/strict';
import {
  failedNotifications,
  inGroups,
  notificationsByDelivery,
  notificationsWith,
  onlyNotification,
  stepByStep,
} from '../../../src/extension/event-actions/notification-groups.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import type { EventRow } from '../../../src/protocol/history.ts';

describe('Work on many things, step by step', () => {
  const ids = Array.from({ length: 250 }, (_each, index) => `n${index}`);

  it('takes each once, in order, and tells how far it is', async () => {
    const worked: string[] = [];
    const reports: (readonly [number, number])[] = [];
    const steps = await stepByStep(
      inGroups(ids, 100),
      new AbortController().signal,
      (some) => Promise.resolve(worked.push(...some) && some.length),
      (size, done) => reports.push([size, done]),
    );
    assert.deepEqual(steps, { done: 250, canceled: false });
    assert.deepEqual(worked, ids);
    assert.deepEqual(reports, [
      [100, 100],
      [100, 200],
      [50, 250],
    ]);
  });

  it('ends after the step in which it is canceled, and tells what was done', async () => {
    const abort = new AbortController();
    const worked: string[] = [];
    const steps = await stepByStep(
      inGroups(ids, 100),
      abort.signal,
      (some) => {
        worked.push(...some);
        if (worked.length === 200) abort.abort();
        return Promise.resolve(some.length);
      },
      () => undefined,
    );
    assert.deepEqual(steps, { done: 200, canceled: true });
    assert.deepEqual(worked, ids.slice(0, 200));
  });

  it('leaves a replay that was canceled half way with each notification sent again once, or not at all', async () => {
    let status = 400;
    const { url, requests } = await startReceiver({ answer: () => ({ status }) });
    const relay = await startTestRelay({ settings: { destinations: [{ url }], retry: 'none', partSize: 1 } });
    const { client } = relay;
    await relay.deliver(sampleBody({ events: 12 }));
    await relay.drained();
    assert.equal(requests.length, 12);
    status = 200;
    const abort = new AbortController();
    const steps = await stepByStep(
      failedNotifications(client, 5),
      abort.signal,
      async (some) => {
        const { replayed } = await client.request('notifications/replay', { ids: [...some] });
        if (some.includes('n5')) abort.abort();
        return replayed;
      },
      () => undefined,
    );
    assert.deepEqual(steps, { done: 10, canceled: true });
    const { counts } = await until(async () => {
      const found = await client.request('relay/status', {});
      return found.counts.waiting === 0 ? found : undefined;
    });
    assert.equal(counts.failed, 2);
    const again = requests.slice(12).map(({ text }) => text);
    assert.equal(again.length, 10);
    assert.equal(new Set(again).size, 10);
  });
});

async function all(groups: AsyncIterable<string[]>): Promise<string[][]> {
  const found: string[][] = [];
  for await (const group of groups) found.push(group);
  return found;
}

describe('What failed', () => {
  it('is the bytes as they came alone where only those were refused', async () => {
    const good = await startReceiver();
    const bad = await startReceiver({ answer: { status: 400 } });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: good.url }, { url: bad.url, mode: 'raw' }], retry: 'none', partSize: 1 },
    });
    const { client } = relay;
    await relay.deliver(sampleBody({ events: 2 }));
    await relay.drained();
    const { notifications } = await client.request('deliveries/get', { id: 'd1' });
    const raw = notifications.find(({ kind }) => kind === 'raw');
    assert.ok(raw);
    assert.deepEqual(await all(failedNotifications(client, 100)), [[raw.id]]);
    const { notificationIds } = await client.request('notifications/replay', { ids: [raw.id] });
    assert.deepEqual(notificationIds, [raw.id]);
    await bad.received(2);
    await until(async () => (await client.request('relay/status', {})).counts.waiting === 0);
    assert.equal(good.requests.length, 2);
  });
});

const nobody = 'http://127.0.0.1:9/nobody';

describe('The notifications of rows', () => {
  let rows: EventRow[];
  /** Those of event ids. */
  const of = (...ids: string[]): EventRow[] => ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);

  before(async () => {
    const relay = await startTestRelay({
      settings: { partSize: 2, destinations: [{ url: nobody }, { url: nobody, mode: 'raw' }] },
    });
    const told: EventRow[] = [];
    relay.client.on('event/added', ({ deliveries }) => told.push(...deliveries.flatMap(({ events }) => events)));
    // n1 to n3, and n4 with the bytes as they came; then n5, and n6 with those.
    await relay.deliver(sampleBody({ events: 5 }));
    await relay.deliver(sampleBody({ seed: 2 }));
    await relay.deliver('{}');
    rows = (await relay.client.request('events/query', {})).events;
    await until(() => told.length === rows.length);
    const notificationsOf = (each: EventRow) => [
      ...[each.id, each.inNotification],
      ...each.forwardings.map(({ notificationId, destinationId }) => [notificationId, destinationId]),
    ];
    assert.deepEqual(told.map(notificationsOf), rows.toReversed().map(notificationsOf));
  });

  it('are known where all rows are of one that holds others, too', () => {
    assert.deepEqual(onlyNotification(of('e1')), { deliveryId: 'd1', part: 0, parts: 3, events: 2 });
    assert.deepEqual(onlyNotification(of('e4', 'e3')), { deliveryId: 'd1', part: 1, parts: 3, events: 2 });
    assert.equal(onlyNotification(of('e2', 'e3')), undefined);
    assert.equal(onlyNotification(of('e5')), undefined, 'it holds that one alone');
    assert.equal(onlyNotification(of('e6')), undefined);
    assert.equal(onlyNotification(of('e7')), undefined);
    assert.equal(onlyNotification([]), undefined);
  });

  it('are their own and the raw ones, each once, by deliveries', () => {
    assert.deepEqual(notificationsByDelivery(of('e2', 'e6', 'e1', 'e5', 'e7')), [['n1', 'n4', 'n3'], ['n5', 'n6'], []]);
  });

  it('are in order where they are chosen by how they stand', () => {
    assert.deepEqual(
      notificationsWith(of('e6', 'e3', 'e1'), ({ mode }) => mode === 'normalized'),
      ['n1', 'n2', 'n5'],
    );
    assert.deepEqual(
      notificationsWith(of('e6', 'e3', 'e1'), () => true),
      ['n1', 'n2', 'n4', 'n5', 'n6'],
    );
  });
});
