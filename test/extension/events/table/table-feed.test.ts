import assert from 'node:assert/strict';
import { TableFeed } from '../../../../src/extension/events/table/table-feed.ts';
import type { FeedNews } from '../../../../src/extension/events/table/table-feed.ts';
import { sampleBody, startTestRelay } from '../../../relay/stage.ts';
import type { TestRelay } from '../../../relay/stage.ts';
import { until } from '../../../relay/until.ts';
import { HeldTimers } from '../../ui/held-timers.ts';

type Snapshot = Extract<FeedNews, { type: 'snapshot' }>;

/** A feed of a real relay, with all that it says. */
async function stage(): Promise<{
  relay: TestRelay;
  feed: TableFeed;
  said: FeedNews[];
  timers: HeldTimers;
  /** The next snapshot after the first `count`. */
  snapshot: (count: number) => Promise<Snapshot>;
}> {
  const relay = await startTestRelay();
  const said: FeedNews[] = [];
  const timers = new HeldTimers();
  const feed = new TableFeed({ say: (news) => said.push(news), timers });
  const snapshots = () => said.filter((each) => each.type === 'snapshot');
  return {
    ...{ relay, feed, said, timers },
    snapshot: (count) =>
      until(() => {
        const found = snapshots()[count];
        // Time passes only while it is not there: the feed looks again by itself from time to time.
        if (found === undefined) timers.pass(10_000);
        return found;
      }),
  };
}
const idsOf = ({ windows }: Snapshot): (string | undefined)[] =>
  windows.flatMap(({ events }) => events.map((each) => each?.row.id));

describe('What the table’s page is supplied with', () => {
  it('is nothing while nobody looks, then a snapshot and the strip of the last minutes', async () => {
    const { relay, feed, said, timers, snapshot } = await stage();
    await relay.deliver(sampleBody({ events: 3 }));
    feed.attach(relay.client);
    feed.changed();
    timers.pass(10_000);
    assert.equal(said.length, 0);
    feed.setVisible(true);
    const first = await snapshot(0);
    assert.equal(first.total, 3);
    assert.equal(first.anchor, null);
    assert.deepEqual(idsOf(first), ['e3', 'e2', 'e1']);
    const strip = await until(() => said.find((each) => each.type === 'strip'));
    assert.equal(strip.strip.counts.length, 60);
    assert.equal(strip.strip.counts.at(-1), 3);
    feed.dispose();
  });

  it('is another snapshot when something has come, with what was in sight and how far it moved', async () => {
    const { relay, feed, snapshot } = await stage();
    await relay.deliver(sampleBody({ events: 500, seed: 1 }));
    feed.attach(relay.client);
    feed.setVisible(true);
    await snapshot(0);
    // e101 stands at 399.
    feed.see({ first: 399, count: 10, anchor: { id: 'e101', at: 399 } });
    await relay.deliver(sampleBody({ events: 7, seed: 2 }));
    feed.changed();
    const next = await snapshot(1);
    assert.equal(next.anchor, 'e101');
    assert.equal(next.moved, 7);
    assert.deepEqual(
      next.windows.map(({ offset }) => offset),
      [200, 400],
    );
    assert.equal(next.windows[1]?.events[6]?.row.id, 'e101');
    feed.dispose();
  });

  it('is the windows that are wanted, the last wish alone', async () => {
    const { relay, feed, said, snapshot } = await stage();
    await relay.deliver(sampleBody({ events: 900, seed: 1 }));
    feed.attach(relay.client);
    feed.setVisible(true);
    const first = await snapshot(0);
    feed.want('of another time', [200]);
    feed.want(first.snapshot, [200, 400]);
    feed.want(first.snapshot, [800]);
    const rows = () => said.filter((each) => each.type === 'rows');
    await until(() => rows().length === 2);
    assert.deepEqual(
      rows().map(({ window }) => [window.offset, window.events.length]),
      [
        [200, 200],
        [800, 100],
      ],
    );
    assert.equal(await feed.find('e1'), 899);
    assert.equal(await feed.find('e901'), null);
    feed.dispose();
  });

  it('stands still while it is paused, but for what is said in the rows, and counts what is new', async () => {
    const { relay, feed, said, timers, snapshot } = await stage();
    await relay.deliver(sampleBody({ events: 2, seed: 1 }));
    feed.attach(relay.client);
    feed.setVisible(true);
    const first = await snapshot(0);
    feed.see({ first: 0, count: 2, anchor: null });
    feed.setPaused(true);
    await relay.deliver(sampleBody({ events: 3, seed: 2 }));
    feed.changed();
    const news = await until(() => {
      const found = said.find((each) => each.type === 'news');
      if (found === undefined) timers.pass(10_000);
      return found;
    });
    assert.equal(news.count, 3);
    const rows = said.find((each) => each.type === 'rows');
    assert.equal(rows?.snapshot, first.snapshot);
    // Others have taken snapshots meanwhile, and the relay no longer keeps this one: it is taken again as it was.
    for (let turn = 0; turn < 3; turn++) await relay.client.request('events/page', {});
    feed.changed();
    const again = await snapshot(1);
    assert.deepEqual(idsOf(again), ['e2', 'e1']);
    feed.setPaused(false);
    assert.deepEqual(idsOf(await snapshot(2)), ['e5', 'e4', 'e3', 'e2', 'e1']);
    feed.dispose();
  });

  it('is what the filter finds, in the order asked for, and begins anew with each', async () => {
    const { relay, feed, snapshot } = await stage();
    await relay.deliver(sampleBody({ email: 'ann@example.com' }));
    await relay.deliver('{}');
    feed.attach(relay.client);
    feed.setVisible(true);
    assert.equal((await snapshot(0)).total, 2);
    feed.setFilter('kind:test');
    assert.deepEqual(idsOf(await snapshot(1)), ['e2']);
    feed.setFilter('');
    await snapshot(2);
    feed.setSort({ by: 'time', descending: false });
    assert.deepEqual(idsOf(await snapshot(3)), ['e1', 'e2']);
    feed.dispose();
  });

  it('is the error where the history cannot be read', async () => {
    const { relay, feed, said } = await stage();
    feed.attach(relay.client);
    feed.setFilter('state:broken');
    feed.setVisible(true);
    const failed = await until(() => said.find((each) => each.type === 'failed'));
    assert.match(failed.error.message, /expected one of failed/);
    feed.dispose();
  });
});
