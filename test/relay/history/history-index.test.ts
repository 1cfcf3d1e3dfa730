import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { readAmount } from '../../long.ts';
import { methods } from '../../../src/protocol/methods.ts';
import { openForReading } from '../../../src/relay/log/database.ts';
import { HistoryReader, openHistory, searchFile, storeFile } from '../../../src/relay/history/history.ts';
import { HistoryIndex } from '../../../src/relay/history/history-index.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { afterwards, ownDirectory } from '../afterwards.ts';
import { openReader, openStore } from './stores.ts';
import { Holding, holdingStep } from '../holding.ts';
import { addDelivery, attemptRecord, deliveryRecord, destinationId } from '../records.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

function idsOf(reader: HistoryReader, filter: string): string[] {
  return reader.query({ filter, limit: 1000 }).events.map(({ id }) => id);
}

/** What is done, and how it is looked at after it: not at all, as it stands, or by one that has opened it anew. */
const step = fc.record({
  step: holdingStep,
  look: fc.constantFrom('not' as const, 'not' as const, 'on' as const, 'anew' as const),
  underWay: fc.array(fc.nat(1000), { maxLength: 3 }),
});

/** The groups by state count the lines of a table, each by the state that it shows. */
function assertGroups(reader: HistoryReader): void {
  const { events } = reader.page(methods['events/page'].params.parse({ limit: 1000 }));
  const lines = new Map<string, number>();
  for (const each of events) lines.set(each.state, (lines.get(each.state) ?? 0) + 1);
  const { groups } = reader.counts(methods['events/counts'].params.parse({ groupBy: 'state' }));
  assert.deepEqual(new Map(groups.map(({ value, count }) => [value, count])), lines);
}

describe('The index of the history', () => {
  it('knows each event and how it stands, whatever was done and whenever it is looked at', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 40 }), async (steps) => {
        const dataDir = ownDirectory();
        const holding = new Holding(storeFile(dataDir));
        let reader = openHistory(dataDir);
        const look = (chosen: readonly number[], after: string): void => {
          const underWay = holding.someUnderWay(chosen);
          reader.progress = { underWay };
          const states = [...holding.states(underWay)];
          for (const name of ['waiting', 'held', 'sent', 'failed', 'discarded'] as const) {
            const expected = states.filter(([, all]) => all.includes(name)).map(([id]) => `e${id}`);
            assert.deepEqual(idsOf(reader, `state:${name}`).reverse(), expected, `${name} after ${after}`);
          }
          assert.deepEqual(
            idsOf(reader, '').reverse(),
            states.map(([id]) => `e${id}`),
          );
          // The rows say the same of each, and so do the groups.
          const { events } = reader.query({ filter: '', limit: 1000 });
          assert.deepEqual(
            events.map(({ forwardings }) => forwardings.map(({ state }) => state).sort()).reverse(),
            states.map(([, all]) => [...all].sort()),
          );
          assertGroups(reader);
        };
        try {
          for (const { step: each, look: how, underWay } of steps) {
            await holding.run(each);
            if (how === 'not') continue;
            if (how === 'anew') {
              reader.close();
              reader = openHistory(dataDir);
            }
            look(underWay, JSON.stringify(each));
          }
          look([], 'all');
        } finally {
          reader.close();
          holding.store.close();
          rmSync(dataDir, { recursive: true, force: true });
        }
      }),
      { numRuns: readAmount('INDEX_RUNS', 15, 60) },
    );
  });

  it('knows of a delivery without notifications that nothing of it waits', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store, { status: 'test' }));
    await store.add(deliveryRecord(store, { to: [destinationId(store)] }));
    await store.add(deliveryRecord(store, { status: 'rejected' }));
    assert.deepEqual(idsOf(openReader(dataDir), 'state:waiting'), ['e2']);
  });

  it('is begun anew where the log has gone on for longer than its changes are kept', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    await store.add(deliveryRecord(store, { to: [to] }));
    await store.add(deliveryRecord(store));
    const reader = openReader(dataDir);
    assert.deepEqual(idsOf(reader, 'state:waiting'), ['e1']);
    await store.forwardings.discard();
    // As if ten thousand changes had followed and the first were no longer kept.
    const db = new DatabaseSync(storeFile(dataDir));
    db.exec(
      'INSERT INTO changes (id, kind, first, last) VALUES (20000, 0, 1, 1); DELETE FROM changes WHERE id < 20000',
    );
    db.close();
    assert.deepEqual(idsOf(reader, 'state:discarded'), ['e1']);
    assert.deepEqual(idsOf(reader, ''), ['e2', 'e1']);
  });

  it('answers from what it has and from the newest of the log, and says how many it did not look at', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await Promise.all(Array.from({ length: 8000 }, () => store.add(deliveryRecord(store))));
    const reader = openReader(dataDir);
    reader.follow(Infinity);
    // Another process is at work on the index, so that it cannot follow now.
    const other = new DatabaseSync(searchFile(dataDir));
    other.exec('BEGIN IMMEDIATE');
    await Promise.all(Array.from({ length: 7000 }, () => store.add(deliveryRecord(store))));
    const { events, unseen } = methods['events/query'].result.parse(
      reader.query({ filter: 'type:subscribe', limit: 3 }),
    );
    assert.deepEqual(
      events.map(({ id }) => id),
      ['e15000', 'e14999', 'e14998'],
    );
    assert.equal(unseen, 2000);
    // Of a text fewer are looked at.
    assert.equal(reader.query({ filter: 'example', limit: 3 }).unseen, 6000);
    other.exec('ROLLBACK');
    other.close();
    reader.follow(Infinity);
    assert.equal(reader.query({ filter: '', limit: 3 }).unseen, 0);
  });

  it('is made in memory where its file cannot be made', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const body = { ListID: 'l', Events: [{ Type: 'Subscribe', EmailAddress: 'a1@example.org', Name: 'Ophelia' }] };
    await store.add(deliveryRecord(store, { body: Buffer.from(JSON.stringify(body)) }));
    // To root every folder is writable: something that is no file stands in its place.
    mkdirSync(searchFile(dataDir));
    const reader = new HistoryReader(dataDir);
    afterwards(() => reader.close());
    assert.deepEqual(idsOf(reader, 'type:subscribe'), ['e1']);
    assert.deepEqual(idsOf(reader, 'ophelia'), ['e1']);
  });

  it('is in memory where its file is busy, says so, and is in its file the next time', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store));
    const other = new DatabaseSync(searchFile(dataDir));
    other.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
    const busy = openReader(dataDir);
    assert.deepEqual(idsOf(busy, 'type:subscribe'), ['e1']);
    assert.match(busy.indexState.inMemory ?? '', /search\.sqlite.*locked/);
    other.exec('ROLLBACK');
    await store.add(deliveryRecord(store));
    assert.deepEqual(idsOf(busy, 'type:subscribe'), ['e2', 'e1']);
    const reader = openReader(dataDir);
    assert.equal(reader.indexState.inMemory, null);
    reader.follow(Infinity);
    assert.equal(other.prepare('SELECT delivery FROM progress').get()?.['delivery'], 2);
    other.close();
    assert.deepEqual(idsOf(reader, 'type:subscribe'), ['e2', 'e1']);
    assert.equal(reader.query({ filter: '', limit: 1 }).unseen, 0);
  });

  it('goes on where another process has gone on', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const [first, second] = [openReader(dataDir), openReader(dataDir)];
    for (let turn = 0; turn < 6; turn++) {
      await store.add(deliveryRecord(store, { events: 3 }));
      const [one, other] = turn % 2 === 0 ? [first, second] : [second, first];
      one.follow(Infinity);
      await store.add(deliveryRecord(store, { events: 2 }));
      assert.equal(idsOf(other, '').length, 5 * (turn + 1));
      assert.equal(other.indexState.events, 5 * (turn + 1));
    }
  });
});

describe('A relay that is started again', () => {
  it('knows at once what came before it', async () => {
    const first = await startTestRelay();
    await first.deliver(sampleBody({ seed: 3 }));
    await first.stop();
    const again = await startTestRelay({ dataDir: first.dataDir });
    await again.deliver(sampleBody({ seed: 4 }));
    await until(async () => (await again.client.request('relay/status', {})).index.events === 2);
    await again.deliver(sampleBody({ seed: 3 }));
    const { events } = await again.client.request('events/query', {});
    assert.deepEqual(
      events.map(({ duplicateOf }) => duplicateOf),
      ['e1', null, null],
    );
  });
});

describe('A relay whose index is busy when it starts', () => {
  it('says that it is in memory, in log and status', async () => {
    const first = await startTestRelay();
    await first.deliver(sampleBody());
    await first.client.request('events/query', {});
    await first.stop();
    const other = new DatabaseSync(searchFile(first.dataDir));
    other.exec('BEGIN IMMEDIATE');
    const relay = await startTestRelay({ dataDir: first.dataDir });
    const told = async (): Promise<readonly string[]> => {
      await relay.client.request('events/query', {});
      const { notices } = await relay.client.request('relay/status', {});
      return notices.filter((notice) => /search\.sqlite.*in memory/.test(notice));
    };
    await until(async () => (await told()).length === 1);
    assert.equal((await relay.client.request('events/query', {})).events.length, 1);
    other.exec('ROLLBACK');
    other.close();
    assert.deepEqual(
      relay.log.filter(({ message }) => message.includes('search.sqlite')).map(({ level }) => level),
      ['warn'],
    );
  });
});

describe('A page of a table', () => {
  it('shows a summary of each event’s attempts, in the order asked for', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    for (let id = 1; id <= 6; id++) await store.add(deliveryRecord(store, { to: [to] }));
    const { forwardings } = store;
    await forwardings.recordAttempt(attemptRecord(1, to, 'sent', { durationMs: 30 }), null);
    await forwardings.recordAttempt(attemptRecord(2, to, 'failed', { durationMs: 10, status: 404 }), 'no');
    await forwardings.recordAttempt(attemptRecord(3, to, 'retrying', { durationMs: 20 }), 'later');
    await forwardings.discard([4]);
    await forwardings.recordAttempt(attemptRecord(6, to, 'sent', { durationMs: 0.25 }), null);
    const reader = openReader(dataDir);
    const page = (params: object) =>
      methods['events/page'].result.parse(reader.page(methods['events/page'].params.parse(params)));
    const byState = page({ sort: { by: 'state' } });
    assert.deepEqual(
      byState.events.map((each) => [each.id, each.state, each.attempts, each.status, each.durationMs]),
      [
        ['e2', 'failed', 1, 404, 10],
        ['e3', 'retrying', 1, 500, 20],
        ['e5', 'waiting', 0, null, null],
        ['e4', 'discarded', 0, null, null],
        ['e1', 'sent', 1, 200, 30],
        ['e6', 'sent', 1, 200, 0.25],
      ],
    );
    const ids = (params: object): string[] => page(params).events.map((each) => each.id);
    assert.deepEqual(ids({}), ['e6', 'e5', 'e4', 'e3', 'e2', 'e1']);
    assert.deepEqual(ids({ sort: { by: 'time' } }), ['e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
    assert.deepEqual(ids({ sort: { by: 'duration', descending: true } }), ['e1', 'e3', 'e2', 'e6', 'e5', 'e4']);
    assert.deepEqual(ids({ filter: 'state:sent', sort: { by: 'duration' } }), ['e6', 'e1']);
    assert.deepEqual(ids({ sort: { by: 'status', descending: true } }), ['e3', 'e2', 'e6', 'e1', 'e5', 'e4']);
    assert.deepEqual(ids({ sort: { by: 'attempts' } }), ['e4', 'e5', 'e1', 'e2', 'e3', 'e6']);
    // What comes meanwhile changes no position; what goes leaves no gap.
    const query = { sort: { by: 'time' }, before: 'e7' };
    assert.equal(page(query).newest, 'e6');
    await store.add(deliveryRecord(store));
    assert.deepEqual(ids({ ...query, offset: 4 }), ['e5', 'e6']);
    await store.clear();
    assert.deepEqual(ids(query), ['e3', 'e5']);
    assert.equal(page(query).total, 2);
  });

  it('gives whole rows with their latest attempts on a clock, and tells where an event stands', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    for (let id = 1; id <= 3; id++) await store.add(deliveryRecord(store, { to: [to] }));
    const { forwardings } = store;
    for (let number = 1; number <= 25; number++)
      await forwardings.recordAttempt(
        attemptRecord(2, to, 'retrying', { number, at: 1000 * number, durationMs: number }),
        'later',
      );
    const reader = openReader(dataDir);
    const page = (params: object) =>
      methods['events/page'].result.parse(reader.page(methods['events/page'].params.parse(params)));
    const found = page({ traced: true, find: 'e2', filter: '' });
    assert.deepEqual(found.events, []);
    assert.equal(found.found, 1);
    assert.equal(found.newest, 'e3');
    assert.equal(page({ filter: 'state:failed' }).newest, null);
    const after = (event: string) => reader.counts(methods['events/counts'].params.parse({ after: event })).total;
    assert.deepEqual([after('e1'), after('e3')], [2, 0]);
    const before = page({ before: 'e3', find: 'e3' });
    assert.deepEqual([before.total, before.newest, before.found], [2, 'e2', null]);
    assert.deepEqual(
      found.traced?.map((each) => [each.row.id, each.state, each.attempts.length, each.omittedAttempts]),
      [
        ['e3', 'waiting', 0, 0],
        ['e2', 'retrying', 20, 5],
        ['e1', 'waiting', 0, 0],
      ],
    );
    const { attempts, row } = found.traced[1] ?? assert.fail();
    assert.deepEqual(attempts[0], {
      ...{ destinationId: row.forwardings[0]?.destinationId, number: 6, at: '1970-01-01T00:00:06.000Z' },
      ...{ durationMs: 6, status: 500, outcome: 'retrying' },
    });
    assert.equal(attempts.at(-1)?.number, 25);
    assert.equal(page({ find: 'e3', filter: 'state:failed' }).found, null);
    assert.equal(page({ find: 'e9' }).found, null);
    assert.equal('found' in page({}), false);
  });

  it('is in the order of types by name, and of what a text finds', async () => {
    const relay = await startTestRelay();
    const body = (type: string, name: string): string =>
      JSON.stringify({ ListID: 'l', Events: [{ Type: type, EmailAddress: 'a@example.org', Name: name }] });
    for (const [type, name] of [
      ['Update', 'Ophelia'],
      ['Deactivate', 'Gertrude'],
      ['subscribe', 'Ophelia'],
      ['Subscribe', 'Hamlet'],
    ] as const)
      await relay.deliver(body(type, name));
    const types = async (filter: string): Promise<(string | null | undefined)[]> => {
      const page = await relay.client.request('events/page', { filter, sort: { by: 'type' } });
      return page.events.map((each) => each.type);
    };
    assert.deepEqual(await types(''), ['Deactivate', 'subscribe', 'Subscribe', 'Update']);
    assert.deepEqual(await types('ophelia'), ['subscribe', 'Update']);
  });
});

describe('Counts of events', () => {
  it('are those of the rows: in all, by group, and by the minute', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store);
    const minute = 60_000;
    const start = Date.UTC(2026, 0, 1, 12);
    const states = ['sent', 'failed', 'sent'] as const;
    for (const [index, state] of states.entries()) {
      await addDelivery(store, {
        events: index + 1,
        receivedAt: start + index * 2 * minute + 500,
        to: [[to, state]],
      });
    }
    await store.add(deliveryRecord(store, { status: 'rejected', receivedAt: start + 5 * minute }));
    const reader = openReader(dataDir);
    const counts = (params: object) =>
      methods['events/counts'].result.parse(reader.counts(methods['events/counts'].params.parse(params)));
    assert.equal(counts({}).total, 7);
    assert.equal(counts({ after: 'e5' }).total, 2);
    assert.deepEqual(counts({ groupBy: 'state' }).groups, [
      { value: 'sent', count: 4, newest: 'e6' },
      { value: 'failed', count: 2, newest: 'e3' },
      { value: 'rejected', count: 1, newest: 'e7' },
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
    assert.equal(counts({ perMinute: {}, filter: 'type:nosuch' }).timeline, null);
  });

  it('of a long time are of several minutes each', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    for (const day of [1, 20]) await store.add(deliveryRecord(store, { receivedAt: Date.UTC(2026, 0, day) }));
    const { timeline } = openReader(dataDir).counts(methods['events/counts'].params.parse({ perMinute: {} }));
    assert.ok(timeline !== null && timeline.minutes > 1 && timeline.counts.length <= 1500);
    assert.equal(
      timeline.counts.reduce((sum, each) => sum + each, 0),
      2,
    );
  });
});

describe('The index as it is opened', () => {
  it('of another layout is made again', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store));
    // As versions before had it.
    const db = new DatabaseSync(searchFile(dataDir));
    db.exec(
      `CREATE TABLE progress (identity TEXT NOT NULL, delivery INTEGER NOT NULL, row_count INTEGER NOT NULL);
       CREATE VIRTUAL TABLE search USING fts5 (address, text, content = '', contentless_delete = 1)`,
    );
    db.close();
    assert.deepEqual(idsOf(openReader(dataDir), 'type:subscribe'), ['e1']);
  });

  it('is made again where it holds what is not made here, such as a trigger', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store));
    for (const sql of [
      'CREATE TRIGGER forget AFTER INSERT ON gone BEGIN DELETE FROM blocks; END',
      'CREATE VIEW seen AS SELECT * FROM blocks',
      'CREATE VIRTUAL TABLE more USING fts5 (text)',
      'CREATE INDEX more ON gone (last)',
    ]) {
      const before = openHistory(dataDir);
      assert.deepEqual(idsOf(before, 'type:subscribe'), ['e1']);
      before.close();
      const db = new DatabaseSync(searchFile(dataDir));
      db.exec(sql);
      db.close();
      const reader = openHistory(dataDir);
      assert.deepEqual(idsOf(reader, 'type:subscribe'), ['e1']);
      reader.close();
      const left = new DatabaseSync(searchFile(dataDir), { readOnly: true });
      const [, name = ''] = /^CREATE \w+(?: TABLE)? (\w+)/.exec(sql) ?? [];
      assert.equal(left.prepare('SELECT name FROM sqlite_schema WHERE name = ?').get(name), undefined, sql);
      left.close();
    }
  });

  it('takes the log’s end for its own, and reads nothing twice', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store));
    const log = openForReading(storeFile(dataDir));
    const index = new HistoryIndex(searchFile(dataDir), log);
    afterwards(() => {
      index.close();
      log.close();
    });
    assert.equal(index.followText(), true);
    assert.equal(index.columns.count, 1);
    assert.equal(index.lastText, 1);
    assert.equal(index.followText(0), true);
  });
});

describe('An index that is ahead of its log', () => {
  it('is made again: the log has lost its end with the power, and gives its ids to others', async () => {
    const dataDir = ownDirectory();
    const store = new Store(storeFile(dataDir));
    await store.add(deliveryRecord(store));
    store.close();
    const before = readFileSync(storeFile(dataDir));
    const more = new Store(storeFile(dataDir));
    await addDelivery(more, { to: [[destinationId(more), 'sent']] });
    const reader = openHistory(dataDir);
    assert.deepEqual(idsOf(reader, 'state:sent'), ['e2']);
    reader.close();
    more.close();
    writeFileSync(storeFile(dataDir), before);
    const again = openStore(dataDir);
    const id = destinationId(again);
    assert.deepEqual(idsOf(openReader(dataDir), 'state:sent'), []);
    await addDelivery(again, { to: [[id, 'failed']] });
    assert.deepEqual(idsOf(openReader(dataDir), 'state:failed'), ['e2']);
  });

  it('is made again where the log has given these ids to others before anybody looked', async () => {
    const dataDir = ownDirectory();
    const store = new Store(storeFile(dataDir));
    const id = destinationId(store);
    const to = [id];
    await store.add(deliveryRecord(store, { to }));
    store.close();
    const before = readFileSync(storeFile(dataDir));
    const more = new Store(storeFile(dataDir));
    await more.forwardings.recordAttempt(attemptRecord(1, id, 'sent'), null);
    await more.add(deliveryRecord(more));
    const reader = openHistory(dataDir);
    assert.deepEqual(idsOf(reader, 'state:sent'), ['e1']);
    reader.close();
    more.close();
    writeFileSync(storeFile(dataDir), before);
    for (const outcome of ['retrying', 'failed'] as const) {
      const again = new Store(storeFile(dataDir));
      await again.forwardings.recordAttempt(attemptRecord(1, id, outcome), 'no');
      await addDelivery(again, { to: [[id, 'discarded']] });
      again.close();
    }
    const last = openReader(dataDir);
    assert.deepEqual(idsOf(last, 'state:sent'), []);
    assert.deepEqual(idsOf(last, 'state:failed'), ['e1']);
    assert.deepEqual(idsOf(last, 'state:discarded'), ['e3', 'e2']);
  });

  it('goes on where the log is as long as it knew it, however often that was opened', async () => {
    const dataDir = ownDirectory();
    for (let run = 1; run <= 3; run++) {
      const store = new Store(storeFile(dataDir));
      await store.add(deliveryRecord(store));
      store.close();
      if (run === 2) continue;
      const reader = openHistory(dataDir);
      const db = new DatabaseSync(searchFile(dataDir));
      if (run === 3) assert.equal(db.prepare('SELECT delivery FROM progress').get()?.['delivery'], 1, 'it was kept');
      reader.follow(Infinity);
      assert.equal(db.prepare('SELECT delivery FROM progress').get()?.['delivery'], run);
      db.close();
      reader.close();
    }
  });
});

describe('An index of an earlier time', () => {
  it('catches up: its file has lost its end with the power', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const id = destinationId(store);
    const to = [id];
    for (let n = 1; n <= 3; n++) await store.add(deliveryRecord(store, { to }));
    const first = openHistory(dataDir);
    assert.equal(idsOf(first, 'state:waiting').length, 3);
    first.close();
    const before = readFileSync(searchFile(dataDir));
    await store.forwardings.recordAttempt(attemptRecord(1, id, 'sent'), null);
    await store.forwardings.discard([2]);
    await store.add(deliveryRecord(store, { to }));
    const second = openHistory(dataDir);
    assert.deepEqual(idsOf(second, 'state:waiting'), ['e4', 'e3']);
    second.close();
    for (const suffix of ['-wal', '-shm']) rmSync(searchFile(dataDir) + suffix, { force: true });
    writeFileSync(searchFile(dataDir), before);
    const reader = openReader(dataDir);
    for (const [state, ids] of [
      ['waiting', ['e4', 'e3']],
      ['sent', ['e1']],
      ['discarded', ['e2']],
    ] as const)
      assert.deepEqual(idsOf(reader, `state:${state}`), ids, state);
  });
});
