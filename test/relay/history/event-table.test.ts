import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { eventOrders, eventStates } from '../../../src/protocol/event-filter.ts';
import { methods, type Params, type Result } from '../../../src/protocol/methods.ts';
import type { StoredState } from '../../../src/relay/log/database.ts';
import type { HistoryReader } from '../../../src/relay/history/history.ts';
import type { Store } from '../../../src/relay/log/store.ts';
import { ownDirectory } from '../afterward.ts';
import { startReceiver } from '../receiver.ts';
import { addDelivery, attemptRecord, deliveryRecord, destinationId } from '../records.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';
import { openReader, openStore } from './stores.ts';

type Page = Result<'events/page'>;
type Counts = Result<'events/counts'>;

const tableOf = (reader: HistoryReader) => ({
  page: (params: object): Page =>
    methods['events/page'].result.parse(reader.page(methods['events/page'].params.parse(params))),
  counts: (params: object): Counts =>
    methods['events/counts'].result.parse(reader.counts(methods['events/counts'].params.parse(params))),
});

/** Six deliveries of one event each, in all states, with attempts of different lengths. */
async function addAttempted(store: Store): Promise<void> {
  const to = destinationId(store);
  for (let id = 1; id <= 6; id++) await store.add(deliveryRecord(store, { to: [to] }));
  const { forwardings } = store;
  await forwardings.recordAttempt(attemptRecord(1, to, 'sent', { durationMs: 30 }), null);
  await forwardings.recordAttempt(attemptRecord(2, to, 'failed', { durationMs: 10, status: 404 }), 'no');
  await forwardings.recordAttempt(attemptRecord(3, to, 'retrying', { durationMs: 20 }), 'later');
  await forwardings.discard([4]);
  await forwardings.recordAttempt(attemptRecord(6, to, 'sent', { durationMs: 0.25 }), null);
}

describe('A page of a table', () => {
  it('shows the result of each event’s attempts, in the order asked for', async () => {
    const dataDir = ownDirectory();
    await addAttempted(openStore(dataDir));
    const { page } = tableOf(openReader(dataDir));
    assert.deepEqual(
      page({ sort: { by: 'state' }, traced: true }).traced.map((each) => [
        ...[each.row.id, each.state, each.attempts.length, each.status, each.durationMs],
      ]),
      [
        ['e2', 'failed', 1, 404, 10],
        ['e3', 'retrying', 1, 500, 20],
        ['e5', 'waiting', 0, null, null],
        ['e4', 'discarded', 0, null, null],
        ['e1', 'sent', 1, 200, 30],
        ['e6', 'sent', 1, 200, 0.25],
      ],
    );
    const ids = (params: object): string[] => page(params).ids;
    assert.deepEqual(ids({}), ['e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
    assert.deepEqual(ids({ sort: { by: 'time' } }), ['e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
    assert.deepEqual(ids({ sort: { by: 'duration', descending: true } }), ['e1', 'e3', 'e2', 'e6', 'e5', 'e4']);
    assert.deepEqual(ids({ filter: 'state:sent', sort: { by: 'duration' } }), ['e6', 'e1']);
    assert.deepEqual(ids({ sort: { by: 'status', descending: true } }), ['e3', 'e2', 'e6', 'e1', 'e5', 'e4']);
    assert.deepEqual(ids({ sort: { by: 'attempts' } }), ['e4', 'e5', 'e1', 'e2', 'e3', 'e6']);
  });

  it('has the position of an event, in each order', async () => {
    const dataDir = ownDirectory();
    await addAttempted(openStore(dataDir));
    const { page } = tableOf(openReader(dataDir));
    for (const by of ['time', 'type', 'state', 'status', 'duration', 'attempts']) {
      for (const descending of [false, true]) {
        const sort = { by, descending };
        const { ids } = page({ sort });
        for (const [position, find] of ids.entries()) assert.equal(page({ sort, find, limit: 1 }).found, position, by);
        for (const [offset, id] of ids.entries()) assert.equal(page({ sort, offset, limit: 1 }).ids[0], id, by);
      }
    }
    assert.equal(page({ find: 'e3', filter: 'state:failed' }).found, null);
    assert.equal(page({ find: 'e9' }).found, null);
    assert.equal('found' in page({}), false);
  });

  it('stays where it is while events come, with `before`', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    for (let id = 1; id <= 6; id++) await store.add(deliveryRecord(store));
    const { page, counts } = tableOf(openReader(dataDir));
    const first = page({ limit: 2 });
    assert.deepEqual([first.newest, first.total], ['e6', 6]);
    await store.add(deliveryRecord(store, { events: 3 }));
    const rest = page({ before: 'e7', offset: 2, limit: 10 });
    assert.deepEqual([...first.ids, ...rest.ids], ['e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
    assert.deepEqual([rest.total, rest.newest], [6, 'e6']);
    assert.deepEqual([counts({ after: 'e6' }).total, page({ before: 'e7', find: 'e8' }).found], [3, null]);
    assert.deepEqual(page({ offset: 20 }), { total: 9, ids: [], traced: [], newest: 'e9', unseen: 0 });
    const none = page({ filter: 'state:failed' });
    assert.deepEqual([none.total, none.newest], [0, null]);
  });

  it('has what is left of a choice: by ID, and of all that matched', async () => {
    const dataDir = ownDirectory();
    await addAttempted(openStore(dataDir));
    const { page } = tableOf(openReader(dataDir));
    const chosen = (choice: object, params: object = {}) =>
      page({ ...params, limit: 1, chosen: { active: null, ...choice } }).chosen;
    assert.deepEqual(chosen({ ids: ['e1', 'e6', 'e9'] }), { ids: ['e6', 'e1'], count: 2, active: null });
    assert.deepEqual(chosen({ ids: ['e1', 'e2'], active: 'e6' }, { filter: 'state:sent' }), {
      ...{ ids: ['e1'], count: 1, active: 0 },
    });
    assert.deepEqual(chosen({ ids: [], active: 'e2' }, { filter: 'state:sent' }), { ids: [], count: 0, active: null });
    const all = { filter: '', before: 'e6', except: ['e2', 'e9'], count: 0 };
    assert.deepEqual(chosen({ ...all, active: 'e5' }), { ids: [], count: 4, active: 1 });
    assert.deepEqual(chosen({ ...all, active: 'e1' }, { filter: 'state:sent' }), { ids: [], count: 1, active: 1 });
  });

  it('gives whole rows with their latest attempts on a clock', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    for (let id = 1; id <= 3; id++) await store.add(deliveryRecord(store, { to: [to] }));
    for (let number = 1; number <= 25; number++) {
      const attempt = attemptRecord(2, to, 'retrying', { number, at: 1000 * number, durationMs: number });
      await store.forwardings.recordAttempt(attempt, 'later');
    }
    const { traced } = tableOf(openReader(dataDir)).page({ traced: true });
    assert.deepEqual(
      traced.map((each) => [each.row.id, each.state, each.attempts.length, each.omittedAttempts]),
      [
        ['e3', 'waiting', 0, 0],
        ['e2', 'retrying', 20, 5],
        ['e1', 'waiting', 0, 0],
      ],
    );
    const { attempts, row } = traced[1] ?? assert.fail();
    assert.deepEqual(attempts[0], {
      ...{ destinationId: row.forwardings[0]?.destinationId, number: 6, at: '1970-01-01T00:00:06.000Z' },
      ...{ durationMs: 6, status: 500, outcome: 'retrying' },
    });
    assert.equal(attempts.at(-1)?.number, 25);
  });

  it('is in the order of types by name, and of what a text finds', async () => {
    const relay = await startTestRelay();
    for (const [Type, Name] of [
      ['Update', 'Ophelia'],
      ['Deactivate', 'Gertrude'],
      ['subscribe', 'Ophelia'],
      ['Subscribe', 'Hamlet'],
    ] as const) {
      await relay.deliver(JSON.stringify({ ListID: 'l', Events: [{ Type, EmailAddress: 'a@example.org', Name }] }));
    }
    await relay.stop();
    const types = (reader: HistoryReader, filter: string): (string | null)[] =>
      tableOf(reader)
        .page({ filter, sort: { by: 'type' }, traced: true })
        .traced.map(({ row }) => row.type);
    const reader = openReader(relay.dataDir);
    assert.deepEqual(types(reader, ''), ['Deactivate', 'subscribe', 'Subscribe', 'Update']);
    assert.deepEqual(types(reader, 'ophelia'), ['subscribe', 'Update']);
  });
});

describe('Counts of events', () => {
  it('are those of the rows: in all, by group, and by the minute', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    const minute = 60_000;
    const start = Date.UTC(2026, 0, 1, 12);
    for (const [index, state] of (['sent', 'failed', 'sent'] as const).entries()) {
      await addDelivery(store, {
        events: index + 1,
        receivedAt: start + index * 2 * minute + 500,
        to: [[to, state]],
      });
    }
    await store.add(deliveryRecord(store, { status: 'rejected', receivedAt: start + 5 * minute }));
    const { counts } = tableOf(openReader(dataDir));
    assert.equal(counts({}).total, 7);
    assert.deepEqual([counts({ after: 'e5' }).total, counts({ after: 'e7' }).total], [2, 0]);
    assert.deepEqual(counts({ groupBy: 'state' }).groups, [
      { value: 'sent', count: 4, newest: 'e6' },
      { value: 'failed', count: 2, newest: 'e3' },
      { value: 'rejected', count: 1, newest: 'e7' },
    ]);
    assert.deepEqual(counts({ groupBy: 'state', after: 'e5' }).groups, [
      { value: 'rejected', count: 1, newest: 'e7' },
      { value: 'sent', count: 1, newest: 'e6' },
    ]);
    assert.deepEqual(counts({ groupBy: 'list', filter: 'kind:event' }).groups, [
      { value: 'l', count: 6, newest: 'e6' },
    ]);
    const byDelivery = counts({ groupBy: 'delivery', mostGroups: 2 });
    assert.deepEqual(
      byDelivery.groups.map(({ value, count }) => [value, count]),
      [
        ['d3', 3],
        ['d2', 2],
      ],
    );
    assert.deepEqual(counts({ perMinute: {} }).timeline, {
      since: '2026-01-01T12:00:00.000Z',
      minutes: 1,
      counts: [1, 0, 2, 0, 3, 1],
    });
    const part = { since: '2026-01-01T12:02:00.000Z', until: '2026-01-01T12:05:00.000Z' };
    assert.deepEqual(counts({ perMinute: part, filter: 'state:sent' }).timeline?.counts, [0, 0, 3]);
    assert.deepEqual(counts({ perMinute: part, after: 'e6' }).timeline?.counts, [0, 0, 0]);
    assert.equal(counts({ perMinute: {}, filter: 'type:nosuch' }).timeline, null);
  });

  it('are those of any history, by state and by delivery', async () => {
    const states: readonly (StoredState | null)[] = ['waiting', 'sent', 'failed', 'discarded', null];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...states), fc.integer({ min: 1, max: 4 })), { maxLength: 12 }),
        fc.nat(20),
        fc.integer({ min: 1, max: 8 }),
        async (planned, after, mostGroups) => {
          const dataDir = ownDirectory();
          const store = openStore(dataDir);
          const to = destinationId(store);
          const rows: { id: number; delivery: number; state: string }[] = [];
          for (const [state, events] of planned) {
            const record = await addDelivery(store, { events, to: state === null ? [] : [[to, state]] });
            for (const { id } of record.events) rows.push({ id, delivery: record.id, state: state ?? 'none' });
          }
          const reader = openReader(dataDir);
          const matching = rows.filter(({ id }) => id > after);
          for (const [groupBy, valueOf] of [
            ['state', (row: (typeof rows)[number]) => row.state],
            ['delivery', (row: (typeof rows)[number]) => `d${row.delivery}`],
          ] as const) {
            const groups = new Map<string, { value: string; count: number; newest: string; last: number }>();
            for (const row of matching) {
              const value = valueOf(row);
              const count = (groups.get(value)?.count ?? 0) + 1;
              groups.set(value, { value, count, newest: `e${row.id}`, last: row.id });
            }
            const expected = [...groups.values()]
              .sort((a, b) => b.count - a.count || b.last - a.last)
              .slice(0, mostGroups)
              .map(({ value, count, newest }) => ({ value, count, newest }));
            const params = { groupBy, mostGroups, ...(after > 0 && { after: `e${after}` }) };
            const counts = tableOf(reader).counts(params);
            assert.deepEqual(counts, { total: matching.length, groups: expected, timeline: null, unseen: 0 });
            for (const { value } of counts.groups) {
              if (groupBy === 'state') assert.ok(eventStates.some((each) => each === value));
            }
          }
        },
      ),
      { numRuns: countRuns(60) },
    );
  });
});

function page(relay: TestRelay, params: Params<'events/page'>): Promise<Page> {
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
      const seen = new Set(first.ids);
      for (let offset = 1000; offset < first.total; offset += 1000) {
        await relay.deliver(sampleBody({ events: 70, seed: offset + end }));
        const { ids, total, newest } = await page(relay, { ...query, offset, before: `e${end + 1}` });
        assert.deepEqual([total, newest], [end, first.newest], by);
        for (const id of ids) seen.add(id);
      }
      assert.equal(seen.size, end, by);
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
