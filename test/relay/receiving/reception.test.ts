import assert from 'node:assert/strict';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';

const status = (relay: TestRelay) => relay.client.request('relay/status', {});

describe('a delivery of a client’s own', () => {
  it('goes the same way as one received, with an eventId of its own each time', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const text = sampleBody({ events: 2 });
    await relay.deliver(text);
    const injected = await relay.client.request('deliveries/inject', { body: { text } });
    const again = await relay.client.request('deliveries/inject', {
      body: { base64: Buffer.from(text).toString('base64') },
    });
    await receiver.received(3);
    assert.equal(injected.delivery.injected, true);
    assert.equal(injected.events.length, 2);
    assert.equal(injected.events[0]?.duplicateOf, 'e1');
    assert.equal((await relay.delivery(again.delivery.id)).body.toString(), text);
    assert.equal(new Set(receiver.requests.map((request) => request.header('elements-webhook-id'))).size, 3);
    assert.equal(injected.notifications[0]?.eventId, receiver.requests[1]?.header('elements-webhook-id'));
    assert.equal(injected.notifications[0]?.forwardings[0]?.state, 'waiting');
  });

  it('is called a duplicate only where the whole body is the same', async () => {
    const relay = await startTestRelay();
    const text = sampleBody();
    await relay.deliver(text);
    const inject = async (body: string): Promise<string | null | undefined> =>
      (await relay.client.request('deliveries/inject', { body: { text: body } })).events[0]?.duplicateOf;
    const edited = JSON.stringify(JSON.parse(text, (key, value: unknown) => (key === 'Name' ? 'Edited' : value)));
    assert.notEqual(edited, text);
    assert.equal(await inject(edited), null);
    assert.equal(await inject(text), 'e1', 'the latest of the same body, not the latest of the same content');
    assert.equal(await inject(edited), 'e2');
    // What is received is marked by its content, as ever.
    await relay.deliver(edited.replace('Edited', 'Received'));
    assert.equal((await relay.client.request('events/get', { id: 'e5' })).event.duplicateOf, 'e4');
  });
});

describe('settings that change while deliveries come', () => {
  it('apply to each delivery as a whole, and none that had a destination is stranded when that goes away', async () => {
    const one = await startReceiver();
    const two = await startReceiver();
    const relay = await startTestRelay({ settings: { partSize: 2, destinations: [{ url: one.url }] } });
    const body = { text: sampleBody({ events: 6 }) };
    const done: Promise<{ notifications: { parts: number }[] }>[] = [];
    for (let i = 0; i < 60; i++) {
      done.push(relay.client.request('deliveries/inject', { body }));
      // In the turn in which it came, before it is on disk.
      const url = i % 2 === 0 ? two.url : one.url;
      await relay.client.request('relay/configure', {
        settings: { partSize: i % 2 === 0 ? 3 : 2, destinations: [{ url }] },
      });
    }
    const parts = (await Promise.all(done)).map((each) => each.notifications.length);
    assert.deepEqual(new Set(parts), new Set([2, 3]));
    await relay.drained();
    const total = parts.reduce((sum, each) => sum + each, 0);
    assert.equal(one.requests.length + two.requests.length, total);
    assert.equal((await status(relay)).counts.sent, total);
    const events = [...one.requests, ...two.requests].map(
      (request) => (request.json() as { message: { events: unknown[] } }).message.events.length,
    );
    assert.equal(
      events.reduce((sum, each) => sum + each, 0),
      360,
    );
  });
});

describe('An event’s place in its delivery', () => {
  it('is told as it comes, and the same when it is read again', async () => {
    const relay = await startTestRelay();
    const added = new Promise<(object | undefined)[]>((resolve) =>
      relay.client.on('event/added', ({ deliveries }) =>
        resolve(deliveries.flatMap(({ events }) => events.map(({ inDelivery }) => inDelivery))),
      ),
    );
    await relay.deliver(sampleBody({ events: 3 }));
    const places = [1, 2, 3].map((position) => ({ position, of: 3 }));
    assert.deepEqual(await added, places);
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ inDelivery }) => inDelivery),
      places.toReversed(),
    );
    await relay.deliver('{}');
    const { event } = await relay.client.request('events/get', { id: 'e4' });
    assert.deepEqual(event.inDelivery, { position: 1, of: 1 });
  });
});
