import assert from 'node:assert/strict';
import { TableFeed } from '../../../src/extension/event-table/table-feed.ts';
import type { FeedNews } from '../../../src/extension/event-table/table-feed.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import type { TestRelay, TestRelayOptions } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';
import { watched } from '../events/watched.ts';
import type { Watched } from '../events/watched.ts';

type Snapshot = Extract<FeedNews, { type: 'snapshot' }>;

/** A feed of a real relay, with all that it says. */
async function stage(options: TestRelayOptions = {}): Promise<{
  relay: TestRelay;
  /** Delivers a body. Resolves when the watch has been told of it. */
  deliver: (body: string) => Promise<void>;
  watch: Watched['watch'];
  watched: Watched;
  asked: Watched['asked'];
  feed: TableFeed;
  said: FeedNews[];
  timers: HeldTimers;
  /** The next snapshot after the first `count`. */
  snapshot: (count: number) => Promise<Snapshot>;
}> {
  const relay = await startTestRelay(options);
  const said: FeedNews[] = [];
  const timers = new HeldTimers();
  const all = await watched(relay, timers);
  const { watch, asked } = all;
  const feed = new TableFeed({ watch, say: (news) => said.push(structuredClone(news)), timers });
  const snapshots = () => said.filter((each) => each.type === 'snapshot');
  return {
    ...{ relay, watch, watched: all, asked, feed, said, timers },
    deliver: async (body) => {
      let isTold = false;
      relay.client.on('event/added', () => (isTold = true));
      await relay.deliver(body);
      await until(() => isTold);
    },
    snapshot: (count) =>
      until(() => {
        const found = snapshots()[count];
        // Time passes only while it is not there: the feed looks again by itself from time to time.
        if (found === undefined) timers.pass(10_000);
        return found;
      }),
  };
}
const none = { snapshot: '', stretches: [], ids: [], active: null };
const idsOf = ({ windows }: Snapshot): (string | undefined)[] =>
  windows.flatMap(({ events }) => events.map((each) => each?.row.id));

describe('What the table’s page is supplied with', () => {
  it('is nothing while nobody looks, then a snapshot and the strip of the last minutes', async () => {
    const { deliver, feed, asked, said, timers, snapshot } = await stage();
    await deliver(sampleBody({ events: 3 }));
    timers.pass(60_000);
    assert.equal(asked.length, 0);
    feed.show(null, null);
    const first = await snapshot(0);
    assert.equal(first.total, 3);
    assert.equal(first.anchor, null);
    assert.deepEqual(idsOf(first), ['e3', 'e2', 'e1']);
    const strip = await until(() => said.find((each) => each.type === 'strip'));
    assert.equal(strip.strip.counts.length, 60);
    assert.equal(strip.strip.counts.at(-1), 3);
    feed.hide();
    const before = asked.length;
    await deliver(sampleBody({ seed: 2 }));
    timers.pass(60_000);
    assert.equal(asked.length, before);
  });

  it('is what comes alone and what becomes of it, without a question', async () => {
    const receiver = await startReceiver({ answer: { status: 400 } });
    const { relay, deliver, asked, feed, said, timers, snapshot } = await stage({
      settings: { destinations: [{ url: receiver.url }], retry: 'none' },
    });
    feed.show(null, null);
    const { snapshot: name } = await snapshot(0);
    await until(() => said.some((each) => each.type === 'strip'));
    const before = asked.length;
    await deliver(sampleBody({ email: 'ann@example.com' }));
    await relay.drained();
    const live = () => said.filter((each) => each.type === 'live');
    await until(() => {
      timers.pass(100);
      return live().some((each) => [...each.added, ...each.changed].some(({ state }) => state === 'failed'));
    });
    const [first] = live();
    assert.deepEqual([first?.snapshot, first?.added.map(({ row }) => row.id)], [name, ['e1']]);
    const last = live()
      .flatMap((each) => [...each.added, ...each.changed])
      .at(-1);
    assert.deepEqual([last?.status, last?.attempts.map(({ number }) => number)], [400, [1]]);
    const strip = said.filter((each) => each.type === 'strip').at(-1)?.strip;
    assert.deepEqual([strip?.counts.at(-1), strip?.failed.at(-1)], [1, 1]);
    assert.equal(await feed.find('e1', 0), -1);
    const [row] = await feed.rowsOf({ ...none, ids: ['e1'] });
    assert.equal(row?.address, 'ann@example.com');
    assert.equal(asked.length, before);
  });

  it('is nothing a second time that the snapshot holds, where it is told after that', async () => {
    const { relay, deliver, watched: all, feed, said, timers, snapshot } = await stage();
    await deliver(sampleBody({ events: 2, seed: 1 }));
    feed.show(null, null);
    assert.deepEqual(idsOf(await snapshot(0)), ['e2', 'e1']);
    const { events } = await relay.client.request('events/query', {});
    const { delivery } = await relay.client.request('events/get', { id: 'e2' });
    all.fire({ deliveries: [{ delivery, events: events.toReversed(), omitted: 0 }], missed: 0 });
    timers.pass(60_000);
    await deliver(sampleBody({ seed: 2 }));
    const live = () => said.flatMap((each) => (each.type === 'live' ? each.added : []));
    await until(() => {
      timers.pass(100);
      return live().length > 0;
    });
    assert.deepEqual(
      live().map(({ row }) => row.id),
      ['e3'],
    );
  });

  it('is another snapshot where its page did not take the one of a pause', async () => {
    const { deliver, feed, watch, snapshot } = await stage();
    await deliver(sampleBody({ events: 3, seed: 1 }));
    feed.show(null, null);
    await snapshot(0);
    watch.setPaused(true);
    assert.equal((await snapshot(1)).anchor, null);
    feed.see({ first: 0, count: 3, anchor: { id: 'e3', at: 0 } }, true);
    assert.equal((await snapshot(2)).anchor, 'e3');
  });

  it('is all that there is once that can be searched, also without a filter', async () => {
    const { relay, deliver, watched: all, feed, watch, snapshot } = await stage();
    await deliver(sampleBody({ seed: 1 }));
    feed.show(null, null);
    await snapshot(0);
    const status = await relay.client.request('relay/status', {});
    const so = (events: number): void => {
      all.become({
        kind: 'running',
        client: all.client,
        status: { ...status, index: { ...status.index, events, of: 100_000 } },
      });
    };
    so(10_000);
    assert.equal(watch.searchable, 10);
    so(100_000);
    await snapshot(1);
  });

  it('is of each row its latest attempts, as many as the relay shows, and how many there were before', async () => {
    const {
      relay,
      deliver,
      feed,
      watched: all,
      said,
      timers,
      snapshot,
    } = await stage({
      settings: { destinations: [{ url: (await startReceiver()).url }] },
    });
    feed.show(null, null);
    await snapshot(0);
    await deliver(sampleBody({ seed: 1 }));
    await relay.drained();
    const [row] = (await relay.client.request('events/query', {})).events;
    const [forwarding] = row?.forwardings ?? [];
    assert.ok(row !== undefined && forwarding !== undefined);
    const { attempts } = await relay.client.request('events/get', { id: row.id });
    const first = attempts[0]!;
    for (let number = 2; number <= 30; number++)
      all.attempt({ attempts: [{ ...first, ofRound: number, number }], missed: 0 });
    const last = () => said.flatMap((each) => (each.type === 'live' ? [...each.added, ...each.changed] : [])).at(-1);
    await until(() => {
      timers.pass(100);
      return last()?.attempts.at(-1)?.number === 30;
    });
    assert.deepEqual([last()?.attempts.length, last()?.omittedAttempts], [20, 10]);
  });

  it('is another snapshot when many have come, with what was in sight and where it stands', async () => {
    const { deliver, feed, snapshot } = await stage();
    await deliver(sampleBody({ events: 500, seed: 1 }));
    feed.show(null, null);
    await snapshot(0);
    // e101 stands at 399.
    feed.see({ first: 399, count: 10, anchor: { id: 'e101', at: 399 } }, false);
    await deliver(sampleBody({ events: 207, seed: 2 }));
    const next = await snapshot(1);
    assert.equal(next.anchor, 'e101');
    assert.equal(next.at, 606);
    assert.deepEqual(
      next.windows.map(({ offset }) => offset),
      [200, 600],
    );
    assert.equal(next.windows[1]?.events[6]?.row.id, 'e101');
  });

  it('is the windows that are wanted, the last wish alone', async () => {
    const { deliver, feed, said, snapshot, watch } = await stage();
    await deliver(sampleBody({ events: 900, seed: 1 }));
    feed.show(null, null);
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
    assert.equal(await feed.find('e1', 0), 899);
    // It may have come since the snapshot was begun.
    const { begun } = feed;
    assert.equal(await feed.find('e901', begun), undefined);
    await watch.setFilter('kind:test');
    assert.equal(await feed.find('e1', begun), undefined);
    // A snapshot by the filter before may still be on its way.
    await until(async () => (await feed.find('e1', begun)) === null);
    // Another filter is in force than it was taken by.
    await watch.setFilter('');
    assert.equal(await feed.find('e1', begun), undefined);
  });

  it('is a new snapshot if the one in which an event is looked for is no longer kept', async () => {
    const { relay, deliver, feed, snapshot } = await stage();
    await deliver(sampleBody({ events: 3 }));
    feed.show(null, null);
    await snapshot(0);
    // The relay keeps the last eight.
    for (let taken = 0; taken < 9; taken++) await relay.client.request('events/page', { limit: 1 });
    assert.equal(await feed.find('e1', 0), undefined);
    await snapshot(1);
    assert.equal(await feed.find('e1', 0), 2);
  });

  it('stands still while new events are held back, but for what is said in the rows', async () => {
    const receiver = await startReceiver();
    const { relay, deliver, watch, feed, said, timers, snapshot } = await stage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    await deliver(sampleBody({ events: 2, seed: 1 }));
    await relay.drained();
    feed.show(null, null);
    await snapshot(0);
    feed.see({ first: 0, count: 2, anchor: null }, false);
    watch.setPaused(true);
    assert.deepEqual(idsOf(await snapshot(1)), ['e2', 'e1']);
    await deliver(sampleBody({ events: 3, seed: 2 }));
    await until(() => watch.fresh === 3);
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    const live = () => said.filter((each) => each.type === 'live');
    await until(() => {
      timers.pass(100);
      return live().some((each) => each.changed.some(({ attempts }) => attempts.length === 2));
    });
    assert.ok(live().every(({ added }) => added.length === 0));
    // Others have taken snapshots meanwhile, and the relay no longer keeps this one: it is taken again as it was.
    for (let turn = 0; turn < 9; turn++) await relay.client.request('events/page', {});
    feed.later('loaded');
    const again = await snapshot(2);
    assert.deepEqual(idsOf(again), ['e2', 'e1']);
    watch.setPaused(false);
    assert.deepEqual(idsOf(await snapshot(3)), ['e5', 'e4', 'e3', 'e2', 'e1']);
  });

  it('is where the chosen rows stand in another snapshot, and these rows are read of it', async () => {
    const { deliver, watch, feed, snapshot } = await stage();
    await deliver(sampleBody({ events: 1000, seed: 1 }));
    await deliver(sampleBody({ events: 200, seed: 2 }));
    feed.show(null, null);
    const first = await snapshot(0);
    assert.deepEqual([first.turn, first.chosen, first.active], [0, [], null]);
    // From the first to the last, which are never all loaded.
    const all = { ...none, snapshot: first.snapshot, stretches: [[0, 1199] as [number, number]], active: 'e1' };
    feed.choose(1, all);
    const rows = await feed.rowsOf(all);
    assert.equal(rows.length, 1200);
    assert.deepEqual([rows[0]?.id, rows.at(-1)?.id], ['e1', 'e1200']);
    feed.setSort({ by: 'time', descending: false });
    const turned = await snapshot(1);
    assert.deepEqual([turned.turn, turned.chosen, turned.active], [1, [[0, 1199]], 0]);
    feed.choose(2, { ...none, snapshot: turned.snapshot, stretches: [[10, 11]], ids: ['e1'], active: 'e12' });
    await watch.setFilter('kind:event');
    const filtered = await snapshot(2);
    assert.deepEqual(
      [filtered.turn, filtered.chosen, filtered.active],
      [
        2,
        [
          [0, 0],
          [10, 11],
        ],
        11,
      ],
    );
    // What the filter takes away is chosen no more, and not again when it comes back.
    await watch.setFilter('kind:test');
    assert.deepEqual((await snapshot(3)).chosen, []);
    await watch.setFilter('');
    assert.deepEqual((await snapshot(4)).chosen, []);
  });

  it('is what the filter finds, in the order asked for, and begins anew with each', async () => {
    const { deliver, watch, feed, snapshot } = await stage();
    await deliver(sampleBody({ email: 'ann@example.com' }));
    await deliver('{}');
    feed.show(null, null);
    assert.equal((await snapshot(0)).total, 2);
    await watch.setFilter('kind:test');
    assert.deepEqual(idsOf(await snapshot(1)), ['e2']);
    await watch.setFilter('');
    await snapshot(2);
    feed.setSort({ by: 'time', descending: false });
    assert.deepEqual(idsOf(await snapshot(3)), ['e1', 'e2']);
  });

  it('is with a filter a strip of what that finds, before all there is, and which columns say the same', async () => {
    const { deliver, watch, feed, said } = await stage({ settings: { destinations: [] } });
    await deliver(sampleBody({ events: 3, seed: 1 }));
    await deliver('{}');
    feed.show(null, null);
    const strips = () => said.flatMap((each) => (each.type === 'strip' ? [each.strip] : []));
    const last = () => strips().at(-1);
    await until(() => last()?.counts.at(-1) === 4);
    assert.deepEqual(last()?.all, []);
    assert.deepEqual(feed.same, ['list', 'destination']);
    await watch.setFilter('kind:test');
    await until(() => last()?.all.at(-1) === 4);
    assert.equal(feed.all, 4);
    assert.equal(last()?.counts.at(-1), 1);
    await watch.setFilter('state:failed');
    await until(() => last()?.counts.at(-1) === 0);
    assert.deepEqual(last()?.failed.length, 60);
  });

  it('says why the history cannot be read', async () => {
    const { watch, feed, said } = await stage();
    await watch.setFilter('state:broken');
    feed.show(null, null);
    await until(() => feed.failure !== undefined);
    assert.match(feed.failure?.message ?? '', /expected one of failed, waiting/);
    assert.equal(said.at(-1)?.type, 'around');
  });
});
