import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnLengths, cut } from '../../src/relay/columns.ts';
import { temporaryFolder } from './afterwards.ts';
import { sampleBody, startTestRelay } from './stage.ts';

/** A history that the released version 1 of the store wrote, and what its relay showed of it. */
const fixture = join(import.meta.dirname, '../fixtures/history-1');

interface Shown {
  readonly queries: Readonly<Record<string, readonly string[]>>;
  readonly events: readonly {
    readonly id: string;
    readonly deliveryId: string;
    readonly type: string | null;
    readonly list: string | null;
    readonly states: readonly string[];
  }[];
}

describe('A history of an earlier version', () => {
  it('opens with everything in it, is found by every filter, and goes on', async () => {
    const dataDir = join(temporaryFolder(), 'data');
    mkdirSync(dataDir, { mode: 0o700 });
    copyFileSync(join(fixture, 'relay.sqlite'), join(dataDir, 'relay.sqlite'));
    const shown = JSON.parse(readFileSync(join(fixture, 'shown.json'), 'utf8')) as Shown;
    const relay = await startTestRelay({ dataDir });
    const { events } = await relay.client.request('events/query', { limit: 1000 });
    assert.deepEqual(
      events.map(({ id, deliveryId, kind, type, list, address, date, duplicateOf, forwardings }) => {
        const states = forwardings.map(({ state }) => state);
        return { id, deliveryId, kind, type, list, address, date, duplicateOf, states };
      }),
      shown.events.map((event) => ({
        ...event,
        // It did not cut them.
        type: cut(event.type, columnLengths.type),
        list: cut(event.list, columnLengths.list),
      })),
    );
    for (const [filter, ids] of Object.entries(shown.queries)) {
      const found = await relay.client.request('events/query', { filter, limit: 1000 });
      assert.deepEqual(
        found.events.map(({ id }) => id),
        ids,
        filter,
      );
    }
    assert.equal((await relay.deliver(sampleBody())).status, 200);
    const { counts } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.deliveries, counts.waiting, counts.failed], [10, 1, 1]);
  });
});
