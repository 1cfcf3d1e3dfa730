import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import type { Stop } from '../../../src/protocol/debug.ts';
import type { Result } from '../../../src/protocol/methods.ts';
import { connectToRelay } from '../../../src/protocol/relay-client.ts';
import { Breakpoints } from '../../../src/relay/gate/breakpoints.ts';
import { Gate } from '../../../src/relay/gate/gate.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { Store } from '../../../src/relay/log/store.ts';
import type { Passage } from '../../../src/relay/sending/lane.ts';
import { targetOf } from '../../../src/relay/sending/target.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { startReceiver, type ReceivedRequest, type Receiver } from '../receiver.ts';
import { deliveryRecord, destinationId } from '../records.ts';
import { sampleBody, startTestRelay, type TestRelay, type TestRelayOptions } from '../stage.ts';
import { until } from '../until.ts';

const terminal = { kind: 'terminal', id: '4711' } as const;

function addressIn({ text }: ReceivedRequest): string | undefined {
  return /[\w-]+@example\.org/.exec(text)?.[0];
}

async function startWith(receiver: Receiver, options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ delayScale: 0.002, ...options });
  await relay.client.request('relay/configure', { settings: { destinations: [{ id: 'one', url: receiver.url }] } });
  return relay;
}

async function deliver(relay: TestRelay, ...names: string[]): Promise<void> {
  for (const name of names) {
    assert.equal((await relay.deliver(sampleBody({ email: `${name}@example.org` }))).status, 200);
  }
}

async function sending(relay: TestRelay): Promise<NonNullable<Result<'relay/status'>['sending']>> {
  const { sending } = await relay.client.request('relay/status', {});
  return sending;
}

async function heldIds(relay: TestRelay): Promise<string[]> {
  const { held } = await relay.client.request('debug/held', {});
  return held.map(({ notificationId }) => notificationId);
}

describe('Pausing, stepping and continuing', () => {
  it('acknowledges and stores what comes while sending is paused, holds it in order, and sends nothing', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const told: Stop[] = [];
    relay.client.on('debug/stopped', ({ stop }) => told.push(stop));
    await relay.client.request('debug/pause', { by: terminal });
    await deliver(relay, 'a', 'b', 'c');
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map((each) => [each.notificationId, each.destinationId, each.heldBy, each.detail]),
      ['n1', 'n2', 'n3'].map((id) => [id, 'one', 'pause', 'sending is paused']),
    );
    const state = await sending(relay);
    assert.ok(state.state === 'paused');
    assert.deepEqual(state.by, { kind: 'client', client: terminal });
    assert.deepEqual(state.held, { pause: 3, breakpoint: 0, missingKey: 0, destination: 0 });
    assert.equal(told.length, 1);
    assert.equal(told[0]?.reason, 'pause');
    const { events } = await relay.client.request('events/query', { filter: 'state:held' });
    assert.deepEqual(
      events.flatMap((row) => row.forwardings.map(({ heldBy }) => heldBy)),
      ['pause', 'pause', 'pause'],
    );
    // What is sent goes out in this turn: it would have come.
    await relay.client.request('debug/step', {});
    await receiver.received(1);
    assert.deepEqual(receiver.requests.map(addressIn), ['a@example.org']);
    assert.deepEqual(await heldIds(relay), ['n2', 'n3']);
  });

  it('steps to the next in order, or to the one that is named, and continues with all the others in order', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a', 'b', 'c', 'd');
    const { released } = await relay.client.request('debug/step', { id: 'n3' });
    assert.deepEqual(
      released.map(({ notificationId }) => notificationId),
      ['n3'],
    );
    await receiver.received(1);
    await relay.client.request('debug/step', {});
    await receiver.received(2);
    const { released: others, sending: after } = await relay.client.request('debug/continue', {});
    assert.equal(others, 2);
    assert.equal(after.state, 'flowing');
    await receiver.received(4);
    await deliver(relay, 'e');
    await receiver.received(5);
    assert.deepEqual(
      receiver.requests.map(addressIn),
      ['c', 'a', 'b', 'd', 'e'].map((name) => `${name}@example.org`),
    );
    await relay.drained();
    const { counts } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.held, counts.sent], [0, 5]);
  });

  it('holds what waited for a retry and for its turn, and lets what is under way be answered', async () => {
    let release: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (release = resolve));
    const receiver = await startReceiver({
      answer: async (_, number) => {
        if (number === 1) await answered;
        return number === 1 ? { status: 503 } : {};
      },
    });
    const relay = await startWith(receiver);
    await deliver(relay, 'a', 'b');
    await receiver.received(1);
    await relay.client.request('debug/pause', {});
    assert.deepEqual(await heldIds(relay), ['n2'], 'what is under way is not held');
    release();
    await until(async () => (await heldIds(relay)).length === 2, undefined, 'it is held where it would be tried again');
    assert.equal(receiver.requests.length, 1);
    await relay.client.request('debug/continue', {});
    await receiver.received(3);
    await relay.drained();
    const { events } = await relay.client.request('events/query', {});
    assert.deepEqual(
      events.map((row) => row.forwardings.map(({ state, attempts }) => [state, attempts])),
      [[['sent', 1]], [['sent', 2]]],
    );
  });

  it('is paused, with all that is held, when the relay is started again, and says so', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const first = await startWith(receiver, { dataDir });
    await first.client.request('debug/pause', { by: terminal });
    await deliver(first, 'a', 'b');
    await first.stop();
    const relay = await startWith(receiver, { dataDir });
    await deliver(relay, 'c');
    const state = await sending(relay);
    assert.ok(state.state === 'paused');
    assert.deepEqual([state.by, state.held.pause], [{ kind: 'client', client: terminal }, 3]);
    assert.ok(relay.log.some(({ message }) => message.includes('sending has been paused') && message.includes('4711')));
    await relay.client.request('debug/continue', {});
    const requests = await receiver.received(3);
    assert.deepEqual(
      requests.map(addressIn),
      ['a', 'b', 'c'].map((name) => `${name}@example.org`),
    );
  });

  it('stays paused, for clients as on disk, where it is paused while it is being continued', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a');
    const told: string[] = [];
    relay.client.on('debug/continued', () => told.push('continued'));
    // Both within one commit.
    const [continued, paused] = await Promise.all([
      relay.client.request('debug/continue', {}),
      relay.client.request('debug/pause', {}),
    ]);
    assert.deepEqual([continued.sending.state, paused.sending.state], ['paused', 'paused']);
    const { event } = await relay.client.request('events/get', { id: 'e1' });
    assert.equal(event.forwardings[0]?.state, 'held');
    await relay.client.request('debug/drop', { id: 'n1' });
    assert.deepEqual([told, receiver.requests.length], [[], 0]);
    await relay.stop();
    const again = await startTestRelay({ dataDir: relay.dataDir });
    assert.equal((await sending(again)).state, 'paused');
  });

  it('holds a replay as well, which is sent where it is stepped to', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await deliver(relay, 'a');
    await receiver.received(1);
    await relay.drained();
    await relay.client.request('debug/pause', {});
    const { replayed } = await relay.client.request('notifications/replay', { ids: ['e1'] });
    assert.equal(replayed, 1);
    assert.deepEqual(await heldIds(relay), ['n1']);
    await relay.client.request('debug/step', { id: 'e1' });
    await receiver.received(2);
    assert.equal(receiver.requests[0]?.text, receiver.requests[1]?.text);
    await relay.drained();
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    assert.deepEqual(await heldIds(relay), ['n1'], 'each replay anew');
  });

  it('has one word for what is held for a missing key, which neither a step nor continuing sends', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay();
    const keyed = { id: 'one', url: receiver.url, signatureKeyName: 'signing' };
    await relay.client.request('relay/configure', { settings: { destinations: [keyed] } });
    await deliver(relay, 'a');
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual([held[0]?.heldBy, held.length], ['missing-key', 1]);
    await assert.rejects(relay.client.request('debug/step', { id: 'n1' }), {
      message: 'n1 is on hold: the signature key "signing" has not been supplied',
      advice: 'give-key',
    });
    await relay.client.request('debug/pause', {});
    await relay.client.request('relay/configure', { secrets: { signatureKeys: { signing: 'a-signature-key' } } });
    // Its key has come: it is held for the other reason.
    await until(async () => (await relay.client.request('debug/held', {})).held[0]?.heldBy === 'pause');
    assert.deepEqual((await sending(relay)).held, { pause: 1, breakpoint: 0, missingKey: 0, destination: 0 });
    await relay.client.request('relay/configure', { secrets: { signatureKeys: { signing: null } } });
    const { released } = await relay.client.request('debug/continue', {});
    assert.equal(released, 0, 'its key holds it on');
    assert.deepEqual((await sending(relay)).held, { pause: 0, breakpoint: 0, missingKey: 1, destination: 0 });
    assert.equal(receiver.requests.length, 0);
    await relay.client.request('relay/configure', { secrets: { signatureKeys: { signing: 'a-signature-key' } } });
    await receiver.received(1);
  });

  it('says that what the settings of its destination hold is held by that, and sends it when they no longer do', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay();
    const held = { id: 'one', url: receiver.url, held: 'nobody has agreed to it yet' };
    await relay.client.request('relay/configure', { settings: { destinations: [held] } });
    await deliver(relay, 'a');
    const { held: all } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      all.map(({ heldBy, detail }) => [heldBy, detail]),
      [['destination', 'nobody has agreed to it yet']],
    );
    assert.deepEqual((await sending(relay)).held, { pause: 0, breakpoint: 0, missingKey: 0, destination: 1 });
    await assert.rejects(relay.client.request('debug/step', { id: 'n1' }), { message: /nobody has agreed to it yet$/ });
    await relay.client.request('relay/configure', {
      settings: { destinations: [{ id: 'one', url: receiver.url }] },
    });
    await receiver.received(1);
  });

  it('keeps what is held whatever is cleared and retained, and of a destination that leaves the settings', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a', 'b');
    await relay.client.request('relay/configure', {
      settings: { destinations: [], retention: { maxDeliveries: 1, maxBytes: 1_000_000 } },
    });
    await relay.client.request('events/clear', {});
    assert.deepEqual(await heldIds(relay), ['n1', 'n2']);
    const { destinations } = await relay.client.request('relay/status', {});
    assert.deepEqual(
      destinations.map((each) => [each.destinationId, each.configured, each.waiting]),
      [['one', false, 2]],
    );
    await relay.client.request('debug/continue', {});
    await receiver.received(2);
  });

  it('holds in a later pause what an earlier one let go, while its destination is down', async () => {
    const away = await startReceiver();
    const { port } = away;
    await away.stop();
    const relay = await startWith(away);
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a', 'b');
    await relay.client.request('debug/step', {});
    await until(async () => (await relay.client.request('relay/status', {})).destinations[0]?.state === 'down');
    await relay.client.request('debug/continue', {});
    await relay.client.request('debug/pause', {});
    await until(async () => (await heldIds(relay)).length === 2);
    const back = await startReceiver({ port });
    await relay.client.request('debug/step', { id: 'n2' });
    await back.received(1);
    assert.deepEqual(back.requests.map(addressIn), ['b@example.org']);
  });

  it('stays as it was where pausing or continuing could not be written', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const file = new DatabaseSync(storeFile(relay.dataDir));
    afterward(() => file.close());
    const fail = (): void =>
      file.exec(
        `CREATE TRIGGER no BEFORE INSERT ON meta WHEN new.key = 'sending' BEGIN SELECT RAISE(ABORT, 'not today'); END`,
      );
    const fix = (): void => file.exec('DROP TRIGGER no');
    // Whoever opens the file from now on refuses it.
    await relay.client.request('events/query', {});
    fail();
    await assert.rejects(relay.client.request('debug/pause', {}), /not today/);
    assert.equal((await sending(relay)).state, 'flowing');
    await deliver(relay, 'a');
    await receiver.received(1);
    fix();
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'b', 'c');
    fail();
    await assert.rejects(relay.client.request('debug/continue', {}), /not today/);
    assert.deepEqual([(await sending(relay)).state, await heldIds(relay)], ['paused', ['n2', 'n3']]);
    // It goes out in this turn: n2 would have come before.
    await relay.client.request('debug/step', { id: 'n3' });
    await receiver.received(2);
    assert.deepEqual(receiver.requests.map(addressIn), ['a@example.org', 'c@example.org']);
  });

  it('keeps the order under strictOrder where it goes on before a failed attempt is recorded', async () => {
    const receiver = await startReceiver({ answer: (_, number) => ({ status: number === 1 ? 503 : 200 }) });
    // In the very turn in which it stops.
    const relay = await startTestRelay({
      delayScale: 0.002,
      log: ({ message }) => {
        if (message.startsWith('sending stopped')) void relay.client.request('debug/continue', {});
      },
    });
    await relay.client.request('relay/configure', {
      settings: { destinations: [{ id: 'one', url: receiver.url, strictOrder: true }] },
    });
    await relay.client.request('debug/breakpoints', { add: [{ at: 'failed-attempt' }] });
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a', 'b');
    await relay.client.request('debug/continue', {});
    await receiver.received(3);
    assert.deepEqual(
      receiver.requests.map(addressIn),
      ['a', 'a', 'b'].map((name) => `${name}@example.org`),
    );
  });
});

describe('Editing what is held', () => {
  it('sends the edited body in its place, drops the original, and says of each which is the other', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a', 'b');
    const edited = await relay.client.request('debug/edit', {
      id: 'e1',
      body: { text: sampleBody({ email: 'edited@example.org' }) },
    });
    assert.deepEqual([edited.delivery.editOf, edited.delivery.injected], ['d1', true]);
    assert.deepEqual(
      edited.dropped.map(({ notificationId }) => notificationId),
      ['n1'],
    );
    await receiver.received(1);
    assert.deepEqual(receiver.requests.map(addressIn), ['edited@example.org']);
    await relay.drained();
    const { notifications } = await relay.client.request('deliveries/get', { id: 'd1' });
    assert.deepEqual(
      notifications.flatMap((each) => each.forwardings.map(({ state, detail }) => [state, detail])),
      [['discarded', 'edited: replaced by d3']],
    );
    assert.equal((await relay.client.request('deliveries/get', { id: 'd3' })).delivery.editOf, 'd1');
    assert.deepEqual(await heldIds(relay), ['n2'], 'sending is paused on');
  });

  it('refuses a body that could not be sent, and the original is still held', async () => {
    const relay = await startWith(await startReceiver());
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a');
    const edit = (text: string) => relay.client.request('debug/edit', { id: 'n1', body: { text } });
    await assert.rejects(edit('{"Events":'), { message: /would be rejected: .*still held$/, advice: 'mend-body' });
    await assert.rejects(edit('{}'), { message: /contains no events\. The original is still held$/ });
    assert.deepEqual(await heldIds(relay), ['n1']);
    assert.equal((await relay.client.request('relay/status', {})).counts.deliveries, 1);
  });

  it('discards nothing at a destination that the edit does not go to', async () => {
    const [one, two] = [await startReceiver(), await startReceiver()];
    const relay = await startTestRelay();
    await relay.client.request('relay/configure', {
      settings: {
        destinations: [
          { id: 'one', url: one.url, types: ['Subscribe'] },
          { id: 'two', url: two.url },
        ],
      },
    });
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a');
    const edited = await relay.client.request('debug/edit', {
      id: 'd1',
      body: { text: sampleBody({ type: 'Update', email: 'edited@example.org' }) },
    });
    await two.received(1);
    const { notifications } = await relay.client.request('deliveries/get', { id: 'd1' });
    assert.deepEqual(
      notifications.flatMap((each) => each.forwardings.map(({ destinationId, state }) => [destinationId, state])),
      [
        ['one', 'held'],
        ['two', 'discarded'],
      ],
    );
    assert.deepEqual(
      edited.dropped.map(({ destinationId }) => destinationId),
      ['two'],
    );
    await relay.client.request('debug/continue', {});
    await one.received(1);
    assert.deepEqual(
      [one, two].map((each) => each.requests.map(addressIn)),
      [['a@example.org'], ['edited@example.org']],
    );
  });

  it('makes it nobody else’s until that is done: neither sent, nor stepped to, nor dropped', async () => {
    const store = new Store(storeFile(temporaryFolder()));
    afterward(() => store.close());
    const nothing = (): void => undefined;
    const gate = new Gate({
      ...{ store, breakpoints: new Breakpoints(), matching: () => [] },
      ...{ isUnderWay: () => false, underWay: () => [] },
      ...{ onMoved: nothing, onStopped: nothing, onContinued: nothing, log: nothing },
    });
    gate.open();
    await gate.pause({ kind: 'other' });
    const to = destinationId(store);
    const record = deliveryRecord(store, { to: [to] });
    await store.add(record);
    const { id } = record.notifications[0]!;
    const target = targetOf(to, store.destinations.get(to)!, true, {
      signatureKeys: new Map(),
      credentials: new Map(),
    });
    const passage = (): Passage => gate.verdict(store.forwardings.waiting(to, null, 0, 1)[0]!, target);
    await gate.replace([id], async (held) => {
      assert.equal(held.length, 1);
      assert.deepEqual([await gate.step([id]), await gate.step(undefined), await gate.drop([id])], [[], [], []]);
      await gate.continue();
      assert.equal(passage(), 'not-now');
    });
    assert.equal(passage(), 'send');
  });
});

describe('Breakpoints', () => {
  it('stop before an event is sent that meets one, hold it and what comes behind it, and go on to the next that stops', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const stops: Stop[] = [];
    relay.client.on('debug/stopped', ({ stop }) => stops.push(stop));
    const { breakpoints } = await relay.client.request('debug/breakpoints', {
      owner: 'terminal',
      add: [{ at: 'event', condition: 'address:stop' }],
    });
    assert.deepEqual(
      breakpoints.map(({ id, owner }) => [id, owner]),
      [['b1', 'terminal']],
    );
    await deliver(relay, 'a', 'stop-1', 'b', 'stop-2', 'c');
    await until(() => stops.length === 1);
    assert.deepEqual(
      [stops[0]?.breakpointIds, stops[0]?.eventId, stops[0]?.notificationId, stops[0]?.destinationId, stops[0]?.place],
      [['b1'], 'e2', 'n2', 'one', 'event'],
    );
    await until(async () => (await heldIds(relay)).length === 4);
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map((each) => [each.notificationId, each.heldBy, each.breakpointId]),
      [
        ['n2', 'breakpoint', 'b1'],
        ['n3', 'pause', null],
        ['n4', 'pause', null],
        ['n5', 'pause', null],
      ],
    );
    await relay.client.request('debug/continue', {});
    await until(() => stops.length === 2);
    await receiver.received(3);
    assert.deepEqual(
      receiver.requests.map(addressIn),
      ['a', 'stop-1', 'b'].map((name) => `${name}@example.org`),
    );
    await relay.client.request('debug/continue', {});
    await receiver.received(5);
    const [after] = (await relay.client.request('debug/breakpoints', {})).breakpoints;
    assert.deepEqual(
      [after?.lookedAt, after?.met, after?.stops, after?.lastNotStopped?.why],
      [5, 2, 2, 'condition-not-met'],
    );
  });

  it('stop where an attempt failed, and hold the retry', async () => {
    const receiver = await startReceiver({ answer: (_, number) => ({ status: number === 1 ? 503 : 200 }) });
    const relay = await startWith(receiver);
    const stops: Stop[] = [];
    relay.client.on('debug/stopped', ({ stop }) => stops.push(stop));
    await relay.client.request('debug/breakpoints', {
      add: [{ at: 'failed-attempt', condition: 'type:subscribe' }],
    });
    await deliver(relay, 'a', 'b');
    await until(() => stops.length === 1);
    assert.deepEqual([stops[0]?.place, stops[0]?.attempt, stops[0]?.notificationId], ['failed-attempt', 1, 'n1']);
    await until(async () => (await heldIds(relay)).length === 2);
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map((each) => [each.notificationId, each.heldBy, each.attempts]),
      [
        ['n1', 'breakpoint', 1],
        ['n2', 'pause', 0],
      ],
    );
    await relay.client.request('debug/continue', {});
    await receiver.received(3);
    await relay.drained();
  });

  it('hold the retry of what was stepped to as well', async () => {
    const receiver = await startReceiver({ answer: { status: 503 } });
    const relay = await startWith(receiver);
    await relay.client.request('debug/breakpoints', { add: [{ at: 'failed-attempt' }] });
    await relay.client.request('debug/pause', {});
    await deliver(relay, 'a');
    const stopped = new Promise((resolve) => relay.client.on('debug/stopped', resolve));
    await relay.client.request('debug/step', {});
    await stopped;
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map((each) => [each.notificationId, each.heldBy, each.attempts]),
      [['n1', 'breakpoint', 1]],
    );
  });

  it('before an event are not asked about its retries', async () => {
    const receiver = await startReceiver({ answer: (_, number) => ({ status: number === 1 ? 503 : 200 }) });
    const relay = await startWith(receiver);
    await relay.client.request('debug/breakpoints', { add: [{ at: 'event', condition: 'type:update' }] });
    await deliver(relay, 'a');
    await receiver.received(2);
    const [after] = (await relay.client.request('debug/breakpoints', {})).breakpoints;
    assert.deepEqual([after?.lookedAt, after?.met], [1, 0]);
  });

  it('stop at a replay of what stopped at them before, which a pause alone holds until then', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/breakpoints', { add: [{ at: 'event' }] });
    const stopped = (): Promise<unknown> => new Promise((resolve) => relay.client.on('debug/stopped', resolve));
    const by = async (): Promise<unknown> => {
      const { held } = await relay.client.request('debug/held', {});
      return held.map((each) => [each.heldBy, each.breakpointId]);
    };
    const first = stopped();
    await deliver(relay, 'a');
    await first;
    await relay.client.request('debug/drop', { id: 'n1' });
    await relay.client.request('notifications/replay', { ids: ['n1'] });
    assert.deepEqual(await by(), [['pause', null]]);
    const second = stopped();
    await relay.client.request('debug/continue', {});
    await second;
    assert.deepEqual([await by(), receiver.requests.length], [[['breakpoint', 'b1']], 0]);
  });

  it('stop where a signature is wrong, and where a delivery is rejected', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const stops: Stop[] = [];
    relay.client.on('debug/stopped', ({ stop }) => stops.push(stop));
    await relay.client.request('relay/configure', { secrets: { verifyKeys: { platform: 'key' } } });
    await relay.client.request('debug/breakpoints', {
      add: [{ at: 'wrong-signature' }, { at: 'rejected', condition: 'kind:rejected' }],
    });
    await relay.deliver('no json');
    await until(() => stops.length === 1);
    assert.deepEqual([stops[0]?.place, stops[0]?.deliveryId, stops[0]?.notificationId], ['rejected', 'd1', null]);
    await relay.client.request('debug/continue', {});
    const platform = { message: { events: [{ eventType: 'CREATED', objectId: 'b@example.org' }], eventId: 'x' } };
    await relay.client.request('deliveries/inject', {
      source: 'open-connectors',
      body: { text: JSON.stringify(platform) },
    });
    await until(() => stops.length === 2);
    assert.deepEqual([stops[1]?.place, stops[1]?.breakpointIds], ['wrong-signature', ['b1']]);
    const { held } = await relay.client.request('debug/held', {});
    assert.deepEqual(
      held.map((each) => [each.notificationId, each.heldBy, each.breakpointId]),
      [['n1', 'breakpoint', 'b1']],
    );
    assert.equal(receiver.requests.length, 0);
  });

  for (const [what, first] of [
    ['before', 'debug/continue'],
    ['after', 'deliveries/inject'],
  ] as const) {
    it(`stop at what comes while sending is being continued, ${what} it, and are the last that is told`, async () => {
      const receiver = await startReceiver();
      const relay = await startWith(receiver);
      await relay.client.request('relay/configure', { secrets: { verifyKeys: { platform: 'key' } } });
      await relay.client.request('debug/breakpoints', { add: [{ at: 'wrong-signature' }] });
      await relay.client.request('debug/pause', {});
      const told: string[] = [];
      relay.client.on('debug/continued', () => told.push('continued'));
      relay.client.on('debug/stopped', ({ stop, sending }) => told.push(`${stop.place} ${sending.state}`));
      const platform = { message: { events: [{ eventType: 'CREATED', objectId: 'b@example.org' }], eventId: 'x' } };
      const body = { text: JSON.stringify(platform) };
      const ways: Record<string, () => Promise<unknown>> = {
        'debug/continue': () => relay.client.request('debug/continue', {}),
        'deliveries/inject': () => relay.client.request('deliveries/inject', { source: 'open-connectors', body }),
      };
      const { [first]: begin, ...others } = ways;
      assert.ok(begin);
      // Both within one commit.
      await Promise.all([begin(), ...Object.values(others).map((go) => go())]);
      await until(() => told.length > 0);
      assert.deepEqual(told, ['wrong-signature paused']);
      const { held } = await relay.client.request('debug/held', {});
      assert.deepEqual(
        held.map((each) => [each.notificationId, each.heldBy]),
        [['n1', 'breakpoint']],
      );
      assert.equal(receiver.requests.length, 0);
    });
  }

  it('are asked about every event of a batch, and name the one that met them', async () => {
    const relay = await startWith(await startReceiver());
    const stops: Stop[] = [];
    relay.client.on('debug/stopped', ({ stop }) => stops.push(stop));
    const body = JSON.parse(sampleBody({ events: 5 })) as { Events: { EmailAddress: string }[] };
    body.Events[3]!.EmailAddress = 'fourth@example.org';
    await relay.client.request('debug/breakpoints', {
      add: [{ at: 'event', condition: 'address:fourth' }],
    });
    await relay.deliver(JSON.stringify(body));
    await until(() => stops.length === 1);
    assert.equal(stops[0]?.eventId, 'e4');
  });

  it('find words in any value of an event, as the history does, and say when they found none', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/breakpoints', { add: [{ at: 'event', condition: 'ophel type:subscribe' }] });
    await deliver(relay, 'a');
    await receiver.received(1);
    const { breakpoints } = await relay.client.request('debug/breakpoints', {});
    assert.deepEqual(
      breakpoints.map(({ lookedAt, met, lastNotStopped }) => [lookedAt, met, lastNotStopped?.text]),
      [[1, 0, 'no event matched the condition']],
    );
    const told = new Promise<Stop>((resolve) => relay.client.on('debug/stopped', ({ stop }) => resolve(stop)));
    const events = ['Hamlet', 'Ophélia'].map((Name) => ({ Type: 'Subscribe', EmailAddress: 'x@example.org', Name }));
    await relay.deliver(JSON.stringify({ ListID: 'l', Events: events }));
    const { eventId, text } = await told;
    assert.deepEqual([eventId, text], ['e3', 'e3 stopped at b1: before sending']);
    assert.deepEqual([await heldIds(relay), receiver.requests.length], [['n2'], 1]);
  });

  it('are there after a restart, and stop again; a stop that was passed does not', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const first = await startWith(receiver, { dataDir });
    await first.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event' }] });
    await deliver(first, 'a', 'b');
    await until(async () => (await heldIds(first)).length === 2);
    await first.stop();
    const relay = await startWith(receiver, { dataDir });
    assert.deepEqual(
      (await relay.client.request('debug/held', {})).held.map((each) => [each.heldBy, each.breakpointId]),
      [
        ['breakpoint', 'b1'],
        ['pause', null],
      ],
    );
    await relay.client.request('debug/continue', {});
    await receiver.received(1);
    await until(async () => (await relay.client.request('debug/held', {})).held[0]?.heldBy === 'breakpoint');
    assert.deepEqual(receiver.requests.map(addressIn), ['a@example.org']);
    const { breakpoints, changed } = await relay.client.request('debug/breakpoints', { remove: ['b1'] });
    assert.deepEqual([breakpoints, changed], [[], ['b1']]);
  });

  it('that are set go with the connection that set them, and those that were added stay, over a restart too', async () => {
    const receiver = await startReceiver();
    const dataDir = temporaryFolder();
    const relay = await startWith(receiver, { dataDir });
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    await client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'rejected' }] });
    const { breakpoints } = await client.request('debug/breakpoints', { owner: 'vscode', set: [{ at: 'event' }] });
    assert.deepEqual(
      breakpoints.map(({ id, owner }) => [id, owner]),
      [
        ['b1', 'terminal'],
        ['b2', 'vscode'],
      ],
    );
    assert.equal((await sending(relay)).breakpoints, 2);
    const told = new Promise<number | undefined>((resolve) => {
      relay.client.on('status/changed', ({ status }) => {
        if (status.sending.breakpoints === 1) resolve(status.sending.breakpoints);
      });
    });
    client.close();
    assert.equal(await told, 1, 'the others are told');
    const known = async (of: TestRelay): Promise<string[]> =>
      (await of.client.request('debug/breakpoints', {})).breakpoints.map(({ id }) => id);
    assert.deepEqual(await known(relay), ['b1']);
    await deliver(relay, 'a');
    await receiver.received(1);
    const session = await connectToRelay(dataDir);
    afterward(() => session.close());
    await session.request('debug/breakpoints', { owner: 'vscode', set: [{ at: 'failed-attempt' }] });
    assert.deepEqual(await known(relay), ['b1', 'b3']);
    await relay.stop();
    const again = await startWith(receiver, { dataDir });
    assert.deepEqual(await known(again), ['b1']);
    const { changed } = await again.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'event' }] });
    assert.deepEqual(changed, ['b4'], 'no number is used again');
  });
});

describe('Ending a relay that holds something', () => {
  for (const held of ['keep', undefined, 'release', 'drop'] as const) {
    it(`${held ?? 'without a word'}: says what becomes of it`, async () => {
      const receiver = await startReceiver();
      const dataDir = temporaryFolder();
      const first = await startWith(receiver, { dataDir });
      await first.client.request('debug/pause', {});
      await deliver(first, 'a', 'b');
      await first.client.request('relay/stop', held === undefined ? {} : { held });
      await first.relay.closed;
      const relay = await startWith(receiver, { dataDir });
      const { counts } = await relay.client.request('relay/status', {});
      const isKept = held === 'keep' || held === undefined;
      assert.deepEqual(
        [counts.held, counts.sent, counts.discarded],
        isKept ? [2, 0, 0] : held === 'release' ? [0, 2, 0] : [0, 0, 2],
      );
      assert.equal((await sending(relay)).state, isKept ? 'paused' : 'flowing');
      assert.equal(receiver.requests.length, held === 'release' ? 2 : 0);
    });
  }

  it('drop: gives up neither what is being sent nor what its destination holds', async () => {
    const receiver = await startReceiver({ answer: 'hang' });
    const dataDir = temporaryFolder();
    const destinations = [
      { id: 'one', url: receiver.url },
      { id: 'two', url: receiver.url, mode: 'raw' as const, signatureKeyName: 'signing' },
    ];
    const first = await startTestRelay({ dataDir, settings: { destinations } });
    await deliver(first, 'a');
    await receiver.received(1);
    await first.client.request('debug/pause', {});
    await deliver(first, 'b');
    await first.client.request('relay/stop', { held: 'drop' });
    await first.relay.closed;
    const second = await startTestRelay({ dataDir, settings: { destinations } });
    await receiver.received(2);
    const { events } = await second.client.request('events/query', {});
    assert.deepEqual(
      events.map((row) => row.forwardings.map(({ destinationId: to, state }) => [to, state])),
      [
        [
          ['one', 'discarded'],
          ['two', 'held'],
        ],
        [
          ['one', 'waiting'],
          ['two', 'held'],
        ],
      ],
    );
  });
});
