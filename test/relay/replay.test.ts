import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import type { Forwarding } from '../../src/protocol/history.ts';
import { storeFile } from '../../src/relay/history/history.ts';
import { afterward, temporaryFolder } from './afterward.ts';
import { startReceiver, type ReceivedRequest } from './receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from './stage.ts';
import { until } from './until.ts';

const status = (relay: TestRelay) => relay.client.request('relay/status', {});

const replay = async (
  relay: TestRelay,
  which: Parameters<typeof relay.client.request<'notifications/replay'>>[1],
): Promise<number> => (await relay.client.request('notifications/replay', which)).replayed;

const discard = async (relay: TestRelay, ...ids: string[]): Promise<number> =>
  (await relay.client.request('notifications/discard', ids.length > 0 ? { ids } : { waiting: true })).discarded;

const forwardings = async (relay: TestRelay, id: string): Promise<Forwarding[]> =>
  (await relay.client.request('events/get', { id })).event.forwardings;

const texts = (requests: readonly ReceivedRequest[]): string[] => requests.map((request) => request.text);

/** Answers held back until they are let go. */
function gate(): { readonly wait: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { wait, open };
}

describe('a replay', () => {
  it('sends the same bytes under the same eventId, by the id of a notification, an event or a delivery', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { partSize: 2, destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody({ events: 5 }));
    await receiver.received(3);
    await relay.drained();
    const first = texts(receiver.requests);
    assert.equal(await replay(relay, { ids: ['n2'] }), 1);
    await receiver.received(4);
    await relay.drained();
    assert.equal(await replay(relay, { ids: ['e5'] }), 1);
    await receiver.received(5);
    await relay.drained();
    assert.equal(await replay(relay, { ids: ['d1', 'n1', 'e1'] }), 3);
    await receiver.received(8);
    await relay.drained();
    assert.deepEqual(texts(receiver.requests).slice(3), [first[1], first[2], ...first]);
    assert.deepEqual(receiver.requests[7]?.headers, receiver.requests[2]?.headers);
  });

  it('of several ids sends those that are there, and says how many are gone; so does a discard', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await relay.drained();
    const answer = await relay.client.request('notifications/replay', { ids: ['n40', 'n1', 'e41', 'd42'] });
    assert.deepEqual(answer, { replayed: 1, notificationIds: ['n1'], gone: 3 });
    await receiver.received(2);
    await relay.drained();
    await relay.client.request('debug/pause', {});
    await relay.deliver(sampleBody());
    const discarded = await relay.client.request('notifications/discard', { ids: ['n2', 'n40'] });
    assert.deepEqual(discarded, { discarded: 1, gone: 1 });
    for (const method of ['notifications/replay', 'notifications/discard'] as const)
      await assert.rejects(relay.client.request(method, { ids: ['n40', 'n41'] }), { code: 'not-found' });
  });

  it('takes those that a filter chooses, or those that failed', async () => {
    const receiver = await startReceiver({
      answer: (request) => ({ status: request.text.includes('DELETED') ? 410 : 200 }),
    });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    for (const type of ['Subscribe', 'Deactivate', 'Update', 'Deactivate'] as const)
      await relay.deliver(sampleBody({ type }));
    await relay.drained();
    const first = texts(receiver.requests);
    assert.equal(await replay(relay, { failed: true }), 2);
    await receiver.received(6);
    await relay.drained();
    receiver.answer({});
    assert.equal(await replay(relay, { filter: 'type:deactivate' }), 2);
    await receiver.received(8);
    await relay.drained();
    assert.deepEqual(texts(receiver.requests).slice(4), [first[1], first[3], first[1], first[3]]);
    assert.equal(await replay(relay, { failed: true }), 0);
    assert.deepEqual((await status(relay)).counts.failed, 0);
  });

  it('begins a round of the retry policy anew, and counts its attempts on', async () => {
    const receiver = await startReceiver({ answer: { status: 500 } });
    const relay = await startTestRelay({ delayScale: 0.0001, settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.equal(receiver.requests.length, 6);
    await replay(relay, { ids: ['n1'] });
    await receiver.received(12);
    await relay.drained();
    assert.equal(receiver.requests.length, 12);
    const { attempts } = await relay.client.request('events/get', { id: 'e1' });
    assert.deepEqual(
      attempts.map((each) => each.number),
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    const [forwarding] = await forwardings(relay, 'e1');
    assert.equal(forwarding?.state, 'failed');
    assert.deepEqual([forwarding.attempts, forwarding.ofRound], [12, 6]);
  });

  it('doubles nothing that waits, is held or is under way', async () => {
    const opened = gate();
    const receiver = await startReceiver({
      answer: async () => {
        await opened.wait;
        return {};
      },
    });
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url }, { url: `${receiver.url}/held`, signatureKeyName: 'k' }] },
    });
    for (let i = 0; i < 4; i++) await relay.deliver(sampleBody());
    await receiver.received(1);
    assert.equal(await replay(relay, { ids: ['d1', 'd2', 'd3', 'd4'] }), 0);
    assert.equal(await replay(relay, { filter: '' }), 0);
    opened.open();
    await relay.drained();
    assert.equal(receiver.requests.length, 4);
    assert.equal((await status(relay)).counts.held, 4);
  });

  it('of what waits to be tried again is tried now, with a new round, and goes out once', async () => {
    const receiver = await startReceiver({ answer: (_, number) => ({ status: number % 3 === 1 ? 503 : 200 }) });
    for (const strictOrder of [false, true]) {
      const relay = await startTestRelay({
        settings: { destinations: [{ url: receiver.url, strictOrder }], retry: 'cloud-elements' },
      });
      const before = receiver.requests.length;
      await relay.deliver(sampleBody({ email: 'first@example.com' }));
      await until(async () => (await forwardings(relay, 'e1'))[0]?.nextAttemptAt != null);
      await relay.deliver(sampleBody({ email: 'second@example.com' }));
      assert.equal(await replay(relay, { ids: ['n1'] }), 1);
      await relay.drained();
      const sent = texts(receiver.requests).slice(before);
      assert.equal(sent.length, 3);
      assert.equal(sent.filter((each) => each.includes('first@')).length, 2);
      if (strictOrder) assert.match(sent[1] ?? '', /first@/);
      const [forwarding] = await forwardings(relay, 'e1');
      assert.deepEqual([forwarding?.state, forwarding?.attempts, forwarding?.ofRound], ['sent', 2, 1]);
      await relay.stop();
    }
  });

  it('goes to another destination where one is named, and no longer to the first', async () => {
    const one = await startReceiver();
    const two = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: one.url }] } });
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.equal(await replay(relay, { ids: ['d1'], to: { url: two.url } }), 1);
    await two.received(1);
    await relay.drained();
    assert.deepEqual(texts(two.requests), texts(one.requests));
    assert.deepEqual(
      (await forwardings(relay, 'e1')).map((each) => [each.destination, each.state]),
      [
        [one.url, 'sent'],
        [two.url, 'sent'],
      ],
    );
    assert.deepEqual(
      (await status(relay)).destinations.map((each) => each.url),
      [one.url],
    );
  });

  it('of what had no destination goes to those of the settings now that take it, each what is for its mode', async () => {
    const all = await startReceiver();
    const updates = await startReceiver();
    const otherList = await startReceiver();
    const raw = await startReceiver();
    const relay = await startTestRelay({ settings: { partSize: 2 } });
    const subscribes = sampleBody({ events: 3, list: 'a'.repeat(32) });
    const update = sampleBody({ type: 'Update', list: 'a'.repeat(32) });
    await relay.deliver(subscribes);
    await relay.deliver(update);
    assert.equal(await replay(relay, { filter: '' }), 0);
    await relay.client.request('relay/configure', {
      settings: {
        destinations: [
          { url: all.url },
          { url: updates.url, types: ['Update'] },
          { url: otherList.url, lists: ['b'.repeat(32)] },
          { url: raw.url, mode: 'raw' },
        ],
      },
    });
    assert.equal(await replay(relay, { ids: ['d1', 'd2'] }), 3);
    await all.received(3);
    await updates.received(1);
    await raw.received(2);
    await relay.drained();
    assert.deepEqual(texts(raw.requests), [subscribes, update]);
    assert.deepEqual([all.requests.length, updates.requests.length, otherList.requests.length], [3, 1, 0]);
    assert.equal(updates.requests[0]?.text, all.requests[2]?.text);
  });

  it('to a URL sends the raw body once, however many parts, if only raw destinations got the delivery', async () => {
    const raw = await startReceiver();
    const other = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: raw.url, mode: 'raw' }] } });
    const body = sampleBody({ events: 25 });
    await relay.deliver(body);
    await raw.received(1);
    await relay.drained();
    const to = { url: other.url };
    // An event of each part, the delivery, and a filter; again after the URL got it raw.
    for (const which of [{ ids: ['e1'] }, { ids: ['e25'] }, { ids: ['e1', 'e25'] }, { ids: ['d1'] }, { filter: '' }]) {
      const before = other.requests.length;
      assert.equal(await replay(relay, { ...which, to }), 1);
      await other.received(before + 1);
      await relay.drained();
    }
    assert.deepEqual(
      texts(other.requests),
      other.requests.map(() => body),
    );
    assert.equal(await replay(relay, { ids: ['d1'], to: { ...to, mode: 'normalized' } }), 2);
    await other.received(7);
    await relay.drained();
    assert.ok(other.requests.slice(5).every((request) => request.header('elements-webhook-id') !== undefined));
  });

  it('to a URL sends every part as a notification if any part went to a destination that isn’t raw', async () => {
    const raw = await startReceiver();
    const updates = await startReceiver();
    const other = await startReceiver();
    const relay = await startTestRelay({
      settings: {
        destinations: [
          { url: raw.url, mode: 'raw' },
          { url: updates.url, types: ['Update'] },
        ],
      },
    });
    const body = JSON.parse(sampleBody({ events: 45 })) as { Events: object[] };
    // The only Update is in the second of three parts.
    body.Events[30] = { ...body.Events[30], Type: 'Update' };
    await relay.deliver(JSON.stringify(body));
    await raw.received(1);
    await updates.received(1);
    await relay.drained();
    const to = { url: other.url };
    const all = [{ ids: ['e1', 'e31', 'e45'] }, { ids: ['d1'] }, { filter: '' }] as const;
    for (const [index, which] of all.entries()) {
      assert.equal(await replay(relay, { ...which, to } as never), 3);
      await other.received(3 * (index + 1));
      await relay.drained();
    }
    assert.equal(await replay(relay, { ids: ['e45'], to }), 1);
    await other.received(10);
    await relay.drained();
    assert.ok(other.requests.every((request) => request.header('elements-webhook-id') !== undefined));
    assert.equal(new Set(texts(other.requests)).size, 3);
  });

  it('is the same to the byte after a restart under any other settings', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const destinations = [{ url: receiver.url }];
    const first = await startTestRelay({
      dataDir,
      settings: { destinations, timeZone: 'Australia/Sydney', identity: { instanceId: 7, instanceTags: ['a'] } },
    });
    for (const { text } of sampleDeliveries({
      types: ['Subscribe', 'Update', 'Deactivate'],
      count: 3,
      batch: 30,
      seed: 4,
    }))
      await first.deliver(text);
    await first.drained();
    const before = texts(receiver.requests);
    await first.stop();
    const second = await startTestRelay({
      dataDir,
      settings: {
        destinations,
        timeZone: 'UTC',
        partSize: 3,
        mapping: { objectType: 'x' },
        identity: { instanceId: 8 },
      },
    });
    assert.equal(await replay(second, { filter: '' }), before.length);
    await receiver.received(2 * before.length);
    await second.drained();
    assert.deepEqual(texts(receiver.requests).slice(before.length), before);
  });

  it('of what is no longer known, or of nothing chosen, is refused', async () => {
    const relay = await startTestRelay();
    await assert.rejects(replay(relay, { ids: ['n7'] }));
    await assert.rejects(replay(relay, {}), /nothing selected/);
  });
});

describe('discarding', () => {
  it('gives up what waits or is held by ids of each kind, and leaves what is done', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await relay.drained();
    await receiver.stop();
    for (let i = 0; i < 5; i++) await relay.deliver(sampleBody());
    assert.equal(await discard(relay, 'd1', 'd2', 'e3', 'n4'), 3);
    assert.deepEqual(
      await Promise.all(
        ['e1', 'e2', 'e3', 'e4', 'e5', 'e6'].map(async (id) => (await forwardings(relay, id))[0]?.state),
      ),
      ['sent', 'discarded', 'discarded', 'discarded', 'waiting', 'waiting'],
    );
    const back = await startReceiver({ port: receiver.port });
    await back.received(2);
    await relay.drained();
    assert.equal(back.requests.length, 2);
    const { counts } = await status(relay);
    assert.deepEqual([counts.sent, counts.discarded, counts.waiting], [3, 3, 0]);
  });

  it('of what is being retried ends it', async () => {
    const receiver = await startReceiver({ answer: { status: 503 } });
    const relay = await startTestRelay({ delayScale: 0.05, settings: { destinations: [{ url: receiver.url }] } });
    await relay.deliver(sampleBody());
    await until(async () => (await forwardings(relay, 'e1'))[0]!.attempts > 0);
    await discard(relay);
    const came = receiver.requests.length;
    // Another goes the whole way meanwhile.
    await relay.deliver(sampleBody());
    await relay.drained();
    assert.equal(receiver.requests.length, came + 6);
    assert.equal((await forwardings(relay, 'e1'))[0]?.state, 'discarded');
  });

  for (const [name, answer, state] of [
    ['a success', { status: 200 }, 'sent'],
    ['an answer that would be retried', { status: 503 }, 'discarded'],
    ['a broken connection', 'reset', 'discarded'],
    ['a refusal', { status: 400 }, 'discarded'],
  ] as const) {
    it(`while it is under way lets the answer come, and sends nothing again: ${name}`, async () => {
      const opened = gate();
      const receiver = await startReceiver({
        answer: async (_, number) => {
          if (number > 1) return {};
          await opened.wait;
          return answer;
        },
      });
      const relay = await startTestRelay({ delayScale: 0.0001, settings: { destinations: [{ url: receiver.url }] } });
      await relay.deliver(sampleBody());
      await receiver.received(1);
      assert.equal(await discard(relay), 1);
      opened.open();
      await until(async () => (await relay.client.request('events/get', { id: 'e1' })).attempts.length === 1);
      const [forwarding] = await forwardings(relay, 'e1');
      assert.deepEqual([forwarding?.state, forwarding?.nextAttemptAt], [state, null]);
      // What comes next is sent, and this once.
      await relay.deliver(sampleBody());
      await relay.drained();
      assert.equal(receiver.requests.length, 2);
      const { counts } = await status(relay);
      assert.equal(counts.sent + counts.discarded, 2);
    });
  }

  it('all that waits, while deliveries pour in, strands none of them', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const body = { text: sampleBody() };
    const done: Promise<unknown>[] = [];
    for (let i = 0; i < 300; i++) {
      done.push(relay.client.request('deliveries/inject', { body }));
      if (i % 10 === 5) done.push(discard(relay));
      if (i % 30 === 0) await done.at(-1);
    }
    await Promise.all(done);
    await relay.drained();
    const { counts } = await status(relay);
    assert.equal(counts.sent + counts.discarded, 300);
    assert.ok(counts.discarded > 0);
    assert.equal(new Set(texts(receiver.requests)).size, receiver.requests.length);
    assert.ok(receiver.requests.length >= counts.sent);
  });
});

describe('a replay of which a part cannot be written', () => {
  it('says so, and sends the rest all the same', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    for (let i = 0; i < 3; i++) await relay.deliver(sampleBody());
    await receiver.received(3);
    await relay.drained();
    // Whoever opens the file from then on refuses it.
    await relay.client.request('events/query', {});
    const file = new DatabaseSync(storeFile(relay.dataDir));
    afterward(() => file.close());
    file.exec(
      `CREATE TRIGGER no BEFORE UPDATE ON forwardings WHEN old.notification_id = 2 BEGIN SELECT RAISE(ABORT, 'not today'); END`,
    );
    await assert.rejects(relay.client.request('notifications/replay', { ids: ['d1', 'd2', 'd3'] }), /not today/);
    await receiver.received(5);
    const ids = receiver.requests.map((request) => (request.json() as { id: string }).id);
    assert.deepEqual(ids, ['1', '2', '3', '1', '3']);
    await relay.drained();
  });
});
