import assert from 'node:assert/strict';
import type { ChosenEvents } from '../../../src/protocol/chosen-events.ts';
import type { Block } from '../../../src/relay/history/event-columns.ts';
import type { EventRows } from '../../../src/relay/history/event-rows.ts';
import type { Found } from '../../../src/relay/history/event-search.ts';
import { carriedInto, EventTable, SnapshotGoneError } from '../../../src/relay/history/event-table.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

/** A snapshot of events, by their numbers. */
const of = (...numbers: readonly number[]) => {
  const base = Math.min(...numbers);
  return { base, ids: Uint32Array.from(numbers, (number) => number - base) };
};
const chosen = (changes: Partial<ChosenEvents>): ChosenEvents => ({
  ...{ snapshot: 's', stretches: [], ids: [], active: null },
  ...changes,
});

describe('What was chosen in one snapshot', () => {
  it('stands in another where its events do, each stretch by itself', () => {
    const before = of(9, 8, 7, 6, 5, 4);
    const now = of(4, 6, 7, 8, 12);
    assert.deepEqual(carriedInto(now, chosen({ stretches: [[1, 3]], active: 'e7' }), before), {
      stretches: [[1, 3]],
      active: 2,
    });
    assert.deepEqual(carriedInto(now, chosen({ stretches: [[0, 5]], ids: ['e12'], active: 'e9' }), before), {
      stretches: [[0, 4]],
      active: null,
    });
    assert.deepEqual(carriedInto(now, chosen({ stretches: [[2, 2]], ids: ['e4'] }), before).stretches, [
      [0, 0],
      [2, 2],
    ]);
  });

  it('is looked at once where its stretches overlap, in whatever order', () => {
    const before = { base: 1, ids: Uint32Array.from({ length: 100_000 }, (_, at) => at) };
    const overlapping = Array.from({ length: 1000 }, (_, at): [number, number] => [999 - at, 99_000 + at]);
    // Processor time: that of others on the machine does not count.
    const began = process.cpuUsage();
    assert.deepEqual(carriedInto(before, chosen({ stretches: overlapping }), before).stretches, [[0, 99_999]]);
    const { user } = process.cpuUsage(began);
    assert.ok(user < 1_000_000, `${user} µs`);
  });

  it('is carried on where other windows look at the table meanwhile', async () => {
    const relay = await startTestRelay();
    const { client } = relay;
    await relay.deliver(sampleBody({ events: 30 }));
    const { snapshot } = await client.request('events/page', { limit: 1 });
    for (let other = 0; other < 7; other++) await client.request('events/page', { limit: 1 });
    const carry = chosen({ snapshot, stretches: [[0, 29]] });
    assert.deepEqual((await client.request('events/page', { limit: 1, carry })).carried?.stretches, [[0, 29]]);
  });

  it('is what is named alone where that snapshot is no longer kept', () => {
    const carried = carriedInto(of(3, 2, 1), chosen({ stretches: [[0, 2]], ids: ['e2'] }), undefined);
    assert.deepEqual(carried.stretches, [[1, 1]]);
  });

  it('is nothing where it would be in more than a thousand pieces', () => {
    const numbers = Array.from({ length: 3000 }, (_, at) => at + 1);
    const before = of(...numbers.filter((each) => each % 2 === 0));
    const pieces = (count: number) => chosen({ stretches: [[0, count - 1]] });
    assert.equal(carriedInto(of(...numbers), pieces(1000), before).stretches.length, 1000);
    assert.deepEqual(carriedInto(of(...numbers), pieces(1001), before).stretches, []);
  });
});

describe('Snapshots of a large history', () => {
  it('are as many as fit: the two used last are there whatever they hold, and the ones before are gone', () => {
    const count = 2_000_000;
    const block = { firstId: 1, receivedAt: Float64Array.from({ length: count }, (_, at) => at) } as unknown as Block;
    const found = {
      unseen: 0,
      each: (visit: (of: Block, at: number) => void): void => {
        for (let at = 0; at < count; at++) visit(block, at);
      },
    } as unknown as Found;
    const table = new EventTable(() => found, {} as unknown as EventRows);
    const page = (snapshot?: string): string =>
      table.page({
        ...{ filter: '', sort: { by: 'time', descending: true }, offset: 0, limit: 0, traced: false },
        ...(snapshot !== undefined && { snapshot }),
      }).snapshot;
    const [first, second, third] = [page(), page(), page()];
    assert.throws(() => page(first), SnapshotGoneError);
    assert.deepEqual([page(second), page(third)], [second, third]);
  });
});
