import assert from 'node:assert/strict';
import { connectToRelay } from '../../../src/protocol/relay-client.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { afterwards } from '../afterwards.ts';
import { startReceiver } from '../receiver.ts';
import type { Receiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import type { TestRelay } from '../stage.ts';
import { until } from '../until.ts';

/** Long enough for a request to arrive, short enough to wait for. */
const timeoutMs = 300;

interface Stage {
  readonly relay: TestRelay;
  readonly hers: Receiver;
  readonly others: Receiver;
  /** The errors of the attempts that were recorded, by destination. */
  readonly errorsOf: (id: string) => Promise<(string | null)[]>;
}

/** Two destinations, `hers` and `other`, of which neither answers. */
async function stage(): Promise<Stage> {
  const hers = await startReceiver({ answer: 'hang' });
  const others = await startReceiver({ answer: 'hang' });
  const relay = await startTestRelay({
    settings: {
      destinations: [
        { id: 'hers', url: hers.url, timeoutMs },
        { id: 'other', url: others.url, timeoutMs },
      ],
      retry: 'none',
    },
  });
  return {
    ...{ relay, hers, others },
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
  afterwards(() => client.close());
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
  it('keeps an attempt under way without a time-out, and it is answered at last', async () => {
    const { relay, hers, errorsOf } = await stage();
    const answer = heldBack(hers);
    const client = await attach(relay);
    assert.deepEqual(await client.request('debug/patience', { destinationIds: ['hers'] }), {
      destinationIds: ['hers'],
    });
    assert.equal((await relay.deliver(sampleBody())).status, 200, 'the vendor is answered at once');
    await hers.received(1);
    // The other's time is over: as much has passed for hers.
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('other'), [overdue]);
    assert.deepEqual(await errorsOf('hers'), []);
    answer.give();
    await relay.drained();
    assert.deepEqual(await errorsOf('hers'), [null]);
  });

  it('lifts the time-out of one that is under way already, and gives it all of its time afterwards', async () => {
    const { relay, hers, errorsOf } = await stage();
    const client = await attach(relay);
    await client.request('relay/configure', {
      settings: {
        destinations: [
          { id: 'hers', url: hers.url, timeoutMs: 2000 },
          { id: 'other', url: hers.url, timeoutMs: 3000 },
        ],
      },
    });
    await relay.deliver(sampleBody());
    await hers.received(2);
    await client.request('debug/patience', { destinationIds: ['hers'] });
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('hers'), [], 'its two seconds are over');
    await client.request('debug/patience', { destinationIds: [] });
    await relay.drained();
    assert.deepEqual(await errorsOf('hers'), ['no answer within 2000 ms']);
    const { attempts } = await relay.client.request('events/get', { id: 'e1' });
    const [own] = attempts.filter(({ destinationId }) => destinationId === 'hers');
    assert.ok(own !== undefined && own.durationMs >= 5000 - 1, 'the three seconds of the other, and two of its own');
  });

  it('ends with its connection, and says so in the status meanwhile', async () => {
    const { relay, hers, errorsOf } = await stage();
    const client = await attach(relay);
    await client.request('debug/patience', { destinationIds: ['hers'] });
    const lifted = async (): Promise<string[]> =>
      (await relay.client.request('relay/status', {})).destinations
        .filter(({ timeoutLifted }) => timeoutLifted === true)
        .map(({ destinationId }) => destinationId);
    assert.deepEqual(await lifted(), ['hers']);
    await relay.deliver(sampleBody());
    await hers.received(1);
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('hers'), []);
    client.close();
    await relay.drained();
    assert.deepEqual(await errorsOf('hers'), [overdue]);
    assert.deepEqual(await lifted(), []);
  });

  it('does not end while another client waits, too', async () => {
    const { relay, hers, errorsOf } = await stage();
    const answer = heldBack(hers);
    const [first, second] = [await attach(relay), await attach(relay)];
    await first.request('debug/patience', { destinationIds: ['hers'] });
    await second.request('debug/patience', { destinationIds: ['hers'] });
    first.close();
    await until(async () => (await relay.client.request('relay/status', {})).clients === 1);
    await relay.deliver(sampleBody());
    await until(async () => (await errorsOf('other')).length === 1);
    assert.deepEqual(await errorsOf('hers'), []);
    answer.give();
    await relay.drained();
    assert.deepEqual(await errorsOf('hers'), [null]);
  });

  it('is told where there is no such destination, and keeps what it asked for', async () => {
    const { relay } = await stage();
    const client = await attach(relay);
    await client.request('debug/patience', { destinationIds: ['hers'] });
    await assert.rejects(client.request('debug/patience', { destinationIds: ['nobody'] }), {
      code: 'conflict',
      message: 'there is no destination nobody',
      advice: 'see-destinations',
    });
    const { destinations } = await client.request('relay/status', {});
    assert.deepEqual(
      destinations.map(({ timeoutLifted }) => timeoutLifted),
      [true, undefined],
    );
  });

  it('still waits when the settings change, and when other connections are made for it', async () => {
    const { relay, hers, errorsOf } = await stage();
    const answer = heldBack(hers);
    const client = await attach(relay);
    await client.request('debug/patience', { destinationIds: ['hers'] });
    await relay.deliver(sampleBody());
    await hers.received(1);
    await client.request('relay/configure', {
      settings: { destinations: [{ id: 'hers', url: hers.url, timeoutMs: timeoutMs + 1 }] },
    });
    await until(async () => (await errorsOf('other')).length === 1);
    answer.give();
    await relay.drained();
    assert.deepEqual(await errorsOf('hers'), [null]);
    assert.equal((await client.request('relay/status', {})).destinations[0]?.timeoutLifted, true);
  });
});
