import assert from 'node:assert/strict';
import type { DestinationStatus } from '../../src/protocol/status.ts';
import { verify } from '../../src/open-connectors/signature.ts';
import { findKnown } from '../../src/relay/log/destinations.ts';
import { temporaryFolder } from './afterward.ts';
import { startReceiver } from './receiver.ts';
import { destination } from './records.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';

const statusOf = async (relay: TestRelay): Promise<DestinationStatus[]> =>
  (await relay.client.request('relay/status', {})).destinations;

const configure = (relay: TestRelay, destinations: object[]) =>
  relay.client.request('relay/configure', { settings: { destinations: destinations as never } });

const eventOf = async (relay: TestRelay, id: string) => (await relay.client.request('events/get', { id })).event;

describe('Destinations at one URL', () => {
  it('that differ in types or lists are each sent what they take', async () => {
    const receiver = await startReceiver();
    const { url } = receiver;
    const relay = await startTestRelay({
      settings: {
        destinations: [
          { url, types: ['Subscribe'] },
          { url, types: ['Deactivate'] },
          { url, lists: ['b'], types: ['Update'] },
        ],
      },
    });
    for (const [type, list] of [
      ['Subscribe', 'a'],
      ['Deactivate', 'a'],
      ['Update', 'a'],
      ['Update', 'b'],
    ] as const)
      await relay.deliver(sampleBody({ type, list }));
    await relay.drained();
    assert.equal(receiver.requests.length, 3);
    const destinations = await statusOf(relay);
    assert.equal(new Set(destinations.map((each) => each.destinationId)).size, 3);
    const events = await Promise.all(['e1', 'e2', 'e3', 'e4'].map((id) => eventOf(relay, id)));
    assert.deepEqual(
      events.map(({ forwardings }) => forwardings.map((each) => each.destinationId)),
      [0, 1, null, 2].map((at) => (at === null ? [] : [destinations[at]?.destinationId])),
      'the status has them in the order of the settings',
    );
  });

  it('with different keys: each forwarding, attempt and rendering is known by its own', async () => {
    const receiver = await startReceiver({
      answer: (request) => ({ status: request.header('elements-webhook-signature') === undefined ? 200 : 400 }),
    });
    const { url } = receiver;
    const relay = await startTestRelay({
      settings: { destinations: [{ url }, { id: 'signed', url, signatureKeyName: 'k' }] },
      secrets: { signatureKeys: { k: 'key' } },
    });
    const heard: [string, string][] = [];
    relay.client.on('attempt/recorded', ({ attempts }) => {
      for (const each of attempts) heard.push([each.destinationId, each.outcome]);
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const { event, attempts } = await relay.client.request('events/get', { id: 'e1' });
    const [plain, signed] = event.forwardings;
    assert.match(plain?.destinationId ?? '', /^t\d+$/);
    assert.equal(signed?.destinationId, 'signed');
    assert.deepEqual([plain?.state, signed.state], ['sent', 'failed']);
    const expected = [
      [plain?.destinationId, 'sent'],
      ['signed', 'failed'],
    ];
    const byId = (a: unknown[], b: unknown[]): number => String(b[0]).localeCompare(String(a[0]));
    assert.deepEqual(attempts.map((each) => [each.destinationId, each.outcome]).sort(byId), expected);
    await until(() => heard.length === 2);
    assert.deepEqual(heard.sort(byId), expected);
    for (const [destinationId, isSigned] of [
      [plain?.destinationId ?? '', false],
      ['signed', true],
    ] as const) {
      const rendered = await relay.client.request('notifications/render', { id: 'n1', destinationId });
      assert.equal(rendered.destinationId, destinationId);
      assert.equal(
        rendered.headers.some(([name]) => name === 'Elements-Webhook-Signature'),
        isSigned,
      );
    }
  });
});

describe('A destination whose settings change', () => {
  it('stays the same, with what waits for it, under other filters, headers and credentials', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const { url } = receiver;
    const dataDir = temporaryFolder();
    const secrets = { credentials: { login: { Authorization: 'Bearer new' } } };
    const relay = await startTestRelay({
      dataDir,
      secrets,
      settings: { destinations: [{ url, types: ['Subscribe'] }] },
    });
    await relay.deliver(sampleBody());
    const [before] = await statusOf(relay);
    assert.equal(before?.waiting, 1);
    const changed = [{ url, lists: ['x'], headers: { 'X-A': '1' }, credentialsName: 'login' }];
    const { destinations } = await configure(relay, changed);
    assert.deepEqual(
      destinations.map(({ destinationId, waiting, configured }) => [destinationId, waiting, configured]),
      [[before.destinationId, 1, true]],
    );
    await relay.stop();
    const again = await startTestRelay({
      dataDir,
      secrets,
      settings: { destinations: [{ url, credentialsName: 'login' }] },
    });
    const [after] = await statusOf(again);
    assert.deepEqual([after?.destinationId, after?.waiting], [before.destinationId, 1]);
    const back = await startReceiver({ port: receiver.port });
    const [request] = await back.received(1);
    assert.equal(request?.header('authorization'), 'Bearer new');
  });

  it('stays the same when a wrong key is corrected: what failed is resent with the right one, and what is held goes out', async () => {
    const receiver = await startReceiver({
      answer: (request) => ({
        status: verify(request.body, request.header('elements-webhook-signature') ?? '', ['the-right-key']) ? 200 : 401,
      }),
    });
    const relay = await startTestRelay({
      settings: { retry: 'none', destinations: [{ url: receiver.url, signatureKeyName: 'wrong' }] },
      secrets: { signatureKeys: { wrong: 'another-key', right: 'the-right-key' } },
    });
    await relay.deliver(sampleBody());
    await relay.drained();
    const [before] = await statusOf(relay);
    await configure(relay, [{ url: receiver.url, signatureKeyName: 'missing' }]);
    await relay.deliver(sampleBody({ email: 'held@example.com' }));
    await until(async () => (await eventOf(relay, 'e2')).forwardings[0]?.state === 'held');
    await configure(relay, [{ url: receiver.url, signatureKeyName: 'right' }]);
    await until(async () => (await eventOf(relay, 'e2')).forwardings[0]?.state === 'sent');
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    await until(async () => (await eventOf(relay, 'e1')).forwardings[0]?.state === 'sent');
    const destinations = await statusOf(relay);
    assert.deepEqual(
      destinations.map(({ destinationId }) => destinationId),
      [before?.destinationId],
    );
  });

  it('is known by its id at another URL, and what waits goes there', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const elsewhere = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ id: 'mine', url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await until(async () => (await statusOf(relay))[0]?.state === 'down');
    const { destinations } = await configure(relay, [{ id: 'mine', url: elsewhere.url, mode: 'raw' }]);
    assert.deepEqual(
      destinations.map((each) => [each.destinationId, each.url, each.configured]),
      [['mine', elsewhere.url, true]],
    );
    const [request] = await elsewhere.received(1);
    assert.equal(request?.text, sampleBody());
    await relay.drained();
  });

  it('is another one at another URL without an id: what waits is still sent to the first', async () => {
    const receiver = await startReceiver();
    await receiver.stop();
    const elsewhere = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    const { destinations } = await configure(relay, [{ url: elsewhere.url }]);
    assert.deepEqual(
      destinations.map(({ url, configured, waiting }) => [url, configured, waiting]),
      [
        [elsewhere.url, true, 0],
        [receiver.url, false, 1],
      ],
    );
    const back = await startReceiver({ port: receiver.port });
    await back.received(1);
    assert.equal(elsewhere.requests.length, 0);
  });
});

describe('Which destination an entry of the settings is', () => {
  const url = 'http://127.0.0.1:9/';
  const known = (id: number, position: number | null, rest: object = {}) => ({
    id,
    position,
    destination: destination(url, rest),
    held: null,
  });
  const S = { types: ['Subscribe'] };
  const U = { types: ['Update'] };
  const D = { types: ['Deactivate'] };
  const found = (entries: object[], rows: ReturnType<typeof known>[]): (number | null)[] =>
    findKnown(
      entries.map((entry) => destination(url, entry)),
      rows,
    );

  it('is told by its filters where they are the same, else by its place among those of the same URL, mode and key', () => {
    const rows = [known(1, 0, S), known(2, 1, U)];
    assert.deepEqual(found([U, S], rows), [2, 1], 'they changed places');
    assert.deepEqual(found([S, D, U], rows), [1, null, 2], 'one came between');
    assert.deepEqual(found([D, U], rows), [1, 2], 'the first has other filters');
    assert.deepEqual(found([S, D], rows), [1, 2]);
    assert.deepEqual(found([D, {}], rows), [1, 2]);
    assert.deepEqual(found([U], rows), [2], 'the first has gone');
    assert.deepEqual(found([D, {}], [known(1, 1, S), known(2, 0, U)]), [2, 1], 'the younger one stands first');
  });

  it('is told by its id alone where both have one, and keeps it when one is given or taken away', () => {
    const rows = [known(1, 0, { id: 'a' }), known(2, 1, { id: 'b' })];
    assert.deepEqual(found([{ id: 'b' }, { id: 'a' }], rows), [2, 1]);
    assert.deepEqual(found([{ id: 'c' }, { id: 'b' }], rows), [null, 2]);
    assert.deepEqual(found([S, U], rows), [1, 2]);
    assert.deepEqual(found([{ id: 'new', ...S }], [known(1, 0, S)]), [1]);
    assert.deepEqual(
      findKnown([destination('http://elsewhere/', { id: 'a', mode: 'raw', signatureKeyName: 'k' })], rows),
      [1],
    );
  });
});
