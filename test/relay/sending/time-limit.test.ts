import assert from 'node:assert/strict';
import { connectToRelay, type RelayClient } from '../../../src/protocol/relay-client.ts';
import { afterward } from '../afterward.ts';
import { startReceiver, type Receiver } from '../receiver.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { until } from '../until.ts';

/** Long enough for a request to arrive, short enough to wait for. */
const timeoutMs = 300;

interface Stage {
  readonly relay: TestRelay;
  readonly debugged: Receiver;
  readonly others: Receiver;
  /** The errors of the attempts that were recorded, by destination. */
  readonly errorsOf: (id: string) => Promise<(string | null)[]>;
}

/** Two destinations, `debugged` and `other`, of which neither answers. */
async function stage(): Promise<Stage> {
  const debugged = await startReceiver({ answer: 'hang' });
  const others = await startReceiver({ answer: 'hang' });
  const relay = await startTestRelay({
    settings: {
      destinations: [
        { id: 'debugged', url: debugged.url, timeoutMs },
        { id: 'other', url: others.url, timeoutMs },
      ],
      retry: 'none',
    },
  });
  return {
    ...{ relay, debugged, others },
    errorsOf: async (id) => {
      const { events } = await relay.client.request('events/query', { limit: 1 });
      const [event] = events;
      if (event === undefined) return [];
      const { attempts } = await relay.client.request('events/get', { id: event.id });
      return attempts.filter(({ destinationId }) => destinationId === id).map(({ error }) => error);
    },
  };
}

async function attach({ dataDir }: TestRelay): Promise<RelayClient> {
  const client = await connectToRelay(dataDir);
  afterward(() => client.close());
  return client;
}

/** An answer that is given when it is asked for. */
function heldBack(receiver: Receiver): { give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => (give = resolve));
  receiver.answer(async () => {
    await given;
    return {};
  });
  return { give: () => give() };
}

const overdue = `no answer within ${timeoutMs} ms`;

describe('A client that waits for a destination however long it takes', () => {
  it('keeps an attempt under way without a timeout, and it is answered at last', async () => {
    const { relay, debugged, errorsOf } = await stage();
    const answer = heldBack(debugged);
    const client = await attach(relay);
    assert.deepEqual(await client.request('debug/patience', { destinationIds: ['debugged'] }), {
      destinationIds: ['debugged'],
    });
    assert.equal((await relay.deliver(sampleBody())).status, 200, 'the vendor is answered at once');
    await debugged.received(1);
    // The other's time is over: as much has passed for the debugged one.
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('other'), [overdue]);
    assert.deepEqual(await errorsOf('debugged'), []);
    answer.give();
    await relay.drained();
    assert.deepEqual(await errorsOf('debugged'), [null]);
  });

  it('lifts the timeout of one that is under way already, and gives it all of its time afterward', async () => {
    const { relay, debugged, errorsOf } = await stage();
    const client = await attach(relay);
    await client.request('relay/configure', {
      settings: {
        destinations: [
          { id: 'debugged', url: debugged.url, timeoutMs: 2000 },
          { id: 'other', url: debugged.url, timeoutMs: 3000 },
        ],
      },
    });
    await relay.deliver(sampleBody());
    await debugged.received(2);
    await client.request('debug/patience', { destinationIds: ['debugged'] });
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('debugged'), [], 'its two seconds are over');
    await client.request('debug/patience', { destinationIds: [] });
    await relay.drained();
    assert.deepEqual(await errorsOf('debugged'), ['no answer within 2000 ms']);
    const { attempts } = await relay.client.request('events/get', { id: 'e1' });
    const [own] = attempts.filter(({ destinationId }) => destinationId === 'debugged');
    assert.ok(own !== undefined && own.durationMs >= 5000 - 1, 'the three seconds of the other, and two of its own');
  });

  it('ends with its connection, and says so in the status meanwhile', async () => {
    const { relay, debugged, errorsOf } = await stage();
    const client = await attach(relay);
    await client.request('debug/patience', { destinationIds: ['debugged'] });
    const lifted = async (): Promise<string[]> =>
      (await relay.client.request('relay/status', {})).destinations
        .filter(({ timeoutLifted }) => timeoutLifted === true)
        .map(({ destinationId }) => destinationId);
    assert.deepEqual(await lifted(), ['debugged']);
    await relay.deliver(sampleBody());
    await debugged.received(1);
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('debugged'), []);
    client.close();
    await relay.drained();
    assert.deepEqual(await errorsOf('debugged'), [overdue]);
    assert.deepEqual(await lifted(), []);
  });

  it('is told where there is no such destination, and keeps what it asked for', async () => {
    const { relay } = await stage();
    const client = await attach(relay);
    await client.request('debug/patience', { destinationIds: ['debugged'] });
    await assert.rejects(client.request('debug/patience', { destinationIds: ['nobody'] }), {
      code: 'conflict',
      message: 'no destination nobody',
      advice: 'see-destinations',
    });
    const { destinations } = await client.request('relay/status', {});
    assert.deepEqual(
      destinations.map(({ timeoutLifted }) => timeoutLifted),
      [true, undefined],
    );
  });
});
