import assert from 'node:assert/strict';
import { StoreCounts } from '../../../src/extension/event-tree/store-counts.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';

/** What is counted of a relay once something is. */
async function countedOf({ client }: TestRelay, filter: string): Promise<number> {
  let changed = false;
  const counts = new StoreCounts({
    asked: () => ({ client, filter }),
    onChange: () => (changed = true),
    onError: (error) => assert.fail(error.message),
    timers: new HeldTimers(),
  });
  counts.begin();
  await until(() => changed);
  return counts.counted.total;
}

describe('What the history holds', () => {
  it('is counted in all and by a filter, whatever is loaded', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 150 }));
    await relay.deliver(sampleBody({ type: 'Update' }));
    await relay.deliver('{}');
    await relay.deliver('not JSON');
    await relay.drained();
    assert.equal(await countedOf(relay, ''), 153);
    assert.equal(await countedOf(relay, 'type:update'), 1);
  });
});
