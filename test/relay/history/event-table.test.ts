import assert from 'node:assert/strict';
import { eventOrders } from '../../../src/protocol/event-filter.ts';
import type { Params, Result } from '../../../src/protocol/methods.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import type { TestRelay } from '../stage.ts';

function page(relay: TestRelay, params: Params<'events/page'>): Promise<Result<'events/page'>> {
  return relay.client.request('events/page', params);
}

describe('Pages of a large history', () => {
  it('hold every event up to the newest of the first page once, in each order, while more come', async function () {
    this.timeout(60_000);
    const relay = await startTestRelay();
    for (let seed = 0; seed < 5; seed++) await relay.deliver(sampleBody({ events: 1000, seed }));
    for (const by of eventOrders) {
      const query = { sort: { by, descending: true }, filter: 'kind:event', limit: 1000 };
      const first = await page(relay, query);
      const end = Number(first.newest?.slice(1));
      assert.equal(first.total, end);
      const ids = new Set(first.events.map(({ id }) => id));
      for (let offset = 1000; offset < first.total; offset += 1000) {
        await relay.deliver(sampleBody({ events: 70, seed: offset + end }));
        const { events, total, newest } = await page(relay, { ...query, offset, before: `e${end + 1}` });
        assert.deepEqual([total, newest], [end, first.newest], by);
        for (const { id } of events) ids.add(id);
      }
      assert.equal(ids.size, end, by);
    }
  });
});

describe('What is left of a choice', () => {
  it('is what matches of the IDs, with the position of the active one', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 3 }));
    await relay.deliver('{}');
    const leftIn = async (params: Params<'events/page'>) => (await page(relay, params)).chosen;
    const chosen = { ids: ['e4', 'e2', 'e9'], active: 'e3' };
    assert.deepEqual(await leftIn({ chosen }), { ids: ['e4', 'e2'], count: 2, active: 1 });
    const sort = { by: 'time' as const };
    assert.deepEqual(await leftIn({ chosen, sort, filter: 'kind:event' }), { ids: ['e2'], count: 1, active: 2 });
    assert.deepEqual(await leftIn({ chosen, before: 'e3' }), { ids: ['e2'], count: 1, active: null });
    assert.deepEqual(await leftIn({ chosen: { ids: [], active: null } }), { ids: [], count: 0, active: null });
    assert.equal(await leftIn({}), undefined);
  });

  it('is with a filter the number that match, without those that came later or are left out', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 5 }));
    const all = { filter: '', before: 'e5', except: ['e2', 'e9'], count: 0, active: 'e2' };
    assert.deepEqual((await page(relay, { chosen: all })).chosen, { ids: [], count: 3, active: 3 });
    assert.equal((await page(relay, { chosen: all, before: 'e3' })).chosen?.count, 1);
  });

  it('is read by its IDs, newest first', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ events: 5 }));
    const query = { ids: ['e2', 'e5', 'e3', 'e9'], limit: 2 };
    const first = await relay.client.request('events/query', query);
    assert.deepEqual([first.events.map(({ id }) => id), first.next], [['e5', 'e3'], 'e3']);
    const second = await relay.client.request('events/query', { ...query, before: 'e3' });
    assert.deepEqual([second.events.map(({ id }) => id), second.next], [['e2'], null]);
  });
});

describe('An act on all that match', () => {
  it('is on what the filter finds then, up to an event, except some', async () => {
    const receiver = await startReceiver({ answer: { status: 400 } });
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }], retry: 'none' } });
    for (let seed = 1; seed <= 5; seed++) await relay.deliver(sampleBody({ seed }));
    await relay.drained();
    const failed = { filter: 'state:failed', before: 'e5' };
    const resent = await relay.client.request('notifications/replay', { ...failed, except: ['e2'] });
    assert.deepEqual(resent, { replayed: 3, notificationIds: ['n1', 'n3', 'n4'] });
    await relay.drained();
    await relay.client.request('debug/pause', {});
    for (let seed = 6; seed <= 9; seed++) await relay.deliver(sampleBody({ seed }));
    const held = { filter: 'state:held', before: 'e9', except: ['e6'] };
    assert.deepEqual(await relay.client.request('notifications/discard', held), { discarded: 2 });
    assert.deepEqual(await relay.client.request('notifications/discard', { filter: 'state:waiting' }), {
      discarded: 0,
    });
    const { events } = await relay.client.request('events/query', { filter: 'state:held' });
    assert.deepEqual(
      events.map(({ id }) => id),
      ['e9', 'e6'],
    );
  });
});
