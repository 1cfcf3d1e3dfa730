import assert from 'node:assert/strict';
import { TableFeed, type FeedNews } from '../../../src/extension/event-table/table-feed.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay, type TestRelay, type TestRelayOptions } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';
import { watched, type Watched } from '../events/watched.ts';

type View = Extract<FeedNews, { type: 'view' }>;

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
  /** The next view after the first `count`. */
  view: (count: number) => Promise<View>;
}> {
  const relay = await startTestRelay(options);
  const said: FeedNews[] = [];
  const timers = new HeldTimers();
  const all = await watched(relay, timers);
  const { watch, asked } = all;
  const feed = new TableFeed({ watch, say: (news) => said.push(structuredClone(news)), timers });
  const views = () => said.filter((each) => each.type === 'view');
  return {
    ...{ relay, watch, watched: all, asked, feed, said, timers },
    deliver: async (body) => {
      let isTold = false;
      relay.client.on('event/added', () => (isTold = true));
      await relay.deliver(body);
      await until(() => isTold);
    },
    view: (count) =>
      until(() => {
        const found = views()[count];
        // Time passes only while it is not there: the feed looks again by itself from time to time.
        if (found === undefined) timers.pass(10_000);
        return found;
      }),
  };
}
const idsOf = ({ windows }: View): string[] => windows.flatMap(({ rows }) => rows.map(({ row }) => row.id));

describe('What the table’s page is supplied with', () => {
  it('is nothing while nobody looks, then a view and the strip of the last minutes', async () => {
    const { deliver, feed, asked, said, timers, view } = await stage();
    await deliver(sampleBody({ events: 3 }));
    timers.pass(60_000);
    assert.equal(asked.length, 0);
    feed.show(null, null);
    const first = await view(0);
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
    const { relay, deliver, asked, feed, said, timers, view } = await stage({
      settings: { destinations: [{ url: receiver.url }], retry: 'none' },
    });
    feed.show(null, null);
    const { generation } = await view(0);
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
    assert.deepEqual([first?.generation, first?.added.map(({ row }) => row.id)], [generation, ['e1']]);
    const last = live()
      .flatMap((each) => [...each.added, ...each.changed])
      .at(-1);
    assert.deepEqual([last?.status, last?.attempts.map(({ number }) => number)], [400, [1]]);
    const strip = said.filter((each) => each.type === 'strip').at(-1)?.strip;
    assert.deepEqual([strip?.counts.at(-1), strip?.failed.at(-1)], [1, 1]);
    assert.equal(await feed.find('e1', 0), -1);
    const [row] = await feed.rowsOf({ ids: ['e1'], active: null });
    assert.equal(row?.address, 'ann@example.com');
    assert.equal(asked.length, before);
  });

  it('is of each row its latest attempts, as many as the relay shows, and how many there were before', async () => {
    const {
      relay,
      deliver,
      feed,
      watched: all,
      said,
      timers,
      view,
    } = await stage({
      settings: { destinations: [{ url: (await startReceiver()).url }] },
    });
    feed.show(null, null);
    await view(0);
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

  it('is the windows that are wanted, the last wish alone', async () => {
    const { deliver, feed, said, view, watch } = await stage();
    await deliver(sampleBody({ events: 900, seed: 1 }));
    feed.show(null, null);
    const first = await view(0);
    feed.want(first.generation - 1, [200]);
    feed.want(first.generation, [200, 400]);
    feed.want(first.generation, [800]);
    const rows = () => said.filter((each) => each.type === 'rows');
    await until(() => rows().length === 2);
    assert.deepEqual(
      rows().map(({ window }) => [window.offset, window.rows.length]),
      [
        [200, 200],
        [800, 100],
      ],
    );
    assert.equal(await feed.find('e1', 0), 899);
    // It may have come since the view was begun.
    const { begun } = feed;
    assert.equal(await feed.find('e901', begun), undefined);
    await watch.setFilter('kind:test');
    assert.equal(await feed.find('e1', begun), undefined);
    // A view by the filter before may still be on its way.
    await until(async () => (await feed.find('e1', begun)) === null);
    // Another filter is in force than it was taken by.
    await watch.setFilter('');
    assert.equal(await feed.find('e1', begun), undefined);
  });

  it('stays where it is while others come above it, and its pages hold every row once', async () => {
    const { relay, deliver, feed, said, view } = await stage();
    for (let seed = 0; seed < 4; seed++) await deliver(sampleBody({ events: 1000, seed }));
    feed.show(null, null);
    const { generation, total, windows } = await view(0);
    assert.equal(total, 4000);
    const seen = windows.flatMap(({ rows }) => rows.map(({ row }) => row.id));
    for (let offset = 200; offset < total; offset += 200) {
      if (offset % 1200 === 0) await relay.deliver(sampleBody({ events: 50, seed: 10 + offset }));
      feed.want(generation, [offset]);
      const rows = await until(() =>
        said.find((each) => each.type === 'rows' && each.window.offset === offset && each.generation === generation),
      );
      if (rows.type === 'rows') seen.push(...rows.window.rows.map(({ row }) => row.id));
    }
    assert.deepEqual([seen.length, new Set(seen).size], [4000, 4000]);
    assert.ok(seen.every((id) => Number(id.slice(1)) <= 4000));
    assert.equal(said.filter((each) => each.type === 'view').length, 1);
    assert.deepEqual(await feed.idsAt(generation, 150, 3299), seen.slice(150, 3300));
    assert.deepEqual(await feed.idsAt(generation - 1, 0, 10), []);
  });

  it('stands still while new events are held back, but for what is said in the rows', async () => {
    const receiver = await startReceiver();
    const { relay, deliver, watch, feed, said, timers, view } = await stage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    await deliver(sampleBody({ events: 2, seed: 1 }));
    await relay.drained();
    feed.show(null, null);
    await view(0);
    watch.setPaused(true);
    assert.deepEqual(idsOf(await view(1)), ['e2', 'e1']);
    await deliver(sampleBody({ events: 3, seed: 2 }));
    await until(() => watch.fresh === 3);
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    const live = () => said.filter((each) => each.type === 'live');
    await until(() => {
      timers.pass(100);
      return live().some((each) => each.changed.some(({ attempts }) => attempts.length === 2));
    });
    assert.ok(live().every(({ added }) => added.length === 0));
    feed.later('loaded');
    const again = await view(2);
    assert.deepEqual([idsOf(again), again.before], [['e2', 'e1'], 'e3']);
    watch.setPaused(false);
    assert.deepEqual(idsOf(await view(3)), ['e5', 'e4', 'e3', 'e2', 'e1']);
  });

  it('is what another view has of the choice, and the chosen rows are read by their IDs', async () => {
    const { deliver, watch, feed, view } = await stage();
    await deliver(sampleBody({ events: 1000, seed: 1 }));
    await deliver(sampleBody({ events: 200, seed: 2 }));
    feed.show(null, null);
    const first = await view(0);
    assert.deepEqual([first.turn, first.chosen], [0, { ids: [], count: 0, active: null }]);
    const ids = await feed.idsAt(first.generation, 0, 1199);
    // More than are loaded, and one that has gone.
    const many = { ids: [...ids, 'e9999'], active: 'e1' };
    feed.choose(1, many);
    const rows = await feed.rowsOf(many);
    assert.equal(rows.length, 1200);
    assert.deepEqual([rows[0]?.id, rows.at(-1)?.id], ['e1', 'e1200']);
    feed.setSort({ by: 'time', descending: false });
    const turned = await view(1);
    assert.deepEqual([turned.turn, turned.chosen.count, turned.chosen.active], [1, 1200, 0]);
    feed.choose(2, { ids: ['e11', 'e12', 'e1'], active: 'e12' });
    await watch.setFilter('kind:event');
    const filtered = await view(2);
    assert.deepEqual([filtered.turn, filtered.chosen], [2, { ids: ['e1', 'e11', 'e12'], count: 3, active: 11 }]);
    // What the filter takes away is chosen no more, and not again when it comes back.
    await watch.setFilter('kind:test');
    assert.equal((await view(3)).chosen.count, 0);
    await watch.setFilter('');
    assert.equal((await view(4)).chosen.count, 0);
  });

  it('is with all chosen how many those are, until another filter, and their rows are as the filter finds them', async () => {
    const { deliver, watch, feed, view } = await stage();
    await deliver(sampleBody({ events: 1000, seed: 1 }));
    await deliver('{}');
    feed.show(null, null);
    const { before } = await view(0);
    const all = { filter: '', before, except: ['e1', 'e7'], count: 999, active: 'e2' };
    feed.choose(1, all);
    await deliver(sampleBody({ events: 50, seed: 2 }));
    const rows = await feed.rowsOf(all);
    assert.deepEqual([rows.length, rows[0]?.id, rows.at(-1)?.id], [999, 'e2', 'e1001']);
    feed.setSort({ by: 'time', descending: false });
    assert.deepEqual((await view(1)).chosen, { ids: [], count: 999, active: 1 });
    await watch.setFilter('kind:test');
    assert.deepEqual((await view(2)).chosen, { ids: [], count: 0, active: null });
  });
});
