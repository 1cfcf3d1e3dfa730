import assert from 'node:assert/strict';
import { EventsFeed, pageSize, type Drawing } from '../../../src/extension/event-tree/events-feed.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay, type TestRelay, type TestRelayOptions } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';
import { watched, type Watched } from '../events/watched.ts';

interface Stage {
  readonly relay: TestRelay;
  readonly watched: Watched;
  readonly watch: Watched['watch'];
  readonly feed: EventsFeed;
  readonly timers: HeldTimers;
  readonly drawings: Drawing[];
  /** Filters and cursors of the queries made. */
  readonly queries: () => Params<'events/query'>[];
  readonly rows: () => EventRow[];
  /** Lets a tenth of a second pass at a time until the condition holds. */
  readonly passUntil: (condition: () => unknown) => Promise<void>;
}

/** A feed that follows a real relay as the extension's session lets it. */
async function startStage(options: TestRelayOptions = {}): Promise<Stage> {
  const relay = await startTestRelay(options);
  const timers = new HeldTimers();
  const drawings: Drawing[] = [];
  const made = await watched(relay, timers);
  const { watch, asked } = made;
  const feed = new EventsFeed({
    watch,
    draw: (drawing) => drawings.push(drawing),
    around: () => undefined,
    timers,
  });
  return {
    ...{ relay, watch, feed, timers, drawings },
    watched: made,
    queries: () =>
      asked.filter(({ method }) => method === 'events/query').map(({ params }) => params as Params<'events/query'>),
    rows: () => feed.list.newestFirst().map(({ row }) => row),
    passUntil: (condition) =>
      until(() => {
        timers.pass(100);
        return condition();
      }).then(() => undefined),
  };
}

async function deliver(relay: TestRelay, count: number, batch = 1): Promise<void> {
  for (let n = 0; n < count; n++) await relay.deliver(sampleBody({ events: batch }));
}

describe('the feed of the events view', () => {
  it('asks for nothing and draws nothing while nobody looks', async () => {
    const { relay, feed, timers, drawings, queries } = await startStage();
    await deliver(relay, 3);
    timers.pass(120_000);
    assert.equal(queries().length, 0);
    assert.equal(drawings.length, 0);
    feed.setVisible(true);
    await feed.ready();
    assert.equal(feed.list.size, 3);
    assert.equal(queries().length, 1);
    assert.deepEqual(drawings, ['all']);
  });

  it('says what cannot be read until it can, and then has everything', async () => {
    const { relay, watch, watched, feed, drawings, passUntil } = await startStage();
    const { errors } = watched;
    await deliver(relay, 2);
    watched.refusal = new Error('the history is damaged');
    feed.setVisible(true);
    await feed.ready();
    assert.deepEqual([feed.failure, feed.list.size], [watched.refusal, 0]);
    assert.equal(drawings.length, 1);
    watch.refresh();
    await feed.ready();
    assert.equal(errors.length, 2);
    watched.refusal = undefined;
    watch.refresh();
    await feed.ready();
    assert.deepEqual([feed.failure, feed.list.size], [undefined, 2]);

    watched.refusal = new Error('the history is damaged');
    watch.refresh();
    await feed.ready();
    watched.refusal = undefined;
    // What comes is a reason to ask again.
    await deliver(relay, 1);
    await passUntil(() => feed.failure === undefined && feed.list.size === 3);
  });

  it('shows a delivery without another question, and at once where nothing was drawn just before', async () => {
    const { relay, feed, timers, drawings, queries, rows } = await startStage();
    feed.setVisible(true);
    await feed.ready();
    timers.pass(1000);
    const before = drawings.length;
    await deliver(relay, 1);
    await until(() => drawings.length > before);
    assert.equal(rows()[0]?.type, 'Subscribe');
    assert.equal(queries().length, 1);
  });

  it('draws a burst a few times, and has the newest at the end', async () => {
    const { relay, feed, timers, drawings, rows, passUntil } = await startStage();
    feed.setVisible(true);
    await feed.ready();
    const before = drawings.length;
    await Promise.all(Array.from({ length: 200 }, () => deliver(relay, 1, 3)));
    await passUntil(() => rows()[0]?.id === 'e600');
    timers.pass(1000);
    assert.equal(feed.list.size, 300);
    assert.ok(drawings.length - before < 40, `${drawings.length - before} drawings`);
    assert.equal(drawings.at(-1), 'all');
  });

  it('draws the event alone whose forwarding has changed', async () => {
    const receiver = await startReceiver();
    const { relay, feed, drawings, rows, passUntil } = await startStage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    feed.setVisible(true);
    await feed.ready();
    await deliver(relay, 1);
    await passUntil(() => rows()[0]?.forwardings[0]?.state === 'sent');
    assert.equal(rows()[0]?.forwardings[0]?.status, 200);
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    await passUntil(() => rows()[0]?.forwardings[0]?.attempts === 2);
    await passUntil(() => drawings.some((each) => each !== 'all' && each[0]?.row.id === 'e1'));
  });

  it('loads older pages one by one, down to the first event', async () => {
    const { relay, feed, rows } = await startStage();
    let told = false;
    relay.client.on('event/added', () => (told = true));
    await deliver(relay, 1, 2 * pageSize + 50);
    await until(() => told);
    feed.setVisible(true);
    await feed.ready();
    assert.equal(feed.list.size, pageSize);
    await Promise.all([feed.loadMore(), feed.loadMore()]);
    assert.equal(feed.list.size, 2 * pageSize);
    await feed.loadMore();
    await feed.loadMore();
    assert.equal(feed.list.size, 2 * pageSize + 50);
    assert.equal(rows().at(-1)?.id, 'e1');
    assert.equal(feed.list.hasOlder, false);
  });

  it('asks the relay what matches, where a filter is set', async () => {
    const { relay, watch, feed, queries, rows, passUntil } = await startStage();
    feed.setVisible(true);
    await feed.ready();
    await relay.deliver(sampleBody({ type: 'Update' }));
    await deliver(relay, 1);
    await watch.setFilter('type:Update');
    await feed.ready();
    assert.deepEqual(
      rows().map(({ type }) => type),
      ['Update'],
    );
    await deliver(relay, 20);
    await relay.deliver(sampleBody({ type: 'Update' }));
    await passUntil(() => rows().length === 2);
    assert.ok(rows().every(({ type }) => type === 'Update'));
    assert.ok(queries().every(({ limit }) => limit === pageSize));
  });

  it('drops what no longer matches the filter', async () => {
    const receiver = await startReceiver({ answer: { status: 400 } });
    const { relay, watch, feed, rows, passUntil } = await startStage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    await deliver(relay, 2);
    await relay.drained();
    feed.setVisible(true);
    await watch.setFilter('state:failed');
    await feed.ready();
    assert.equal(rows().length, 2);
    receiver.answer({ status: 200 });
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    await passUntil(() => rows().length === 1);
    assert.equal(rows()[0]?.id, 'e2');
  });

  it('lets no event join the list while it is paused, counts them, and has them afterward', async () => {
    const receiver = await startReceiver();
    const { relay, watch, feed, drawings, rows, passUntil } = await startStage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    await deliver(relay, 2);
    await relay.drained();
    feed.setVisible(true);
    await feed.ready();
    watch.setPaused(true);
    assert.deepEqual([watch.paused, watch.fresh], [true, 0]);
    await deliver(relay, 1, 3);
    await passUntil(() => watch.fresh === 3);
    assert.deepEqual(
      rows().map(({ id }) => id),
      ['e2', 'e1'],
    );
    // What is shown stays true.
    const before = drawings.length;
    await relay.client.request('notifications/replay', { ids: ['e1'] });
    await passUntil(() => rows()[1]?.forwardings[0]?.attempts === 2);
    await passUntil(() => drawings.length > before);
    await relay.client.request('notifications/discard', { waiting: true });
    assert.equal(rows().length, 2);
    watch.setPaused(false);
    await passUntil(() => rows().length === 5);
    assert.deepEqual([watch.paused, watch.fresh], [false, 0]);
  });
});
