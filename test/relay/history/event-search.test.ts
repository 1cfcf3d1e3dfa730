import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { readAmount } from '../../long.ts';
import { eventStates } from '../../../src/protocol/event-filter.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { openHistory, storeFile, type HistoryReader } from '../../../src/relay/history/history.ts';
import { ownDirectory } from '../afterward.ts';
import { failNextCommit } from '../failing-statements.ts';
import { Holding, holdingStep } from '../holding.ts';
import { deliveryRecord, destinationId } from '../records.ts';
import { openReader, openStore } from './stores.ts';

function idsOf(reader: HistoryReader, filter: string): string[] {
  return reader.query(methods['events/query'].params.parse({ filter, limit: 1000 })).events.map(({ id }) => id);
}

/** What is done, and how it is looked at after it: not at all, as it stands, or by one that has opened it anew. */
const step = fc.record({
  step: holdingStep,
  look: fc.constantFrom('not' as const, 'not' as const, 'on' as const, 'anew' as const),
  underWay: fc.array(fc.nat(1000), { maxLength: 3 }),
});

/** A table's lines, its order by state, and its groups, as the rows of events say. */
function assertTable(reader: HistoryReader): void {
  const params = methods['events/page'].params;
  const { ids, traced } = reader.page(params.parse({ limit: 1000, sort: { by: 'state' }, traced: true }));
  const order = traced.map(({ row, state }) => [eventStates.indexOf(state), Number(row.id.slice(1))] as const);
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a[0] - b[0] || a[1] - b[1]),
  );
  assert.deepEqual(
    traced.map(({ row }) => row.id),
    ids,
  );
  for (const { row, state } of traced) {
    const states = row.forwardings.map((each) => each.state);
    if (states.includes('failed')) assert.equal(state, 'failed', row.id);
    else assert.equal(state === 'held', states.includes('held'), row.id);
  }
  const lines = new Map<string, number>();
  for (const { state } of traced) lines.set(state, (lines.get(state) ?? 0) + 1);
  const { groups } = reader.counts(methods['events/counts'].params.parse({ groupBy: 'state' }));
  assert.deepEqual(new Map(groups.map(({ value, count }) => [value, count])), lines);
}

describe('A search by state', () => {
  it('finds the events with such a forwarding, whatever was done, is held, and is being sent', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        const dataDir = ownDirectory();
        const holding = new Holding(storeFile(dataDir));
        let reader = openHistory(dataDir);
        const look = (chosen: readonly number[], after: string): void => {
          const underWay = holding.someUnderWay(chosen);
          reader.progress = { underWay };
          const states = [...holding.states(underWay)];
          const among = (...names: readonly string[]): string[] =>
            states.filter(([, all]) => all.some((each) => names.includes(each))).map(([id]) => `e${id}`);
          for (const name of ['waiting', 'held', 'sent', 'failed', 'discarded'] as const) {
            assert.deepEqual(idsOf(reader, `state:${name}`).reverse(), among(name), `${name} after ${after}`);
          }
          for (const names of [
            ['waiting', 'held'],
            ['held', 'sent'],
            ['failed', 'waiting', 'discarded'],
          ]) {
            const filter = `state:${names.join(',')}`;
            assert.deepEqual(idsOf(reader, filter).reverse(), among(...names), `${filter} after ${after}`);
            assert.deepEqual(idsOf(reader, `${filter} type:subscribe`).reverse(), among(...names), filter);
          }
          const { events } = reader.query({ filter: '', limit: 1000 });
          assert.deepEqual(
            events.map(({ id, forwardings }) => [id, forwardings.map(({ state }) => state).sort()]).reverse(),
            states.map(([id, all]) => [`e${id}`, [...all].sort()]),
          );
          assertTable(reader);
        };
        try {
          for (const { step: each, look: how, underWay } of steps) {
            await holding.run(each);
            if (how === 'not') continue;
            if (how === 'anew') {
              reader.close();
              reader = openHistory(dataDir);
            }
            look(underWay, JSON.stringify(each));
          }
          look([], 'all');
        } finally {
          reader.close();
          holding.store.close();
          rmSync(dataDir, { recursive: true, force: true });
        }
      }),
      { numRuns: readAmount('HELD_RUNS', 15, 60) },
    );
  });

  it('finds nothing that waits of a delivery without notifications', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store, { status: 'test' }));
    await store.add(deliveryRecord(store, { to: [destinationId(store)] }));
    await store.add(deliveryRecord(store, { status: 'rejected' }));
    assert.deepEqual(idsOf(openReader(dataDir), 'state:waiting'), ['e2']);
  });
});

/** Asks while nothing can be written into the indexed text, as on a full disk. */
function withoutIndexing<T>(ask: () => T): T {
  failNextCommit();
  return ask();
}

describe('A search of words that are not all indexed', () => {
  it('looks through the newest 1,000 events, and says how many of those that match otherwise it did not', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const add = (count: number): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, () => store.add(deliveryRecord(store, { body: bodyOf('Ophelia') }))));
    await add(50);
    const reader = openReader(dataDir);
    assert.equal(reader.follow(Infinity), true);
    await add(2500);
    await store.add(deliveryRecord(store, { status: 'rejected', body: Buffer.from('no ophelia') }));
    const query = (filter: string, limit = 1000) =>
      reader.query(methods['events/query'].params.parse({ filter, limit }));
    const { events, unseen } = withoutIndexing(() => query('ophelia kind:event', 3));
    assert.deepEqual(
      events.map(({ id }) => id),
      ['e2550', 'e2549', 'e2548'],
    );
    // 999 beside the rejected one.
    assert.equal(unseen, 1501);
    const rejected = withoutIndexing(() => query('ophelia kind:rejected'));
    assert.deepEqual([rejected.events.length, rejected.unseen], [1, 0], 'none of the others is one');
    const { total } = withoutIndexing(() => reader.counts({ filter: 'ophelia', mostGroups: 1 }));
    assert.equal(total, 50 + 1000);
    assert.equal(query('type:subscribe').unseen, 0, 'without words nothing is left out');
    assert.equal(reader.follow(Infinity), true);
    assert.equal(query('ophelia', 3).unseen, 0);
    assert.equal(reader.counts({ filter: 'ophelia', mostGroups: 1 }).total, 2551);
  });

  it('sorts and groups what is indexed and what is not together, whatever the case of names', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const add = async (type: string): Promise<void> => {
      const record = deliveryRecord(store, { body: bodyOf('Ophelia') });
      await store.add({ ...record, events: record.events.map((event) => ({ ...event, type })) });
    };
    for (const type of ['update', 'Subscribe']) await add(type);
    const reader = openReader(dataDir);
    assert.equal(reader.follow(Infinity), true);
    for (const type of ['subscribe', 'Update', 'Bounce']) await add(type);
    const params = methods['events/page'].params.parse({ filter: 'ophelia', sort: { by: 'type' }, traced: true });
    const page = withoutIndexing(() => reader.page(params));
    assert.deepEqual(
      page.traced.map(({ row }) => row.type),
      ['Bounce', 'Subscribe', 'subscribe', 'update', 'Update'],
    );
    const counts = withoutIndexing(() => reader.counts({ filter: 'ophelia', groupBy: 'type', mostGroups: 9 }));
    assert.deepEqual(
      counts.groups.map(({ value, count }) => [value, count]),
      [
        ['Update', 2],
        ['subscribe', 2],
        ['Bounce', 1],
      ],
    );
  });
});

function bodyOf(name: string, more = ''): Buffer {
  const event = { Type: 'Subscribe', EmailAddress: 'a@example.org', Name: name };
  return Buffer.from(JSON.stringify({ ListID: 'l', more, Events: [event] }));
}
