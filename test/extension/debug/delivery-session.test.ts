import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { sendingThread } from '../../../src/extension/debug/held-threads.ts';
import { connectToRelay } from '../../../src/protocol/relay-client.ts';
import { afterward, ownDirectory } from '../../relay/afterward.ts';
import { startReceiver, type Receiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay, type TestRelay, type TestRelayOptions } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { beginDebugging, RequestFailed, type Debugger } from './debugger.ts';

async function startWith(receiver: Receiver, options: TestRelayOptions = {}): Promise<TestRelay> {
  const relay = await startTestRelay({ delayScale: 0.002, ...options });
  await relay.client.request('relay/configure', { settings: { destinations: [{ id: 'one', url: receiver.url }] } });
  return relay;
}

async function deliver(relay: TestRelay, ...names: string[]): Promise<void> {
  for (const name of names)
    assert.equal((await relay.deliver(sampleBody({ email: `${name}@example.org` }))).status, 200);
}

function addressesOf(receiver: Receiver): (string | undefined)[] {
  return receiver.requests.map(({ text }) => /[\w-]+@example\.org/.exec(text)?.[0]?.split('@')[0]);
}

const everyEvent = { filterId: 'event' } as const;

describe('A held event in the debugger', () => {
  it('is a thread that stops with the breakpoint that it met, and goes when it is stepped', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann', 'bob');
    const stop = await session.stopped();
    assert.equal(stop.reason, 'breakpoint');
    assert.equal(stop.description, 'Before sending');
    assert.equal(stop.text, 'e1 stopped at b1: Before sending');
    assert.deepEqual(stop.hitBreakpointIds, [1]);
    await session.event<DebugProtocol.ThreadEvent>('thread', ({ threadId }) => threadId === 3);
    assert.deepEqual(await session.threads(), [
      { id: sendingThread, name: 'Sending: 2 held' },
      { id: 2, name: 'Subscribe · ann@example.org · e1' },
      { id: 3, name: 'Subscribe · bob@example.org · e2' },
    ]);
    assert.equal(stop.threadId, 2);

    await session.request('next', { threadId: 2 });
    const next = await session.stopped();
    assert.deepEqual([next.threadId, next.reason], [3, 'step']);
    await receiver.received(1);
    await session.event<DebugProtocol.ThreadEvent>('thread', (body) => body.threadId === 2 && body.reason === 'exited');
    assert.deepEqual(addressesOf(receiver), ['ann']);
    await session.request('stepIn', { threadId: 3 });
    const last = await session.stopped();
    assert.equal(last.threadId, sendingThread);
    await receiver.received(2);
    assert.deepEqual(await session.threads(), [{ id: sendingThread, name: 'Sending: 0 held' }]);
  });

  it('goes with all others when sending continues, up to the next that meets a breakpoint', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, {
      functions: [{ name: 'subscribe', condition: 'address:b' }],
    });
    await relay.client.request('debug/pause', {});
    await session.stopped();
    await deliver(relay, 'ann', 'bob', 'cid');
    await session.event<DebugProtocol.ThreadEvent>('thread', ({ threadId }) => threadId === 4);
    const answer = await session.request<DebugProtocol.ContinueResponse>('continue', { threadId: 2 });
    assert.equal(answer.allThreadsContinued, true);
    const stop = await session.stopped(({ threadId }) => threadId === 3);
    assert.deepEqual([stop.reason, stop.hitBreakpointIds], ['breakpoint', [1]]);
    await receiver.received(1);
    assert.deepEqual(addressesOf(receiver), ['ann']);
    await session.request('continue', { threadId: 3, singleThread: true });
    await receiver.received(2);
    const { sending } = await relay.client.request('relay/status', {});
    assert.equal(sending.state, 'paused');
    assert.deepEqual(addressesOf(receiver), ['ann', 'bob']);
  });

  it('stops where somebody else pauses, takes the focus when it is what is waited for, and runs where they continue', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client);
    await session.request('pause', { threadId: sendingThread });
    assert.equal((await session.stopped()).threadId, sendingThread);
    await deliver(relay, 'ann');
    assert.equal((await session.stopped()).threadId, 2);
    await deliver(relay, 'bob');
    const second = await session.event<DebugProtocol.StoppedEvent>('stopped', ({ threadId }) => threadId === 3);
    assert.equal(second.preserveFocusHint, true);
    await relay.client.request('debug/step', { id: 'n2' });
    await session.event<DebugProtocol.ThreadEvent>('thread', (body) => body.threadId === 3 && body.reason === 'exited');
    await relay.client.request('debug/continue', {});
    const goesOn = await session.event<DebugProtocol.ContinuedEvent>('continued');
    assert.equal(goesOn.allThreadsContinued, true);
    await session.event<DebugProtocol.ThreadEvent>('thread', (body) => body.threadId === 2 && body.reason === 'exited');
    assert.deepEqual(await session.threads(), [{ id: sendingThread, name: 'Sending' }]);
  });

  it('has the stations that it passed as frames, each at its line of a document', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, {
      functions: [{ name: '*', condition: 'address:eve@example.org' }],
    });
    const events = ['ann', 'eve', 'zoe'].map((name) => ({ Type: 'Subscribe', EmailAddress: `${name}@example.org` }));
    await relay.deliver(JSON.stringify({ ListID: 'list', Events: events }));
    const { threadId = 0 } = await session.stopped();
    const [, held] = await session.threads();
    assert.equal(held?.name, 'Subscribe · eve@example.org · e2 and 2 more');
    const frames = await session.frames(threadId);
    assert.deepEqual(
      frames.map(({ name, source, line }) => [name, source?.path, line]),
      [
        [`before sending to ${receiver.url}`, 'campaignMonitorRelay:/e2/e2%20notification.json', frames[0]?.line],
        ['n1 normalized', 'campaignMonitorRelay:/e2/e2%20notification.json', frames[0]?.line],
        ['d1 received', 'campaignMonitorRelay:/e2/e2%20body.json', 8],
      ],
    );
    assert.ok((frames[0]?.line ?? 0) > 8, 'it stands behind the first event of the notification');
  });

  it('stops sending itself where a delivery is rejected, at its body', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { filters: [{ filterId: 'rejected' }] });
    assert.equal((await relay.deliver('{"Events":7}')).status, 400);
    const { threadId = 0, description } = await session.stopped();
    assert.deepEqual([threadId, description], [sendingThread, 'Rejected']);
    const [frame] = await session.frames(threadId);
    assert.deepEqual([frame?.name, frame?.source?.path], ['e1 rejected', 'campaignMonitorRelay:/e1/e1%20body.json']);
  });

  it('of a great many is a thread for the first, and of the others it is said how many', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/pause', {});
    const events = Array.from({ length: 1200 }, (_, index) => ({
      Type: 'Subscribe',
      EmailAddress: `p${index}@example.org`,
    }));
    await relay.deliver(JSON.stringify({ ListID: 'list', Events: events }));
    const session = await beginDebugging(relay.client);
    await session.stopped();
    const threads = await session.threads();
    assert.equal(threads.length, 51);
    assert.equal(threads[0]?.name, 'Sending: 60 held, showing the first events');
  });
});

async function editAddress(session: Debugger, threadId: number): Promise<void> {
  const { within: variablesReference } = await session.variable(threadId, 'Event', 'EmailAddress');
  const value = '"eve@example.org"';
  await session.request('setVariable', { variablesReference, name: 'EmailAddress', value });
}

/** What the Debug Console says that is a message, too. */
function importantOf({ events }: Debugger): string[] {
  return events.flatMap((each) => {
    if (each.event !== 'output') return [];
    const { category, output } = (each as DebugProtocol.OutputEvent).body;
    return category === 'important' ? [output] : [];
  });
}

describe('A body that is edited in the debugger', () => {
  it('goes in the place of what is held when that is stepped, and says until then that it was edited', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann');
    const { threadId = 0 } = await session.stopped();
    const address = await session.variable(threadId, 'Event', 'EmailAddress');
    assert.equal(address.value, '"ann@example.org"');
    const set = await session.request<DebugProtocol.SetVariableResponse>('setVariable', {
      variablesReference: address.within,
      name: 'EmailAddress',
      value: '"eve@example.org"',
    });
    assert.equal(set.value, '"eve@example.org"');
    await session.event('invalidated');
    assert.match((await session.threads())[1]?.name ?? '', /^edited · Subscribe/);
    assert.match((await session.frames(threadId))[0]?.name ?? '', /^edited, before sending/);
    const inBody = await session.variable(threadId, 'Edited Body', 'Events', '0', 'EmailAddress');
    assert.equal(inBody.value, '"eve@example.org"');
    await session.request('next', { threadId });
    await receiver.received(1);
    assert.deepEqual(addressesOf(receiver), ['eve']);
    const said = await session.event<DebugProtocol.OutputEvent>('output', ({ output }) => output.includes('Edited'));
    assert.equal(said.output, 'Edited delivery sent as d2, replacing d1.\n');
    const { delivery } = await relay.client.request('deliveries/get', { id: 'd2' });
    assert.equal(delivery.editOf, 'd1');
  });

  it('goes with continue, is refused where it would be rejected, and then is still held', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann');
    const { threadId = 0 } = await session.stopped();
    const events = await session.variable(threadId, 'Body', 'Events');
    const change = (value: string): Promise<unknown> =>
      session.request('setVariable', { variablesReference: events.within, name: 'Events', value });
    await assert.rejects(change('{"unfinished'), (error: Error) => /^Not valid JSON/.test(error.message));
    await change('7');
    await assert.rejects(session.request('continue', { threadId }), RequestFailed);
    assert.equal((await relay.client.request('debug/held', {})).held.length, 1);
    assert.equal(receiver.requests.length, 0);
    await change('[{"Type":"Subscribe","EmailAddress":"zoe@example.org"}]');
    await session.request('continue', { threadId });
    await receiver.received(1);
    assert.deepEqual(addressesOf(receiver), ['zoe']);
  });

  it('stays one wherever it stands among many, and goes so', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await deliver(relay, 'first');
    await receiver.received(1);
    await relay.client.request('debug/pause', {});
    await deliver(relay, ...Array.from({ length: 50 }, (_, index) => `p${index}`));
    const session = await beginDebugging(relay.client);
    await session.stopped();
    const last = 52;
    const address = await session.variable(last, 'Event', 'EmailAddress');
    await session.request('setVariable', {
      ...{ variablesReference: address.within, name: 'EmailAddress', value: '"eve@example.org"' },
    });
    // A replay is held in the place of its number, before the others.
    await relay.client.request('notifications/replay', { ids: ['n1'] });
    await session.event<DebugProtocol.ThreadEvent>('thread', (body) => body.threadId === 2);
    const threads = await session.threads();
    assert.equal(threads.length, 52);
    assert.match(threads.find(({ id }) => id === last)?.name ?? '', /^edited · Subscribe/);
    await session.request('continue', { threadId: 2 });
    await receiver.received(52);
    assert.deepEqual([addressesOf(receiver).includes('eve'), addressesOf(receiver).includes('p49')], [true, false]);
  });
});

describe('What is shown of a held event', () => {
  it('has no credentials in its headers', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay();
    await relay.client.request('relay/configure', {
      settings: { destinations: [{ id: 'one', url: `${receiver.url}?token=planted-query`, credentialsName: 'prod' }] },
      secrets: { credentials: { prod: { 'X-Key': 'planted-secret' } } },
    });
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await relay.deliver(sampleBody(), { Authorization: 'Bearer planted-sender' });
    const { threadId = 0 } = await session.stopped();
    const texts: string[] = [];
    const walk = async (variablesReference: number, depth: number): Promise<void> => {
      if (variablesReference === 0 || depth > 4) return;
      for (const each of await session.variables(variablesReference)) {
        texts.push(`${each.name}: ${each.value}`);
        await walk(each.variablesReference, depth + 1);
      }
    };
    for (const { variablesReference } of (await session.scopes(threadId)).values()) await walk(variablesReference, 0);
    for (const frame of await session.frames(threadId)) texts.push(frame.name);
    const all = texts.join('\n');
    assert.match(all, /X-Key: "\*+"/i);
    assert.doesNotMatch(all, /planted/);
  });
});

describe('A session that begins again', () => {
  it('takes another launch configuration, and loses nothing that was edited', async () => {
    const relay = await startWith(await startReceiver());
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann');
    const { threadId = 0 } = await session.stopped();
    const address = await session.variable(threadId, 'Event', 'EmailAddress');
    await session.request('setVariable', {
      ...{ variablesReference: address.within, name: 'EmailAddress', value: '"eve@example.org"' },
    });
    await session.request('restart', { arguments: { stopAtEvents: false } });
    await session.event('initialized');
    const set = await session.request<DebugProtocol.SetExceptionBreakpointsResponse>('setExceptionBreakpoints', {
      filters: ['event'],
    });
    assert.equal(set?.breakpoints?.[0]?.verified, false, 'every event is off now');
    assert.match((await session.threads())[1]?.name ?? '', /^edited · Subscribe/);
    await assert.rejects(session.request('restart', { arguments: { stopOnEntry: 7 } }), /stopOnEntry/);
    assert.deepEqual(session.ends, []);
  });
});

describe('Breakpoints in the debugger', () => {
  it('say what is wrong with them and where, and the others are taken', async () => {
    const relay = await startTestRelay();
    const session = await beginDebugging(relay.client);
    const { breakpoints } = await session.request<DebugProtocol.SetFunctionBreakpointsResponse>(
      'setFunctionBreakpoints',
      {
        breakpoints: [
          { name: 'Subscribe' },
          { name: 'Unsubscribed' },
          { name: '*', condition: 'event.address ==' },
          { name: 'Deactivate', condition: 'address:x', hitCondition: '% 2' },
          { name: '*', condition: 'x'.repeat(1001) },
        ],
      },
    );
    assert.deepEqual(
      breakpoints.map(({ verified }) => verified),
      [true, false, false, true, false],
    );
    assert.match(breakpoints[1]?.message ?? '', /“Unsubscribed”\. Use one of these: .*Subscribe.*, \*$/);
    assert.match(
      breakpoints[2]?.message ?? '',
      /^Invalid condition: a filter has no operators .*\. Use a filter such as type:update\.$/,
    );
    assert.match(breakpoints[4]?.message ?? '', /no more than 1000/);
    const { breakpoints: kept } = await relay.client.request('debug/breakpoints', {});
    assert.deepEqual(
      kept.map((each) => [each.id, each.owner, each.condition]),
      [
        ['b1', 'VS Code', 'type:Subscribe'],
        ['b2', 'VS Code', 'type:Deactivate address:x'],
      ],
    );
  });

  it('tell how often they were looked at and met, and why they did not stop', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, {
      functions: [{ name: 'Update' }],
      filters: [{ filterId: 'event', condition: 'address:nobody' }],
    });
    await deliver(relay, 'ann');
    await receiver.received(1);
    const changed = (id: number, text: RegExp): Promise<DebugProtocol.BreakpointEvent['body']> =>
      session.event<DebugProtocol.BreakpointEvent>(
        'breakpoint',
        ({ breakpoint }) => breakpoint.id === id && text.test(breakpoint.message ?? ''),
      );
    const text =
      /^Checked: 1, matched: 0, stopped: 0\. Last reason for not stopping: no event matched the condition\.$/;
    await changed(1, text);
    await changed(2, text);
  });

  it('keep what the terminal set, are taken away with the session, and what is held stays held', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    await relay.client.request('debug/breakpoints', { owner: 'terminal', add: [{ at: 'rejected' }] });
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann');
    const { threadId = 0 } = await session.stopped();
    const address = await session.variable(threadId, 'Event', 'EmailAddress');
    await session.request('setVariable', { variablesReference: address.within, name: 'EmailAddress', value: '"x"' });
    await session.request('disconnect', {});
    const { breakpoints } = await relay.client.request('debug/breakpoints', {});
    assert.deepEqual(
      breakpoints.map((each) => each.owner),
      ['terminal'],
    );
    const [end, ...more] = session.ends;
    assert.equal(more.length, 0);
    assert.deepEqual([end?.sending?.state, end?.sending?.held.breakpoint, end?.edited], ['paused', 1, 1]);
    assert.equal(receiver.requests.length, 0);
    await until(async () => (await relay.client.request('debug/held', {})).held.length === 1);
  });

  it('are those of their window alone: a second window on the same relay leaves them, and so does its end', async () => {
    const receiver = await startReceiver();
    const dataDir = ownDirectory();
    const relay = await startWith(receiver, { dataDir });
    const first = await beginDebugging(relay.client, { filters: [everyEvent] });
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    const second = await beginDebugging(client);
    await deliver(relay, 'ann');
    await first.stopped();
    await second.request('disconnect', {});
    await relay.client.request('debug/continue', {});
    await receiver.received(1);
    await deliver(relay, 'bob');
    await first.stopped();
    assert.deepEqual(addressesOf(receiver), ['ann']);
  });

  it('lets events through where they are to stop in a handler, but for those that a condition names', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { attach: { stopAtEvents: false }, filters: [everyEvent] });
    await deliver(relay, 'ann');
    await receiver.received(1);
    const filterOptions = [{ ...everyEvent, condition: 'address:bea@example.org' }];
    const set = await session.request<DebugProtocol.SetExceptionBreakpointsResponse>('setExceptionBreakpoints', {
      ...{ filters: ['event'], filterOptions },
    });
    assert.deepEqual(
      set?.breakpoints?.map(({ verified, message = '' }) => [verified, message.startsWith('Off in this session')]),
      [
        [false, true],
        [true, false],
      ],
    );
    await deliver(relay, 'bea');
    await session.stopped();
    assert.equal(receiver.requests.length, 1);
  });

  it('of a launch configuration that cannot be used begin no session', async () => {
    const relay = await startTestRelay();
    await assert.rejects(beginDebugging(relay.client, { attach: { stopAtEvents: 'no' } }), /stopAtEvents/);
  });
});

describe('The end of the relay', () => {
  it('ends the session, and says that what is held is kept', async () => {
    const receiver = await startReceiver();
    const relay = await startWith(receiver);
    const session = await beginDebugging(relay.client, { attach: { stopOnEntry: true } });
    await session.stopped();
    await relay.stop();
    await session.event('terminated');
    const said = session.events.filter(({ event }) => event === 'output').map(({ body }) => JSON.stringify(body));
    assert.ok(said.some((text) => text.includes('Relay stopped')));
  });

  it('says that what was edited is discarded', async () => {
    const relay = await startWith(await startReceiver());
    const session = await beginDebugging(relay.client, { filters: [everyEvent] });
    await deliver(relay, 'ann');
    const { threadId = 0 } = await session.stopped();
    await editAddress(session, threadId);
    await relay.stop();
    await session.event('terminated');
    assert.deepEqual(importantOf(session), [
      'Relay stopped. Held events are kept.\n',
      'Unreleased edits were discarded; the original events are still held.\n',
    ]);
  });
});
