import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { stateCodes, StoreError, suspectMark } from '../../../src/relay/log/database.ts';
import type { HoldView, StoredSending } from '../../../src/relay/log/held.ts';
import type { HeldFact } from '../../../src/relay/log/held.ts';
import { Store } from '../../../src/relay/log/store.ts';
import type { Totals } from '../../../src/relay/log/records.ts';
import { failNextCommit, watchReading } from '../failing-statements.ts';
import { addDelivery, attemptRecord, deliveryRecord, destinationId } from '../records.ts';
import { afterward, ownDirectory, temporaryFolder } from '../afterward.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { until } from '../until.ts';

/** A store that is closed after the test. */
function openStore(file: string, options?: ConstructorParameters<typeof Store>[1]): Store {
  const store = new Store(file, options);
  afterward(() => store.close());
  return store;
}

function newFile(): string {
  return join(temporaryFolder(), 'relay.sqlite');
}

/** A destination for which a key is missing. */
function heldDestination(store: Store): number {
  return destinationId(store, 'http://127.0.0.1:9/held', {}, { by: 'missing-key', why: 'no key' });
}

/** How sending stands while it is paused. @param no the number of the pause */
function paused(no: number): StoredSending {
  return { no, paused: { by: { kind: 'client', client: { kind: 'other' } }, since: 1, stop: null } };
}

/** How much waits for each destination, counted by another connection. */
function countedWaiting(file: string): Map<number, number> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = db.prepare(
      `SELECT destination_id AS id, count(*) AS n FROM forwardings WHERE state = ${stateCodes.waiting} GROUP BY 1`,
    );
    return new Map(rows.all().map(({ id, n }) => [Number(id), Number(n)]));
  } finally {
    db.close();
  }
}

/** What the rows themselves say, counted by another connection. */
function countedTotals(file: string): Totals {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const one = (sql: string): number => Number(db.prepare(sql).get()?.['n']);
    const state = (name: keyof typeof stateCodes): number =>
      one(`SELECT count(*) AS n FROM forwardings WHERE state = ${stateCodes[name]}`);
    return {
      deliveries: one('SELECT count(*) AS n FROM deliveries'),
      events: one('SELECT count(*) AS n FROM events WHERE kind = 0'),
      rejected: one(`SELECT count(*) AS n FROM deliveries WHERE status = 'rejected'`),
      tests: one(`SELECT count(*) AS n FROM deliveries WHERE status = 'test'`),
      waiting: state('waiting'),
      sent: state('sent'),
      failed: state('failed'),
      discarded: state('discarded'),
    };
  } finally {
    db.close();
  }
}

function deliveryIds(file: string): number[] {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare('SELECT id FROM deliveries ORDER BY id')
      .all()
      .map((row) => Number(row['id']));
  } finally {
    db.close();
  }
}

/** Rows that belong to nothing that is there. */
function orphans(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return Number(
      db
        .prepare(
          `SELECT (SELECT count(*) FROM events WHERE delivery_id NOT IN (SELECT id FROM deliveries))
             + (SELECT count(*) FROM notifications WHERE delivery_id NOT IN (SELECT id FROM deliveries))
             + (SELECT count(*) FROM forwardings WHERE notification_id NOT IN (SELECT id FROM notifications))
             + (SELECT count(*) FROM attempts WHERE notification_id NOT IN (SELECT id FROM notifications)) AS n`,
        )
        .get()?.['n'],
    );
  } finally {
    db.close();
  }
}

describe('Adding to the store', () => {
  it('is acknowledged when another reader of the file can see it, and not before', async () => {
    const file = newFile();
    const store = openStore(file);
    const added = store.add(deliveryRecord(store));
    assert.deepEqual(deliveryIds(file), []);
    await added;
    assert.deepEqual(deliveryIds(file), [1]);
  });

  it('lets all that waits share one commit', async () => {
    const store = openStore(newFile());
    const records = Array.from({ length: 500 }, () => deliveryRecord(store));
    const before = store.commits;
    await Promise.all(records.map((record) => store.add(record)));
    assert.equal(store.commits, before + 1);
    assert.equal(store.totals.deliveries, 500);
  });

  it('refuses one that cannot be written and takes the others of the same commit', async () => {
    const file = newFile();
    const store = openStore(file);
    const good = [deliveryRecord(store), deliveryRecord(store)];
    const twice = { ...deliveryRecord(store), id: good[0]!.id };
    const results = await Promise.allSettled([store.add(good[0]!), store.add(twice), store.add(good[1]!)]);
    assert.deepEqual(
      results.map((each) => each.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.ok((results[1] as PromiseRejectedResult).reason instanceof StoreError);
    assert.deepEqual(deliveryIds(file), [1, 2]);
    assert.deepEqual({ ...store.totals }, countedTotals(file));
    assert.equal(store.failure, null, 'the store itself works');
  });

  it('marks the latest earlier event of the same content, within one commit as well', async () => {
    const store = openStore(newFile());
    const records = [7, 8, 7, 7].map((fingerprint) => deliveryRecord(store, { fingerprint }));
    await Promise.all(records.map((record) => store.add(record)));
    assert.deepEqual(
      records.map((record) => record.events[0]!.duplicateOf),
      [null, null, 1, 3],
    );
    const batch = deliveryRecord(store, { fingerprint: 7, events: 3 });
    await store.add(batch);
    assert.deepEqual(
      batch.events.map(({ duplicateOf }) => duplicateOf),
      [4, 5, 6],
      'and within one delivery',
    );
  });

  it('marks what an earlier relay stored, however much came after it', async () => {
    const file = newFile();
    const before = new Store(file);
    await before.add(deliveryRecord(before, { fingerprint: 7 }));
    await Promise.all(
      [10, 20, 30].map((each) => before.add(deliveryRecord(before, { fingerprint: each, events: 100 }))),
    );
    before.close();
    const store = openStore(file);
    const record = deliveryRecord(store, { fingerprint: 7 });
    await store.add(record);
    assert.equal(record.events[0]!.duplicateOf, 1);
  });

  it('compares few bodies for a duplicate, and only with one that a client sent', async () => {
    const store = openStore(newFile());
    const add = async (body: string, injected: boolean): Promise<number | null> => {
      const record = { ...deliveryRecord(store, { fingerprint: 7, body: Buffer.from(body) }), injected };
      await store.add(record);
      return record.events[0]!.duplicateOf;
    };
    let compared = 0;
    watchReading(/body = \?/, () => (compared += 1));
    await add('first', false);
    for (let i = 0; i < 19; i++) await add(`other ${i}`, false);
    assert.equal(compared, 0);
    assert.equal(await add('first', true), 1);
    assert.equal(compared, 20);
    await add('another', false);
    assert.equal(await add('other 0', true), null, 'beyond the latest twenty');
    assert.equal(compared, 40);
    assert.equal(await add('first', true), 21);
  });

  it('marks no event as a duplicate of one that is not in the history', async () => {
    const store = openStore(newFile());
    const addFailing = async (): Promise<void> => {
      const record = deliveryRecord(store, { fingerprint: 7 });
      failNextCommit();
      await assert.rejects(store.add(record), StoreError);
    };
    const add = async (): Promise<number | null> => {
      const record = deliveryRecord(store, { fingerprint: 7 });
      await store.add(record);
      return record.events[0]!.duplicateOf;
    };
    await addFailing();
    assert.equal(await add(), null, 'the sender tries again');
    await addFailing();
    assert.equal(await add(), 2, 'the latest that is stored');
    await store.clear();
    assert.equal(await add(), null, 'after the history was cleared');
  });

  it('is refused when the store is closed, and what was pending is on disk', async () => {
    const file = newFile();
    const store = openStore(file);
    const pending = store.add(deliveryRecord(store));
    store.close();
    await pending;
    assert.deepEqual(deliveryIds(file), [1]);
    await assert.rejects(store.add(deliveryRecordAfterClose), StoreError);
    await assert.rejects(store.forwardings.discard(), StoreError);
  });

  const deliveryRecordAfterClose = {} as Parameters<Store['add']>[0];

  it('keeps bytes and headers as they came', async () => {
    const store = openStore(newFile());
    const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const headers: [string, string][] = [
      ['X-Twice', 'a'],
      ['x-twice', 'ä'],
    ];
    const record = deliveryRecord(store, { body, headers });
    await store.add(record);
    assert.deepEqual(store.stored.body(record.id)?.body, body);
    assert.deepEqual(store.stored.body(record.id)?.headers, headers);
  });
});

describe('Ids of the store', () => {
  it('are never used again after the history was cleared and the process died', async () => {
    const file = newFile();
    const store = openStore(file);
    await Promise.all(Array.from({ length: 5 }, () => store.add(deliveryRecord(store, { events: 3, partSize: 1 }))));
    assert.deepEqual(await store.clear(), { cleared: 5, kept: 0 });
    // What is on disk now is what a process that was killed leaves.
    const other = new Store(file);
    assert.deepEqual(other.reserve(1, 1), { delivery: 6, firstEvent: 16, firstNotification: 16 });
    other.close();
  });

  it('are consecutive for the events and notifications of one delivery', () => {
    const store = openStore(newFile());
    assert.deepEqual(store.reserve(3, 2), { delivery: 1, firstEvent: 1, firstNotification: 1 });
    assert.deepEqual(store.reserve(1, 0), { delivery: 2, firstEvent: 4, firstNotification: 3 });
    assert.deepEqual(store.reserve(1, 1), { delivery: 3, firstEvent: 5, firstNotification: 3 });
  });
});

describe("The store's bookkeeping", () => {
  it('that cannot be written is told as lost, once and by what it was, and takes nothing else with it', async () => {
    const file = newFile();
    const lost: string[] = [];
    const store = openStore(file, { onLost: (message) => lost.push(message) });
    const to = destinationId(store);
    const [bad, good] = [0, 1].map(() => deliveryRecord(store, { to: [to] }));
    await Promise.all([store.add(bad!), store.add(good!)]);
    const ids = [bad, good].map((record) => record!.notifications[0]!.id);
    const results = await Promise.all([
      // No number: its column takes none.
      store.forwardings.recordAttempt(attemptRecord(ids[0]!, to, 'sent', { durationMs: NaN }), null),
      store.forwardings.recordAttempt(attemptRecord(ids[1]!, to, 'sent'), null),
    ]);
    assert.deepEqual(results, [false, true]);
    assert.equal(lost.length, 1);
    assert.match(lost[0]!, new RegExp(`^attempt 1 of n${ids[0]!} .*NOT NULL`));
    assert.equal(store.failure, null);
    assert.deepEqual({ ...store.totals }, countedTotals(file));
    assert.equal(store.forwardings.state(ids[0]!, to), 'waiting');
  });

  it('reads what waits for one destination in its order, and of a pause only what it let go', async () => {
    const store = openStore(newFile());
    const [a, b] = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b'].map((url) => destinationId(store, url)) as [
      number,
      number,
    ];
    await Promise.all([1, 2, 3].map(() => store.add(deliveryRecord(store, { to: [a, b] }))));
    await store.forwardings.storeSending(() => paused(1));
    const read = (id: number, released: number | null, after: number, limit = 10): number[] =>
      store.forwardings.waiting(id, released, after, limit).map((each) => each.notificationId);
    assert.deepEqual(read(a, 1, 0), []);
    const view: HoldView = { sending: paused(1), stopping: [], destinationHold: () => null, isUnderWay: () => false };
    const released = await store.forwardings.release(() => store.forwardings.heldOf(2, view).slice(0, 1), 1);
    assert.deepEqual(
      released.map(({ notificationId, destinationId: id, hold }) => [notificationId, id, hold.by]),
      [[2, a, 'pause']],
    );
    assert.deepEqual([read(a, 1, 0), read(b, 1, 0), read(a, 2, 0)], [[2], [], []]);
    assert.deepEqual(
      [read(a, null, 0), read(a, null, 1), read(b, null, 0, 2)],
      [
        [1, 2, 3],
        [2, 3],
        [1, 2],
      ],
    );
    assert.equal(store.totals.waiting, 6);
    assert.deepEqual(
      store.waiting,
      new Map([
        [a, 3],
        [b, 3],
      ]),
    );
    const [first] = store.forwardings.waiting(a, null, 1, 1);
    assert.equal(first!.released, 1);
    assert.equal(first!.notification?.eventId, 'event-2', 'with what it is made of');
  });
});

type Operation =
  | {
      readonly kind: 'add';
      readonly status: 'accepted' | 'test' | 'rejected';
      readonly events: number;
      readonly destinations: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'attempt';
      readonly which: number;
      readonly outcome: 'sent' | 'retrying' | 'failed';
      readonly bytes: number;
    }
  | { readonly kind: 'release' | 'drop'; readonly which: number }
  | { readonly kind: 'pause' | 'continue' | 'dropAll' }
  | { readonly kind: 'discard'; readonly which: number | null }
  | { readonly kind: 'replay'; readonly which: number }
  | { readonly kind: 'clear' | 'reopen' | 'idle' };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      status: fc.constantFrom(
        'accepted' as const,
        'accepted' as const,
        'accepted' as const,
        'test' as const,
        'rejected' as const,
      ),
      events: fc.integer({ min: 1, max: 5 }),
      destinations: fc.nat(2),
      bytes: fc.integer({ min: 0, max: 3000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('attempt' as const),
      which: fc.nat(200),
      outcome: fc.constantFrom('sent' as const, 'sent' as const, 'retrying' as const, 'failed' as const),
      bytes: fc.integer({ min: 0, max: 2000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'drop' as const), which: fc.nat(200) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'continue' as const, 'dropAll' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('discard' as const), which: fc.option(fc.nat(200), { freq: 8 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('replay' as const), which: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('clear' as const, 'reopen' as const, 'idle' as const) }) },
);

/** A store with two destinations to which random things are done. */
class Exercised {
  readonly file = newFile();
  store: Store;
  readonly destinations: number[];
  readonly retention: { maxDeliveries: number; maxBytes: number };
  readonly known: { notification: number; delivery: number }[] = [];

  constructor(retention: { maxDeliveries: number; maxBytes: number }) {
    this.retention = retention;
    this.store = this.#open();
    this.destinations = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b'].map((url) => destinationId(this.store, url));
  }

  #open(): Store {
    const store = new Store(this.file);
    store.setRetention(this.retention);
    return store;
  }

  async run(step: Operation): Promise<void> {
    const { store } = this;
    switch (step.kind) {
      case 'add': {
        const record = deliveryRecord(store, {
          status: step.status,
          events: step.events,
          partSize: 2,
          body: Buffer.alloc(step.bytes, 'x'),
          to: this.destinations.slice(0, step.destinations),
        });
        for (const { id } of record.notifications) this.known.push({ notification: id, delivery: record.id });
        // Where what waits alone is too much, it is refused.
        return store.add(record).catch((error: unknown) => assert.match((error as Error).message, /size limit/));
      }
      case 'attempt': {
        const chosen = this.#chosen(step.which);
        if (chosen === undefined) return;
        for (const destinationId of this.destinations) {
          await store.forwardings.recordAttempt(
            attemptRecord(chosen.notification, destinationId, step.outcome, { body: Buffer.alloc(step.bytes, 'y') }),
            null,
          );
        }
        if (step.outcome !== 'retrying') store.settled(chosen.delivery);
        return;
      }
      case 'release':
      case 'drop': {
        const chosen = this.#chosen(step.which);
        if (chosen === undefined) return;
        const held = (): HeldFact[] => store.forwardings.heldOf(chosen.notification, this.#view);
        await (step.kind === 'drop'
          ? store.forwardings.drop(held)
          : store.forwardings.release(held, store.storedSending.no));
        return;
      }
      case 'pause':
        return store.forwardings.storeSending(() => paused(store.storedSending.no + 1));
      case 'continue':
        return store.forwardings.storeSending(() => ({ ...store.storedSending, paused: null }));
      case 'dropAll': {
        const flowing = { ...store.storedSending, paused: null };
        if (store.storedSending.paused === null) return;
        return store.forwardings.dropAll(
          this.#view,
          () => [],
          flowing,
          () => undefined,
        );
      }
      case 'discard': {
        const chosen = step.which === null ? null : this.#chosen(step.which);
        if (chosen === undefined) return;
        await store.forwardings.discard(chosen === null ? undefined : [chosen.notification]);
        return;
      }
      case 'replay': {
        const chosen = this.#chosen(step.which);
        if (chosen !== undefined) await store.forwardings.startRound(chosen.notification, this.destinations);
        return;
      }
      case 'clear':
        await store.clear();
        return;
      case 'reopen':
        store.close();
        this.store = this.#open();
        return;
      case 'idle':
        return this.idle();
    }
  }

  get #view(): HoldView {
    const { storedSending: sending, destinations } = this.store;
    return { sending, stopping: [], destinationHold: (id) => destinations.heldBy(id), isUnderWay: () => false };
  }

  #chosen(which: number): { notification: number; delivery: number } | undefined {
    return this.known[which % Math.max(this.known.length, 1)];
  }

  /** Waits until retention has done what it can. */
  async idle(): Promise<void> {
    await until(() => !this.#isTooMuch() || this.removable() === 0, 5000, 'retention has removed what it may');
  }

  #isTooMuch(): boolean {
    const { bytes, totals } = this.store;
    return totals.deliveries > this.retention.maxDeliveries || bytes > this.retention.maxBytes;
  }

  /** Deliveries that nothing waits for. By count, the latest stay, however many wait. */
  removable(): number {
    const isByBytes = this.store.bytes > this.retention.maxBytes;
    const latest = isByBytes ? 0 : this.retention.maxDeliveries;
    const db = new DatabaseSync(this.file, { readOnly: true });
    try {
      return Number(
        db
          .prepare(
            `SELECT count(*) AS n FROM deliveries WHERE id NOT IN (SELECT n.delivery_id FROM notifications n JOIN forwardings f ON f.notification_id = n.id WHERE f.state = ${stateCodes.waiting}) AND id <= (SELECT max(id) FROM deliveries) - ?`,
          )
          .get(latest)?.['n'],
      );
    } finally {
      db.close();
    }
  }
}

describe('Totals and retention', () => {
  it('are exact after whatever was done, restarts included', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (steps) => {
        const exercised = new Exercised({ maxDeliveries: 8, maxBytes: 40_000 });
        try {
          for (const step of steps) {
            await exercised.run(step);
            assert.deepEqual({ ...exercised.store.totals }, countedTotals(exercised.file), JSON.stringify(step));
            assert.deepEqual(exercised.store.waiting, countedWaiting(exercised.file), JSON.stringify(step));
          }
          await exercised.idle();
          assert.equal(orphans(exercised.file), 0);
          const { bytes, totals } = exercised.store;
          assert.ok(
            (totals.deliveries <= 8 && bytes <= 40_000) || exercised.removable() === 0,
            `${totals.deliveries} deliveries, ${bytes} bytes`,
          );
          exercised.store.close();
          const again = new Store(exercised.file);
          assert.deepEqual({ ...again.totals }, countedTotals(exercised.file));
          assert.deepEqual(again.waiting, countedWaiting(exercised.file));
          again.close();
        } finally {
          exercised.store.close();
        }
      }),
      { numRuns: countRuns(60) },
    );
  });

  it('never remove a delivery with something waiting or held, and remove the oldest of the others', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('waiting', 'held', 'sent', 'failed', 'discarded', null), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.integer({ min: 1, max: 15 }),
        async (states, maxDeliveries) => {
          const file = newFile();
          const store = new Store(file);
          try {
            const [to, held] = [destinationId(store), heldDestination(store)];
            await Promise.all(
              states.map((state) =>
                addDelivery(store, {
                  to: state === null ? [] : state === 'held' ? [[held, 'waiting']] : [[to, state]],
                }),
              ),
            );
            // The oldest that may go, as many as are too many, but for the latest.
            const expected = states.map((_, index) => index + 1);
            for (const [index, state] of states.entries()) {
              if (expected.length <= maxDeliveries || index >= states.length - maxDeliveries) break;
              if (state !== 'waiting' && state !== 'held') expected.splice(expected.indexOf(index + 1), 1);
            }
            store.setRetention({ maxDeliveries, maxBytes: Infinity });
            await until(
              () => store.totals.deliveries === expected.length,
              5000,
              `${expected.length} deliveries are left`,
            );
            assert.deepEqual(deliveryIds(file), expected);
            assert.deepEqual({ ...store.totals }, countedTotals(file));
          } finally {
            store.close();
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('remove by bytes, and not many more than need to go', async () => {
    const file = newFile();
    const store = openStore(file);
    assert.equal(await Promise.resolve(store.bytes), 0, 'an empty history holds nothing');
    await Promise.all(
      Array.from({ length: 300 }, () => store.add(deliveryRecord(store, { body: Buffer.alloc(1000) }))),
    );
    const held = store.totals.deliveries * 1000;
    const between = (bytes: number): boolean => bytes > held && bytes < 2 * held;
    assert.ok(between(store.bytes), `${store.bytes}`);
    const maxBytes = store.bytes / 3;
    store.setRetention({ maxDeliveries: 1000, maxBytes });
    await until(() => store.bytes <= maxBytes);
    assert.ok(store.totals.deliveries > 80 && store.totals.deliveries <= 105, `${store.totals.deliveries} are left`);
    assert.deepEqual({ ...store.totals }, countedTotals(file));
    assert.equal(deliveryIds(file).at(-1), 300);
  });

  it('go on past a great many that wait', async () => {
    const file = newFile();
    const store = openStore(file);
    const to = destinationId(store);
    await Promise.all(Array.from({ length: 1200 }, () => store.add(deliveryRecord(store, { to: [to] }))));
    await Promise.all(Array.from({ length: 100 }, () => store.add(deliveryRecord(store))));
    store.setRetention({ maxDeliveries: 50, maxBytes: Infinity });
    await until(() => store.totals.deliveries === 1250);
    assert.equal(deliveryIds(file).filter((id) => id <= 1200).length, 1200);
    assert.deepEqual(deliveryIds(file).slice(-1), [1300]);
    // When they no longer wait, they go.
    assert.equal(await store.forwardings.discard(), 1200);
    store.setRetention({ maxDeliveries: 10, maxBytes: Infinity });
    await until(() => store.totals.deliveries === 10);
    assert.deepEqual(deliveryIds(file).at(-1), 1300);
  });

  it('refuse deliveries while what waits alone is more than may be kept, and say so once', async () => {
    const told: (string | null)[] = [];
    const store = new Store(newFile(), { onFull: (failure) => told.push(failure?.advice ?? null) });
    afterward(() => store.close());
    const to = destinationId(store);
    const waiting = () => deliveryRecord(store, { body: Buffer.alloc(1000), to: [to] });
    const first = waiting();
    await store.add(first);
    for (let i = 0; i < 19; i++) await store.add(waiting());
    store.setRetention({ maxDeliveries: 10, maxBytes: 10_000 });
    await until(() => store.full !== null);
    await assert.rejects(store.add(waiting()), /reached the size limit of the history/);
    assert.equal(store.totals.deliveries, 20, 'none of what waits is lost');
    // Attempts go on.
    for (let id = 1; id <= 20; id++) {
      await store.forwardings.recordAttempt(attemptRecord(id, to, 'sent'), null);
      store.settled(id);
    }
    await until(() => store.full === null);
    await store.add(waiting());
    assert.deepEqual(told, ['take-what-waits', null]);
  });

  it('clear all but what waits, and no more than was there when asked', async () => {
    const file = newFile();
    const store = openStore(file);
    const [to, held] = [destinationId(store), heldDestination(store)];
    for (const [id, state] of [
      [to, 'waiting'],
      [to, 'sent'],
      [held, 'waiting'],
      [to, 'failed'],
    ] as const)
      await addDelivery(store, { to: [[id, state]] });
    const clearing = store.clear();
    await store.add(deliveryRecord(store));
    assert.deepEqual(await clearing, { cleared: 2, kept: 3 });
    assert.deepEqual(deliveryIds(file), [1, 3, 5]);
  });
});

describe('A full disk', () => {
  const fill = async (store: Store): Promise<number> => {
    for (let taken = 0; ; taken += 1) {
      try {
        await store.add(deliveryRecord(store, { body: Buffer.alloc(20_000) }));
      } catch (error) {
        assert.ok(error instanceof StoreError);
        assert.match(error.message, /disk that contains the history is full/);
        assert.match(error.next, /disk space/);
        return taken;
      }
      assert.ok(taken < 1000, 'it becomes full');
    }
  };

  it('acknowledges nothing more, loses nothing and takes more when there is room', async () => {
    const file = newFile();
    const health: (StoreError | null)[] = [];
    const store = openStore(file, { maxPages: 200, onHealth: (failure) => health.push(failure) });
    const taken = await fill(store);
    assert.equal(store.totals.deliveries, taken);
    assert.deepEqual({ ...store.totals }, countedTotals(file));
    assert.ok(store.failure !== null);
    assert.equal(health.length, 1);
    store.setMaxPages(100_000);
    await store.add(deliveryRecord(store));
    assert.equal(store.failure, null);
    assert.deepEqual(
      health.map((each) => each === null),
      [false, true],
    );
    assert.equal(countedTotals(file).deliveries, taken + 1);
  });

  it('keeps bookkeeping and writes it when there is room', async () => {
    const file = newFile();
    const store = openStore(file, { maxPages: 300 });
    const to = destinationId(store);
    const record = deliveryRecord(store, { to: [to] });
    const { id } = record.notifications[0]!;
    await store.add(record);
    await fill(store);
    let written = false;
    const recorded = store.forwardings
      .recordAttempt(attemptRecord(id, to, 'sent', { body: Buffer.alloc(60_000) }), null)
      .then(() => (written = true));
    const next = store.forwardings.recordAttempt(attemptRecord(id, to, 'failed', { number: 2 }), 'HTTP 500');
    await assert.rejects(store.add(deliveryRecord(store, { body: Buffer.alloc(20_000) })), StoreError);
    assert.equal(written, false);
    assert.equal(store.forwardings.state(id, to), 'waiting');
    store.setMaxPages(100_000);
    await Promise.all([recorded, next]);
    assert.equal(store.forwardings.state(id, to), 'failed', 'in the order in which it happened');
    assert.deepEqual({ ...store.totals }, countedTotals(file));
  });

  it('is answered 503 at the webhook endpoint, shown in the status, and over without a restart', async () => {
    const callback = await startReceiver();
    const relay = await startTestRelay({ maxStorePages: 250, settings: { destinations: [{ url: callback.url }] } });
    const accepted: string[] = [];
    let refused;
    for (let i = 0; refused === undefined; i++) {
      assert.ok(i < 500, 'it becomes full');
      const answer = await relay.deliver(sampleBody({ events: 20, email: `full-${i}@example.org` }));
      if (answer.status === 200) accepted.push(`full-${i}@example.org`);
      else refused = answer;
    }
    assert.equal(refused.status, 503);
    assert.match(refused.header('retry-after') ?? '', /^[1-9]\d*$/);
    const { notices, counts } = await relay.client.request('relay/status', {});
    assert.ok(
      notices.some((notice) => /disk that contains the history is full.*disk space/i.test(notice)),
      notices.join(),
    );
    assert.equal(counts.deliveries, accepted.length);
    // Retention makes the room.
    await relay.client.request('relay/configure', { settings: { retention: { maxDeliveries: 2 } } });
    await until(async () => (await relay.client.request('relay/status', {})).notices.length === 0);
    await until(async () => (await relay.deliver(sampleBody({ email: 'after@example.org' }))).status === 200);
    await until(() => callback.requests.some((request) => request.text.includes('after@example.org')));
    for (const address of accepted)
      assert.ok(
        callback.requests.some((each) => each.text.includes(address)),
        address,
      );
    assert.ok(relay.log.some((entry) => entry.level === 'error' && /full/.test(entry.message)));
    assert.ok(relay.log.some((entry) => /is writable again/.test(entry.message)));
  });
});

describe('A history that is damaged', () => {
  const pageBytes = 4096;

  /** Overwrites pages with zeros. */
  async function zeroPages(file: string, pages: readonly number[]): Promise<void> {
    const handle = await open(file, 'r+');
    for (const page of pages) await handle.write(Buffer.alloc(pageBytes), 0, pageBytes, (page - 1) * pageBytes);
    await handle.close();
  }

  /** The pages that hold the rows of a table or index, in their order. */
  function leafPages(file: string, name: string): number[] {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      const leaves = `SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path`;
      return db
        .prepare(leaves)
        .all(name)
        .map(({ pageno }) => Number(pageno));
    } finally {
      db.close();
    }
  }

  /** The pages that hold nothing but the middle of a body. */
  function bodyPages(file: string): number[] {
    const bytes = readFileSync(file);
    const middle = Buffer.alloc(pageBytes - 4, 'b');
    return Array.from({ length: bytes.byteLength / pageBytes }, (_, index) => index + 1).filter((page) =>
      bytes.subarray((page - 1) * pageBytes + 4, page * pageBytes).equals(middle),
    );
  }

  async function filled(file: string, url = 'http://127.0.0.1:9/'): Promise<void> {
    const store = new Store(file);
    const to = destinationId(store, url);
    for (let i = 0; i < 20; i++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, j) =>
          store.add(
            deliveryRecord(store, {
              body: Buffer.alloc(12_000, 'b'),
              fingerprint: i * 20 + j,
              to: [to],
            }),
          ),
        ),
      );
    }
    store.close();
  }

  it('is set aside at the start with a notice in the status, and the relay works', async () => {
    const first = await startTestRelay();
    await first.deliver(sampleBody());
    await first.stop();
    const file = join(first.dataDir, 'relay.sqlite');
    const handle = await open(file, 'r+');
    await handle.write(Buffer.alloc(4096, 'garbage '), 0, 4096, 0);
    await handle.close();
    const second = await startTestRelay({ dataDir: first.dataDir });
    const { notices, counts } = await second.client.request('relay/status', {});
    assert.equal(counts.deliveries, 0);
    const notice = notices.find((each) => each.includes('set aside'));
    assert.ok(notice !== undefined, notices.join());
    const aside = readdirSync(first.dataDir).find((name) => name.startsWith('relay.sqlite.damaged-'));
    assert.ok(aside !== undefined);
    assert.ok(notice.includes(aside), 'it names the file');
    assert.equal(second.campaignMonitorUrl.split('/hooks/')[1], first.campaignMonitorUrl.split('/hooks/')[1]);
    assert.equal((await second.deliver(sampleBody())).status, 200);
    assert.equal((await second.client.request('events/query', { filter: 'subscribe' })).events.length, 1);
  });

  it('that is found while it is written is marked, trusted no more, and set aside at the next start', async () => {
    const file = newFile();
    await filled(file);
    // What is added comes to the last of several.
    await zeroPages(file, leafPages(file, 'forwardings').slice(1).slice(-1));
    const failures: (StoreError | null)[] = [];
    const store = new Store(file, { onHealth: (failure) => failures.push(failure) });
    assert.equal(store.setAside, null, 'it is not seen at the start');
    let refused: unknown;
    await store.add(deliveryRecord(store, { to: [1] })).catch((error: unknown) => (refused = error));
    assert.ok(refused instanceof StoreError);
    assert.match(refused.message, /damaged/);
    assert.match(refused.next, /Restart/);
    assert.equal(failures.length, 1);
    await assert.rejects(store.add(deliveryRecord(store)), /damaged/, 'nothing more is acknowledged');
    assert.equal(existsSync(suspectMark(file)), true);
    store.close();
    const again = openStore(file);
    assert.ok(again.setAside !== null);
    assert.ok(statSync(again.setAside.to).size > 0);
    await again.add(deliveryRecord(again));
  });

  for (const [what, pages] of [
    ['the bodies', (file: string) => bodyPages(file).slice(4)],
    // The first row is read at the start, and the last.
    ['the notifications that wait', (file: string) => leafPages(file, 'notifications').slice(1, -1)],
  ] as const) {
    it(`that is found while it is read is marked, ends nothing, and is set aside at the next start: ${what}`, async () => {
      const dataDir = ownDirectory();
      const file = join(dataDir, 'relay.sqlite');
      const callback = await startReceiver();
      await filled(file, callback.url);
      await zeroPages(file, pages(file));
      const relay = await startTestRelay({ dataDir });
      await until(() => existsSync(suspectMark(file)));
      const { notices } = await relay.client.request('relay/status', {});
      assert.ok(
        notices.some((notice) => /damaged.*Restart the relay/.test(notice)),
        notices.join(),
      );
      assert.equal((await relay.deliver(sampleBody())).status, 503);
      await relay.stop();
      const again = await startTestRelay({ dataDir });
      const after = await again.client.request('relay/status', {});
      assert.ok(after.notices.some((notice) => notice.includes('set aside')));
      assert.equal((await again.deliver(sampleBody())).status, 200);
    });
  }
});
