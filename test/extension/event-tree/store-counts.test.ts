import assert from 'node:assert/strict';
import { groupFilter, StoreCounts, timeFilter } from '../../../src/extension/event-tree/store-counts.ts';
import type { Grouping } from '../../../src/extension/event-tree/grouping.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import type { TestRelay } from '../../relay/stage.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';

/** What is counted of a relay once something is. */
async function countedOf(
  { client }: TestRelay,
  grouping: Grouping | null,
  filter = '',
  timeKeys: readonly string[] = [],
): Promise<{ total: number; groups: Record<string, number> }> {
  let changed = false;
  const counts = new StoreCounts({
    asked: () => ({ client, filter, grouping, timeKeys }),
    onChange: () => (changed = true),
    onError: (error) => assert.fail(error.message),
    now: () => Date.now(),
    timers: new HeldTimers(),
  });
  counts.begin();
  await until(() => changed);
  const { total, groups } = counts.counted;
  return { total, groups: Object.fromEntries(groups.map(({ key, count }) => [key, count])) };
}

describe('What the history holds', () => {
  let relay: TestRelay;
  before(async () => {
    const receiver = await startReceiver({ answer: { status: 400 } });
    relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url, types: ['Update'] }] } });
    await relay.deliver(sampleBody({ events: 150 }));
    await relay.deliver(sampleBody({ type: 'Update' }));
    await relay.deliver('{}');
    await relay.deliver('not JSON');
    await relay.drained();
  });

  it('is counted in all and by state, whatever is loaded', async () => {
    assert.deepEqual(await countedOf(relay, null), { total: 153, groups: {} });
    assert.deepEqual(await countedOf(relay, 'state'), {
      total: 153,
      groups: { none: 150, failed: 1, test: 1, rejected: 1 },
    });
  });

  it('is counted by type, apart from test calls and rejected deliveries', async () => {
    assert.deepEqual(await countedOf(relay, 'type'), {
      total: 153,
      groups: { '=subscribe': 150, '=update': 1, '': 0, test: 1, rejected: 1 },
    });
    assert.deepEqual((await countedOf(relay, 'type', 'type:update')).total, 1);
  });

  it('is counted by time in the groups that are shown', async () => {
    const { groups } = await countedOf(relay, 'time', '', ['minute', 'yesterday', '2020-01-01']);
    assert.deepEqual(groups, { minute: 153, yesterday: 0, '2020-01-01': 0 });
    assert.deepEqual((await countedOf(relay, 'time', 'since:1h', ['minute'])).groups, {});
  });

  it('is found by a filter where a group has more than is loaded', () => {
    const now = new Date(2026, 2, 2, 12, 0, 0).getTime();
    assert.equal(groupFilter('type', '=subscribe', '', now), 'type:subscribe');
    assert.equal(groupFilter('type', '=a b', 'state:failed', now), 'state:failed type:"a b"');
    assert.equal(groupFilter('list', '', '', now), null);
    assert.equal(groupFilter('type', '=a', 'type:b', now), null, 'several of one key mean any of them');
    assert.equal(groupFilter('state', 'failed', '', now), 'state:failed');
    assert.equal(groupFilter('state', 'none', '', now), null);
    assert.equal(groupFilter('type', 'rejected', '', now), 'kind:rejected');
    const day = new Date(2026, 1, 20).toISOString();
    assert.equal(timeFilter('2026-02-20', now), `since:${day} until:${new Date(2026, 1, 21).toISOString()}`);
  });
});
