import assert from 'node:assert/strict';
import { failedNotifications } from '../../../src/extension/event-actions/failed-notifications.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';

async function all(groups: AsyncIterable<string[]>): Promise<string[][]> {
  const found: string[][] = [];
  for await (const group of groups) found.push(group);
  return found;
}

describe('What failed', () => {
  it('is found, each notification once, in groups', async () => {
    const { url } = await startReceiver({ answer: (_, number) => ({ status: number === 2 ? 200 : 400 }) });
    const relay = await startTestRelay({
      settings: { destinations: [{ url }], retry: 'none', partSize: 2 },
    });
    const { client } = relay;
    // Three notifications of a batch of five, then one each.
    await relay.deliver(sampleBody({ events: 5 }));
    await relay.deliver(sampleBody({ seed: 2 }));
    await relay.deliver(sampleBody({ seed: 3 }));
    await relay.drained();
    assert.deepEqual(await all(failedNotifications(client, 2)), [
      ['n5', 'n4'],
      ['n3', 'n1'],
    ]);
  });

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

  it('is nothing where all went well', async () => {
    const { client } = await startTestRelay();
    assert.deepEqual(await all(failedNotifications(client, 100)), []);
  });
});
