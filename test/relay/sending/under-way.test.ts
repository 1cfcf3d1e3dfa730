import assert from 'node:assert/strict';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

describe('Large bodies that are being sent', () => {
  it('are so many at once as have room together, however many may be, and all arrive', async () => {
    const receiver = await startReceiver();
    let answerAll = (): void => undefined;
    const held = new Promise<void>((resolve) => (answerAll = resolve));
    receiver.answer(() => held.then(() => ({ status: 200 })));
    const relay = await startTestRelay({
      settings: { concurrency: 64, destinations: [{ url: receiver.url, timeoutMs: 60_000 }] },
    });
    const body = JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', Name: 'n'.repeat(4_000_000) }] });
    for (let sent = 0; sent < 24; sent++) assert.equal((await relay.deliver(body)).status, 200);
    // 64 MiB, and the one with which they are that.
    const atOnce = Math.ceil(67_108_864 / body.length);
    await receiver.received(atOnce);
    assert.equal((await relay.deliver(body)).status, 200);
    assert.equal(receiver.requests.length, atOnce);
    answerAll();
    await receiver.received(25);
  });
});

describe('A destination that answers', () => {
  it('gets what is for it, one at a time, however much another one has under way', async () => {
    const [silent, quick] = [await startReceiver({ answer: 'hang' }), await startReceiver()];
    const destinations = [silent, quick].map(({ url }) => ({ url, timeoutMs: 60_000 }));
    const relay = await startTestRelay({ settings: { concurrency: 64, destinations } });
    const body = JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', Name: 'n'.repeat(4_000_000) }] });
    const enough = Math.ceil(67_108_864 / body.length);
    for (let sent = 0; sent < enough; sent++) assert.equal((await relay.deliver(body)).status, 200);
    await silent.received(enough);
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    await quick.received(enough + 1);
  });
});

describe('What is being sent at this moment', () => {
  it('is told as it begins, apart from what waits behind it', async () => {
    const receiver = await startReceiver();
    let answerAll = (): void => undefined;
    const held = new Promise<void>((resolve) => (answerAll = resolve));
    receiver.answer(() => held.then(() => ({ status: 200 })));
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url, timeoutMs: 60_000 }] } });
    const told: string[] = [];
    relay.client.on('status/changed', ({ status }) => told.push((status.destinations[0]?.underWay ?? []).join(' ')));
    for (let sent = 0; sent < 3; sent++) assert.equal((await relay.deliver(sampleBody())).status, 200);
    await until(() => Promise.resolve(told.includes('n1')));
    const { destinations } = await relay.client.request('relay/status', {});
    assert.deepEqual(
      destinations.map(({ waiting, underWay }) => ({ waiting, underWay })),
      [{ waiting: 3, underWay: ['n1'] }],
    );
    answerAll();
    await until(() => Promise.resolve(told.at(-1) === ''));
  });
});
