import assert from 'node:assert/strict';
import { HistoryReader } from '../../../src/extension/events/history-reader.ts';
import type { Reading } from '../../../src/extension/events/history-watch.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay, type TestRelay, type TestRelayOptions } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';
import { HeldTimers } from '../ui/held-timers.ts';
import { watched, type Watched } from './watched.ts';

/** One that reads the newest ids, and notes what it is told. */
class IdReader extends HistoryReader {
  readonly told: string[] = [];
  readonly readings: Reading[] = [];
  ids: string[] = [];
  pauseMs(): number {
    return 250;
  }
  async read(client: RelayClient, reading: Reading, isCurrent: () => boolean): Promise<void> {
    this.readings.push(reading);
    const { filter, before } = this.watch;
    const { events } = await client.request('events/query', { filter, ...(before !== undefined && { before }) });
    if (!isCurrent()) return;
    if (before === undefined) this.watch.noteNewest(events[0]?.id);
    this.ids = events.map(({ id }) => id);
  }
  forget(): void {
    this.ids = [];
    this.told.push('forget');
  }
  added(rows: readonly { id: string }[]): void {
    this.told.push(`added ${rows.map(({ id }) => id).join()}`);
  }
  attempted(attempts: readonly { notificationId: string }[]): void {
    this.told.push(`attempted ${attempts.map((each) => each.notificationId).join()}`);
  }
  underWay(): void {
    this.told.push('under way');
  }
  around(): void {
    this.told.push('around');
  }
  override aged(): void {
    this.told.push('aged');
  }
}

async function stage(
  options: TestRelayOptions = {},
  history?: Parameters<typeof watched>[2],
): Promise<{
  relay: TestRelay;
  made: Watched;
  watch: Watched['watch'];
  timers: HeldTimers;
  /** Another who reads. */
  reader: () => IdReader;
  passUntil: (condition: () => unknown) => Promise<void>;
}> {
  const relay = await startTestRelay(options);
  const timers = new HeldTimers();
  const made = await watched(relay, timers, history);
  const { watch } = made;
  return {
    ...{ relay, made, watch, timers },
    reader: () => new IdReader(watch, timers),
    passUntil: async (condition) => {
      await until(() => {
        timers.pass(100);
        return condition();
      });
    },
  };
}

describe('The watch of the history', () => {
  it('tells those who read what comes and what becomes of it, and asks nothing for one that comes alone', async () => {
    const receiver = await startReceiver();
    const { relay, made, timers, reader, passUntil } = await stage({
      settings: { destinations: [{ url: receiver.url }] },
    });
    const [one, hidden] = [reader(), reader()];
    one.setVisible(true);
    await one.ready();
    const before = made.asked.length;
    await relay.deliver(sampleBody());
    await relay.drained();
    await passUntil(() => one.told.includes('attempted n1'));
    timers.pass(1000);
    assert.ok(one.told.includes('added e1'));
    assert.deepEqual(
      hidden.told.filter((each) => each !== 'around'),
      [],
    );
    assert.equal(made.asked.length, before);
  });

  it('has one filter for all who read, keeps the last ones, and says what is wrong with one', async () => {
    const { relay, watch, reader } = await stage();
    await relay.deliver(sampleBody({ type: 'Update' }));
    await relay.deliver(sampleBody());
    const all = [reader(), reader()];
    for (const each of all) each.setVisible(true);
    assert.match((await watch.refusalOf('nosuchkey:x'))?.message ?? '', /nosuchkey/);
    assert.equal(await watch.refusalOf('type:update'), undefined);
    await watch.setFilter('type:update');
    await Promise.all(all.map((each) => each.ready()));
    assert.deepEqual(
      all.map(({ ids }) => ids),
      [['e1'], ['e1']],
    );
    await watch.setFilter('type:subscribe');
    await watch.setFilter('type:update');
    await watch.setFilter('type:up', true);
    await watch.setFilter('');
    // What was still being typed is not kept.
    assert.deepEqual(watch.recentFilters, ['type:update', 'type:subscribe']);
  });

  it('holds new events back for all who read, whoever comes later, and counts them', async () => {
    const { relay, made, watch, reader, passUntil } = await stage();
    await relay.deliver(sampleBody({ events: 2 }));
    const one = reader();
    one.setVisible(true);
    await one.ready();
    watch.setPaused(true);
    await relay.deliver(sampleBody({ events: 3, seed: 2 }));
    await passUntil(() => watch.fresh === 3);
    const later = reader();
    later.setVisible(true);
    await later.ready();
    assert.deepEqual(later.ids, ['e2', 'e1']);
    await passUntil(() => one.readings.length === 2);
    assert.deepEqual(one.ids, ['e2', 'e1']);
    assert.ok(!made.asked.some(({ method }) => method === 'events/counts'));
    watch.setPaused(false);
    await passUntil(() => [one, later].every(({ ids }) => ids.length === 5));
    assert.equal(watch.fresh, 0);
  });

  it('throws away what was asked before another filter, and before new events were held back', async () => {
    const { relay, watch, reader, passUntil } = await stage();
    await relay.deliver(sampleBody());
    const one = reader();
    one.setVisible(true);
    const first = one.ready();
    watch.setPaused(true);
    await first;
    assert.deepEqual(one.ids, []);
    await passUntil(() => one.ids.length === 1);
    const before = one.ready();
    const filtered = watch.setFilter('type:update');
    await Promise.all([before, filtered, one.ready()]);
    assert.deepEqual(one.ids, []);
  });

  it('says how much can be searched while a large history is being prepared, and asks again when it is', async () => {
    const { relay, made, watch, reader, passUntil } = await stage();
    const one = reader();
    one.setVisible(true);
    await watch.setFilter('type:subscribe');
    await one.ready();
    const status = await relay.client.request('relay/status', {});
    const prepared = (events: number, of: number): number | undefined => {
      made.become({
        ...{ kind: 'running', client: made.client },
        status: { ...status, index: { events, of, failure: null } },
      });
      return watch.searchable;
    };
    assert.equal(prepared(430_000, 1_000_000), 43);
    assert.equal(prepared(999_000, 1_000_000), undefined, 'what came a moment ago is not worth a word');
    assert.equal(prepared(0, 900), undefined);
    const count = one.readings.length;
    prepared(10, 900_000);
    prepared(900_000, 900_000);
    await passUntil(() => one.readings.length > count);
  });

  it('asks no other process where one has ended that read what a relay left, says why, and asks when it is told to', async () => {
    const failure = new Error('its process has ended');
    const history = await startTestRelay();
    let started = 0;
    const ends: (() => void)[] = [];
    let ended: Error | undefined;
    const parts = {
      exists: true,
      get failure() {
        return ended;
      },
      reader: () => {
        if (ended !== undefined) return Promise.reject(ended);
        started += 1;
        return Promise.resolve({ ...history.client, closed: new Promise<void>((resolve) => ends.push(resolve)) });
      },
      tryAgain: () => void (ended = undefined),
    };
    const { made, watch, reader } = await stage({}, parts);
    made.become({ kind: 'stopped' });
    const [one, other] = [reader(), reader()];
    one.setVisible(true);
    await until(() => watch.isLeft);
    const end = (): void => {
      ended = failure;
      ends.at(-1)?.();
    };
    end();
    await until(() => one.failure === failure);
    other.setVisible(true);
    made.become({ kind: 'failed', message: 'it could not start' });
    await until(() => other.failure === failure);
    assert.deepEqual([started, made.errors, watch.isLeft], [1, [failure], false]);
    watch.tryAgain();
    await until(() => watch.isLeft);
    assert.deepEqual([started, one.failure], [2, undefined]);
  });

  it('reads what a relay left once somebody looks, until one runs again; nothing is held back then', async () => {
    let ended = (): void => undefined;
    const history = await startTestRelay();
    await history.deliver(sampleBody({ events: 2 }));
    const closed = new Promise<void>((resolve) => (ended = resolve));
    const left: RelayClient = { ...history.client, closed };
    const { relay, made, watch, reader } = await stage({}, { exists: true, reader: () => Promise.resolve(left) });
    const running = await relay.client.request('relay/status', {});
    made.become({ kind: 'stopped' });
    assert.deepEqual([watch.client, watch.isLeft], [undefined, false]);
    const one = reader();
    one.setVisible(true);
    await until(() => one.ids.length === 2);
    assert.equal(watch.isLeft, true);
    watch.setPaused(true);
    made.become({ kind: 'starting' });
    assert.deepEqual([watch.isLeft, watch.paused], [true, true]);
    made.become({ kind: 'running', client: made.client, status: running });
    await one.ready();
    assert.deepEqual([watch.isLeft, watch.paused, one.ids], [false, false, []]);
    ended();
  });
});
