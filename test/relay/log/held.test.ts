import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { openForWriting } from '../../../src/relay/log/database.ts';
import { countHeld, holdOf, readHoldView, readSending, waitingByDestination } from '../../../src/relay/log/held.ts';
import type { DestinationHold, Hold, Holdable, HoldView, StoredSending } from '../../../src/relay/log/held.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { Statements } from '../../../src/relay/log/statements.ts';
import { Store } from '../../../src/relay/log/store.ts';
import { afterward, temporaryFolder } from '../afterward.ts';
import { watchReading } from '../failing-statements.ts';
import { Holding, holdingStep, pausedSending } from '../holding.ts';
import { deliveryRecord, destinationId } from '../records.ts';

const flowing: StoredSending = { no: 3, paused: null };
const paused = pausedSending(3);
const missing: DestinationHold = { by: 'missing-key', why: 'no key' };
const bySettings: DestinationHold = { by: 'destination', why: 'not agreed to' };

describe('Who holds a forwarding', () => {
  const byPause: Hold = { by: 'pause', breakpoint: null, detail: 'sending is paused' };
  const byBreakpoint: Hold = { by: 'breakpoint', breakpoint: 7, detail: 'stopped at b7' };
  const byKey: Hold = { by: 'missing-key', breakpoint: null, detail: 'no key' };
  const byDestination: Hold = { by: 'destination', breakpoint: null, detail: 'not agreed to' };
  /** Of one that waits and is not being sent: how sending stands, what let it go, where it stopped, its destination. */
  const table: readonly [
    StoredSending,
    Holdable['released'],
    Holdable['stopped'],
    DestinationHold | null,
    Hold | null,
  ][] = [
    [flowing, null, null, null, null],
    [flowing, null, 7, null, null],
    [flowing, 2, null, null, null],
    [flowing, 2, 7, null, null],
    [flowing, 3, null, null, null],
    [flowing, 3, 7, null, null],
    [paused, null, null, null, byPause],
    [paused, null, 7, null, byBreakpoint],
    [paused, 2, null, null, byPause],
    [paused, 2, 7, null, byBreakpoint],
    [paused, 3, null, null, null],
    [paused, 3, 7, null, null],
    ...[flowing, paused].flatMap((sending) =>
      [null, 2, 3].flatMap((released) =>
        [null, 7].flatMap((stopped): (typeof table)[number][] => [
          [sending, released, stopped, missing, byKey],
          [sending, released, stopped, bySettings, byDestination],
        ]),
      ),
    ),
  ];

  for (const [sending, released, stopped, destination, expected] of table) {
    const how = sending.paused === null ? 'flowing' : 'paused';
    const what = `released by ${released}, stopped at ${stopped}, to a destination held by ${destination?.by ?? 'nobody'}`;
    it(`while sending is ${how}, of what was ${what}`, () => {
      const of = (state: Holdable['state'], isSent: boolean): Hold | null =>
        holdOf(
          { notificationId: 5, destinationId: 2, state, released, stopped },
          {
            sending,
            stopping: [],
            destinationHold: (id) => (id === 2 ? destination : assert.fail('another destination')),
            isUnderWay: (key) => key.notificationId === 5 && key.destinationId === 2 && isSent,
          },
        );
      assert.deepEqual(of('waiting', false), expected);
      assert.equal(of('waiting', true), null, 'what is being sent is not held');
      for (const state of ['sent', 'failed', 'discarded'] as const) assert.equal(of(state, false), null, state);
    });
  }

  it('is asked of every combination', () => {
    assert.equal(new Set(table.map((row) => JSON.stringify(row.slice(0, 4)))).size, 2 * 3 * 2 * 3);
  });
});

describe('What is held, counted', () => {
  it('is what is held of all forwardings, one by one, whatever was done and is being sent', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(holdingStep, fc.array(fc.nat(1000), { maxLength: 3 })), { minLength: 3, maxLength: 30 }),
        async (steps) => {
          const folder = temporaryFolder();
          const file = join(folder, 'relay.sqlite');
          const holding = new Holding(file);
          const { store } = holding;
          const reader = new DatabaseSync(file, { readOnly: true });
          const sql = new Statements(reader);
          try {
            for (const [step, chosen] of steps) {
              await holding.run(step);
              const underWay = [...holding.someUnderWay(chosen), { notificationId: 9999, destinationId: 1 }];
              const view = holding.view(underWay);
              const expected = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };
              for (const forwarding of holding.forwardings()) {
                const hold = holdOf(forwarding, view);
                if (hold !== null) expected[hold.by] += 1;
              }
              assert.deepEqual(store.countHeld(view, underWay), expected, JSON.stringify(step));
              // As whoever reads the log without the relay counts.
              const read = readHoldView(sql, { underWay });
              assert.deepEqual(read.sending, store.storedSending);
              assert.deepEqual(countHeld(sql, read, waitingByDestination(sql), underWay), expected);
              assert.deepEqual(store.waiting, waitingByDestination(sql));
            }
          } finally {
            sql.close();
            reader.close();
            store.close();
            rmSync(folder, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: countRuns(60) },
    );
  });

  it('is listed likewise, page by page, with every notification whole', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(holdingStep, { minLength: 3, maxLength: 30 }),
        fc.array(fc.nat(1000), { maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, chosen, most) => {
          const folder = temporaryFolder();
          const holding = new Holding(join(folder, 'relay.sqlite'));
          const { store } = holding;
          try {
            for (const step of steps) await holding.run(step);
            const view = holding.view(holding.someUnderWay(chosen));
            const expected = holding.forwardings().filter((each) => holdOf(each, view) !== null);
            expected.sort((a, b) => a.notificationId - b.notificationId || a.destinationId - b.destinationId);
            const listed: number[][] = [];
            for (let after = 0, more = true; more;) {
              const page = store.forwardings.listHeld(after, most, view);
              const ids = page.held.map(({ notificationId, destinationId: to }) => [notificationId, to]);
              assert.ok(ids.length <= most + 2, 'about so many');
              listed.push(...ids);
              after = ids.at(-1)?.[0] ?? Infinity;
              more = page.more;
            }
            assert.deepEqual(
              listed,
              expected.map(({ notificationId, destinationId: to }) => [notificationId, to]),
            );
            const ofPause = expected.filter((each) => ['pause', 'breakpoint'].includes(holdOf(each, view)!.by));
            assert.equal(
              store.forwardings.nextHeld(view, () => true),
              ofPause[0]?.notificationId,
            );
          } finally {
            store.close();
            rmSync(folder, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('What is listed as held', () => {
  it('is nothing where sending flows, without looking at what waits', async () => {
    const store = new Store(storeFile(temporaryFolder()));
    afterward(() => store.close());
    const to = [destinationId(store, 'http://127.0.0.1:9/a'), destinationId(store, 'http://127.0.0.1:9/b')];
    for (let i = 0; i < 3; i++) await store.add(deliveryRecord(store, { to }));
    const view: HoldView = {
      sending: flowing,
      stopping: [],
      destinationHold: (id) => (id === to[1] ? missing : null),
      isUnderWay: () => false,
    };
    assert.deepEqual(
      store.forwardings.listHeld(0, 50, view).held.map(({ destinationId: id }) => id),
      [to[1], to[1], to[1]],
    );
    const read: unknown[] = [];
    watchReading(/FROM forwardings/, ([to]) => read.push(to));
    store.forwardings.listHeld(0, 50, view);
    assert.deepEqual(read, [to[1]]);
  });
});

describe('How a log holds', () => {
  function opened(): { readonly sql: Statements; readonly keep: (value: string) => void } {
    const { db } = openForWriting(storeFile(temporaryFolder()));
    const sql = new Statements(db);
    afterward(() => {
      sql.close();
      db.close();
    });
    return { sql, keep: (value) => sql.run("INSERT OR REPLACE INTO meta VALUES ('sending', ?)", value) };
  }

  it('flows where nothing was kept, and is paused where what was kept cannot be understood', () => {
    const { sql, keep } = opened();
    assert.deepEqual(readSending(sql), { no: 0, paused: null });
    keep(JSON.stringify(paused));
    assert.deepEqual(readSending(sql), paused);
    for (const other of ['{"no":-1,"paused":null}', '{"state":"flowing"}', 'null']) {
      keep(other);
      assert.notEqual(readSending(sql).paused, null, other);
    }
  });

  it('names the destinations that are held, and why', () => {
    const file = storeFile(temporaryFolder());
    const store = new Store(file);
    const [free, keyless, refused] = [
      destinationId(store, 'http://127.0.0.1:9/free'),
      destinationId(store, 'http://127.0.0.1:9/keyless', {}, missing),
      destinationId(store, 'http://127.0.0.1:9/refused', {}, bySettings),
    ];
    store.close();
    const db = new DatabaseSync(file, { readOnly: true });
    const sql = new Statements(db);
    const view = readHoldView(sql, { underWay: [{ notificationId: 4, destinationId: free }] });
    assert.deepEqual([...view.heldDestinations], [keyless, refused]);
    assert.deepEqual(
      [free, keyless, refused].map((id) => view.destinationHold(id)),
      [null, missing, bySettings],
    );
    const isSent = (notificationId: number, to: number): boolean =>
      view.isUnderWay({ notificationId, destinationId: to });
    assert.deepEqual([isSent(4, free), isSent(4, keyless), isSent(5, free)], [true, false, false]);
    sql.close();
    db.close();
  });
});
