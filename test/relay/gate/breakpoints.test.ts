import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { cutValue } from '../../../src/common/expressions/cel-value.ts';
import type { CelValue } from '../../../src/common/expressions/cel-value.ts';
import { mostBreakpoints } from '../../../src/protocol/debug.ts';
import type { Breakpoint } from '../../../src/protocol/debug.ts';
import { Breakpoints } from '../../../src/relay/gate/breakpoints.ts';
import { Subjects, mostEventsLookedAt } from '../../../src/relay/gate/debug-subject.ts';
import type { SeenEvent } from '../../../src/relay/gate/debug-subject.ts';
import type { StoredBreakpoints } from '../../../src/relay/gate/breakpoints.ts';
import type { Caller } from '../../../src/relay/gate/timeout-suspension.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { sampleBody, startTestRelay } from '../stage.ts';
import { openForReading } from '../../../src/relay/log/database.ts';
import { storeFile } from '../../../src/relay/history/history.ts';
import { StoredReader } from '../../../src/relay/log/stored.ts';

const every = (spec: Partial<Breakpoint> = {}): Breakpoint => ({ at: 'event', enabled: true, ...spec });

/** What is seen of the events of a body, as they are in the store. */
async function seen(body: string, known: readonly string[] = []): Promise<SeenEvent[]> {
  const relay = await startTestRelay();
  assert.equal((await relay.deliver(body)).status, 200);
  const db = openForReading(storeFile(relay.dataDir));
  const subjects = new Subjects(new StoredReader(db), () => new SecretMask(known));
  const subject = { deliveryId: 1, notification: null, target: null, attempt: null };
  const events = [...subjects.events(subject, 0, 100_000)];
  db.close();
  return events;
}

/** A client as long as it is connected. */
function caller(): Caller & { leave(): void } {
  const connection = new AbortController();
  return { ended: connection.signal, leave: () => connection.abort() };
}

/** A disk that keeps what it is given. */
class Disk {
  kept: StoredBreakpoints | undefined;
  writes = 0;
  readonly keep = (stored: StoredBreakpoints): Promise<void> => {
    this.kept = JSON.parse(JSON.stringify(stored)) as StoredBreakpoints;
    this.writes += 1;
    return Promise.resolve();
  };
}

async function breakpoints(...specs: Breakpoint[]): Promise<Breakpoints> {
  const all = new Breakpoints();
  const { refused } = await all.change({ owner: 'test', add: specs }, caller(), new Disk().keep);
  assert.deepEqual(refused, []);
  return all;
}

describe('What breakpoints are asked about', () => {
  it('is an event with all that was posted of it, and whole numbers that compare as such', async () => {
    const body = { ListID: 'list', Events: [{ Type: 'Subscribe', EmailAddress: 'a@example.org', Age: 40, Rate: 0.5 }] };
    const [event] = await seen(JSON.stringify(body));
    assert.ok(event !== undefined);
    assert.deepEqual(event.variables.event, {
      id: 'e1',
      kind: 'event',
      type: 'Subscribe',
      address: 'a@example.org',
      date: event.variables.event['date'],
      list: 'list',
      duplicate: false,
      warning: event.variables.event['warning'],
      fields: new Map<string, CelValue>([
        ['Type', 'Subscribe'],
        ['EmailAddress', 'a@example.org'],
        ['Age', 40n],
        ['Rate', 0.5],
      ]),
    });
    assert.deepEqual([event.variables.delivery['id'], event.variables.delivery['events']], ['d1', 1n]);
  });

  it('is bounded, however long, wide and deep a delivery is', async () => {
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 50; depth++) deep = [deep];
    const wide = Array.from({ length: 5000 }, (_, index) => index);
    const body = { ListID: 'l', Events: [{ Type: 'Subscribe', Long: 'x'.repeat(100_000), Deep: deep, Wide: wide }] };
    const [event] = await seen(JSON.stringify(body));
    const fields = event?.variables.event['fields'] as ReadonlyMap<string, CelValue>;
    assert.deepEqual([fields.get('Type'), fields.get('Long'), fields.get('Wide')], ['Subscribe', cutValue, cutValue]);
    assert.deepEqual(fields.get('Deep'), [[[[[cutValue]]]]]);
  });

  it('has no secret in it', async () => {
    const [event] = await seen(
      JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', Name: 'my planted-secret', 'planted-secret': 1 }] }),
      ['planted-secret'],
    );
    assert.deepEqual(
      event?.variables.event['fields'],
      new Map<string, CelValue>([
        ['Type', 'Subscribe'],
        ['Name', 'my ********'],
        ['********', 1n],
      ]),
    );
  });
});

describe('Looking at breakpoints', () => {
  it('reads no more events than are looked at, and stops where some were left out, unless it is to pass', async () => {
    const [event] = await seen(sampleBody());
    assert.ok(event !== undefined);
    let read = 0;
    const many = function* (): Generator<SeenEvent> {
      for (;;) {
        read += 1;
        yield event;
      }
    };
    const condition = 'event.type == "Nothing"';
    const all = await breakpoints(every({ condition }), every({ condition, onFailure: 'pass' }), every({ log: 'x' }));
    const { stop } = all.look('event', many(), false);
    assert.ok(read <= mostEventsLookedAt + 1, `${read} were read`);
    assert.deepEqual(stop?.ids, [1]);
    assert.match(stop.failures.get(1) ?? '', /^only the first \d+ events of the notification were checked$/);
    assert.deepEqual(
      all.list().map(({ stops, lastNotStopped }) => [stops, lastNotStopped?.why]),
      [
        [1, 'condition-not-met'],
        [0, 'events-left-out'],
        [0, 'events-left-out'],
      ],
    );
  });

  /** One event, which `before` comes before. */
  function* after(before: () => void, event: SeenEvent): Iterable<SeenEvent> {
    before();
    yield event;
  }

  it('leaves nothing out where the machine has no time for it, and something where it takes too much', async () => {
    const [event] = await seen(sampleBody());
    const clock = { passedMs: 0, processorMs: 0 };
    mock.method(performance, 'now', () => clock.passedMs);
    mock.method(process, 'cpuUsage', () => ({ user: clock.processorMs * 1000, system: 0 }));
    const seenOf = async (passedMs: number, processorMs: number): Promise<unknown[]> => {
      Object.assign(clock, { passedMs: 0, processorMs: 0 });
      const all = await breakpoints(every({ log: 'first' }), every({ log: 'second' }));
      const pass = (): void => void Object.assign(clock, { passedMs, processorMs });
      return all.look('event', after(pass, event!), false).logged.map(({ text }) => text);
    };
    try {
      assert.deepEqual(await seenOf(400, 10), ['first', 'second']);
      assert.deepEqual(await seenOf(1100, 10), ['first']);
      assert.deepEqual(await seenOf(400, 400), ['first']);
    } finally {
      mock.restoreAll();
    }
  });

  it('stops where a notification has just one event more than is looked at, and says so', async () => {
    const posted = Array.from({ length: mostEventsLookedAt + 1 }, () => ({ Type: 'Subscribe' }));
    const events = await seen(JSON.stringify({ ListID: 'l', Events: posted }));
    const all = await breakpoints(every({ type: 'Update' }));
    assert.equal(all.look('event', events.slice(0, mostEventsLookedAt), false).stop, null);
    const { stop } = all.look('event', events, false);
    assert.deepEqual(stop?.ids, [1]);
    assert.match([...stop.failures.values()].join(), /only the first 1,?000 events/);
  });

  it('counts each event that met one, and the notification once', async () => {
    const all = await breakpoints(every());
    all.look('event', await seen(sampleBody({ events: 3 })), false);
    assert.deepEqual(
      all.list().map(({ lookedAt, met, stops }) => [lookedAt, met, stops]),
      [[1, 3, 1]],
    );
  });

  it('asks those of a place that are enabled, and no others', async () => {
    const events = await seen(sampleBody());
    const all = await breakpoints(every({ enabled: false }), every({ at: 'rejected' }));
    assert.deepEqual([all.watches('event'), all.watches('rejected'), all.enabled], [false, true, 1]);
    assert.equal(all.look('event', events, false).stop, null);
    assert.deepEqual(
      all.list().map(({ lookedAt }) => lookedAt),
      [0, 0],
    );
  });

  it('stops at all that are met at once, and a log point never does', async () => {
    const events = await seen(sampleBody());
    const all = await breakpoints(every(), every({ condition: 'true' }), every({ log: 'at {event.id}' }));
    const { stop, logged } = all.look('event', events, false);
    assert.deepEqual(stop, { ids: [1, 2], eventId: 'e1', failures: new Map() });
    assert.deepEqual(logged, [{ breakpointId: 'b3', eventId: 'e1', text: 'at e1' }]);
  });

  it('says what a log text failed with', async () => {
    const events = await seen(sampleBody());
    const all = await breakpoints(every({ log: '{event.fields.Nothing.size()}' }));
    assert.deepEqual(all.look('event', events, false).logged, []);
    assert.match(
      all.list()[0]?.failure?.text ?? '',
      /its log text could not be evaluated: found no matching overload for 'null.size\(\)'/,
    );
  });
});

describe('A condition that fails', () => {
  it('stops, whatever its hit count, and says why; it passes where it is to, or was stepped to', async () => {
    const events = await seen(sampleBody());
    const condition = 'event.fields.Nothing > 3';
    const all = await breakpoints(
      every({ condition }),
      every({ condition, hitCount: '== 3' }),
      every({ condition, onFailure: 'pass' }),
      every({ condition, log: 'x' }),
    );
    const why = 'no such overload: dyn<null> > int';
    const { stop } = all.look('event', events, false);
    assert.deepEqual([stop?.ids, stop?.eventId], [[1, 2], 'e1']);
    assert.equal(stop?.failures.get(2), `its condition could not be evaluated: ${why}`);
    assert.deepEqual(
      all.list().map(({ met, stops, failure, lastNotStopped }) => [met, stops, failure?.text, lastNotStopped?.why]),
      [
        [0, 1, why, undefined],
        [0, 1, why, undefined],
        [0, 0, why, 'condition-failed'],
        [0, 0, why, 'condition-failed'],
      ],
    );
    assert.equal(all.look('event', events, true).stop, null);
    assert.equal(all.list()[0]?.lastNotStopped?.why, 'stepped');
  });

  it('is none for the names and the number of the fields that a sender writes', async () => {
    const met = 'event.fields.Name == "Jane"';
    const names = Object.getOwnPropertyNames(Object.prototype).map((name) => `"${name}": "x"`);
    for (const fields of [...names, names.join()]) {
      const body = `{"ListID": "l", "Events": [{"Type": "Subscribe", ${fields}, "Name": "Jane"}]}`;
      const all = await breakpoints(every({ condition: met }));
      assert.deepEqual(all.look('event', await seen(body), false).stop?.failures, new Map(), fields);
    }
    // What is not seen may be what is asked for.
    const padded = { ...Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f${index}`, 1])), Name: 'Jane' };
    for (const event of [padded, { Wide: Array.from({ length: 5000 }, Number), Name: 'x'.repeat(5000) }]) {
      const all = await breakpoints(every({ condition: met }));
      const events = await seen(JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', ...event }] }));
      assert.match(all.look('event', events, false).stop?.failures.get(1) ?? '', /larger than expressions can read/);
    }
  });

  it('is one for an address that is cut, and for an expression that takes too much', async () => {
    const address = `${'a'.repeat(400)}@example.org`;
    const all = await breakpoints(
      every({ condition: 'event.address.endsWith("@example.org")' }),
      every({ condition: `size([[1],[1]]${'.map(b,b+b)'.repeat(26)}) > 1` }),
    );
    const { stop } = all.look('event', await seen(sampleBody({ email: address })), false);
    assert.deepEqual(stop?.ids, [1, 2]);
    assert.match(stop.failures.get(1) ?? '', /larger than expressions can read/);
    assert.match(stop.failures.get(2) ?? '', /it takes more than 1,000,000 steps/);
  });
});

describe('The breakpoint that was being asked when a relay ended', () => {
  class Memory {
    left = '';
    readonly noted: string[] = [];
    note(what: string): void {
      this.noted.push(what);
      this.left = what;
    }
  }

  it('is noted as long as it is asked, and none is that asks nothing', async () => {
    const mark = new Memory();
    const all = new Breakpoints(undefined, mark);
    const disk = new Disk();
    await all.change({ owner: 'test', add: [every({ hitCount: '3' })] }, caller(), disk.keep);
    const events = await seen(sampleBody());
    all.look('event', events, false);
    assert.deepEqual(mark.noted, []);
    await all.change({ owner: 'test', add: [every({ condition: 'true' })] }, caller(), disk.keep);
    all.look('event', [...events, ...events], false);
    assert.deepEqual(mark.noted, [JSON.stringify({ id: 2, spec: every({ condition: 'true' }) }), '']);
  });

  it('is off from then on, says so, and comes back when it is set again', async () => {
    const mark = new Memory();
    const disk = new Disk();
    const before = new Breakpoints();
    const spec = every({ condition: 'true' });
    await before.change({ owner: 'test', add: [every(), spec] }, caller(), disk.keep);
    mark.left = JSON.stringify({ id: 2, spec });
    const after = new Breakpoints(undefined, mark);
    const said = await after.restore(disk.kept, ({ id, stops, stored }) => {
      assert.deepEqual([id, stops, mark.left !== ''], [2, true, true], 'it is known until that is on disk');
      return disk.keep(stored);
    });
    assert.match(
      said.join(),
      /^breakpoint b2: the relay ended while evaluating this breakpoint, so the breakpoint is off/,
    );
    assert.equal(mark.left, '');
    const again = new Breakpoints(undefined, mark);
    assert.deepEqual(await again.restore(disk.kept), []);
    for (const all of [after, again]) {
      assert.deepEqual(
        all.list().map(({ enabled, switchedOff }) => [enabled, switchedOff === null]),
        [
          [true, true],
          [false, false],
        ],
      );
      assert.equal(all.enabled, 1);
    }
    await again.change({ owner: 'test', remove: ['b2'], add: [spec] }, caller(), disk.keep);
    assert.equal(again.enabled, 2);
  });

  it('is off, too, where a session sets it by itself', async () => {
    const mark = new Memory();
    const spec = every({ condition: 'true' });
    mark.left = JSON.stringify({ id: 7, spec });
    const all = new Breakpoints(undefined, mark);
    assert.match((await all.restore(undefined)).join(), /b7/);
    const disk = new Disk();
    await all.change({ owner: 'editor', set: [spec, every({ condition: '1 == 1' })] }, caller(), disk.keep);
    assert.deepEqual(
      all.list().map(({ enabled }) => enabled),
      [false, true],
    );
  });

  it('is none where what is noted is nonsense', async () => {
    for (const left of ['x', '{}', '{"id":1}', JSON.stringify({ id: 0, spec: every() })]) {
      const mark = new Memory();
      mark.left = left;
      assert.deepEqual(await new Breakpoints(undefined, mark).restore(undefined), [], left);
    }
  });
});

describe('The breakpoints that are kept', () => {
  it('are what they were, with their ids, and the next gets another', async () => {
    const disk = new Disk();
    const before = new Breakpoints();
    const specs = [every(), every({ at: 'failed-attempt', condition: 'attempt.status == 500' })];
    await before.change({ owner: 'test', add: specs }, caller(), disk.keep);
    const after = new Breakpoints();
    assert.deepEqual(await after.restore(disk.kept), []);
    assert.deepEqual(after.list(), before.list());
    await after.change({ owner: 'test', remove: ['b2'] }, caller(), disk.keep);
    await after.change({ owner: 'test', add: [every()] }, caller(), disk.keep);
    assert.deepEqual(
      after.list().map(({ id }) => id),
      ['b1', 'b3'],
    );
    assert.deepEqual(
      disk.kept?.breakpoints.map(({ id }) => id),
      [1, 3],
    );
  });

  it('are gone where they cannot be read, which is said', async () => {
    const all = new Breakpoints();
    assert.match((await all.restore({ nonsense: true }))[0] ?? '', /could not be read/);
    const kept = { next: 3, breakpoints: [{ ...every({ condition: 'old.name == 1' }), id: 2, owner: 'test' }] };
    assert.match((await all.restore(kept))[0] ?? '', /^breakpoint b2 .*: unknown variable: old$/);
    assert.deepEqual(all.list(), []);
  });

  it('are so many at most, and what is more is refused', async () => {
    const all = await breakpoints(...Array.from({ length: mostBreakpoints }, () => every()));
    const { refused } = await all.change({ owner: 'other', add: [every()] }, caller(), new Disk().keep);
    assert.deepEqual(refused, [
      { index: 0, in: 'breakpoint', message: `there are already ${mostBreakpoints} breakpoints`, start: 0, end: 0 },
    ]);
  });

  it('are not changed before that is on disk, nor where it cannot be written, and the next change goes on', async () => {
    const all = await breakpoints(every());
    const before = all.list();
    let listed: unknown;
    const fail = (): Promise<void> => {
      listed = all.list();
      return Promise.reject(new Error('the disk is full'));
    };
    await assert.rejects(all.change({ owner: 'test', remove: 'all' }, caller(), fail), /the disk is full/);
    assert.deepEqual([listed, all.list()], [before, before]);
    await all.change({ owner: 'test', remove: 'all' }, caller(), new Disk().keep);
    assert.deepEqual(all.list(), []);
  });

  it('are changed one after another, so that none undoes what another did', async () => {
    const all = new Breakpoints();
    const disk = new Disk();
    const add = (): Promise<unknown> => all.change({ owner: 'test', add: [every()] }, caller(), disk.keep);
    await Promise.all([add(), add(), all.change({ owner: 'test', remove: ['b1'] }, caller(), disk.keep), add()]);
    const ids = all.list().map(({ id }) => id);
    assert.deepEqual(ids, ['b2', 'b3']);
    assert.deepEqual(disk.kept, {
      next: 4,
      breakpoints: [2, 3].map((id) => ({ ...every(), id, owner: 'test' })),
    });
  });
});

describe("A session's breakpoints", () => {
  const kinds = (all: Breakpoints): string[] => all.list().map(({ id, at }) => `${id} ${at}`);

  it('go with its client, which is said, and those that were added stay', async () => {
    let gone = (): void => undefined;
    const told = new Promise<void>((resolve) => (gone = resolve));
    const all = new Breakpoints(() => gone());
    const disk = new Disk();
    const [session, other] = [caller(), caller()];
    await all.change({ owner: 'editor', set: [every()] }, session, disk.keep);
    await all.change({ owner: 'command line', add: [every({ at: 'rejected' })] }, session, disk.keep);
    await all.change({ owner: 'other editor', set: [every({ at: 'failed-attempt' })] }, other, disk.keep);
    assert.deepEqual(kinds(all), ['b1 event', 'b2 rejected', 'b3 failed-attempt']);
    session.leave();
    await told;
    assert.deepEqual(kinds(all), ['b2 rejected', 'b3 failed-attempt']);
    assert.deepEqual([all.watches('event'), all.enabled], [false, 2]);
  });

  it('are not on disk, though their numbers are never used again', async () => {
    const disk = new Disk();
    const all = new Breakpoints();
    await all.change({ owner: 'command line', add: [every()] }, caller(), disk.keep);
    await all.change({ owner: 'editor', set: [every(), every({ at: 'rejected' })] }, caller(), disk.keep);
    assert.deepEqual(disk.kept, { next: 4, breakpoints: [{ ...every(), id: 1, owner: 'command line' }] });
    const again = new Breakpoints();
    await again.restore(disk.kept);
    await again.change({ owner: 'command line', add: [every()] }, caller(), disk.keep);
    assert.deepEqual(kinds(again), ['b1 event', 'b4 event']);
  });

  it('write nothing where they stay as they are', async () => {
    const disk = new Disk();
    const all = new Breakpoints();
    const session = caller();
    await all.change({ owner: 'editor', set: [every()] }, session, disk.keep);
    const { writes } = disk;
    const { changed } = await all.change({ owner: 'editor', set: [every()] }, session, disk.keep);
    assert.deepEqual([changed, disk.writes], [['b1'], writes]);
  });

  it('are in the place of those that its owner had, and what was removed is among what changed', async () => {
    const all = new Breakpoints();
    const disk = new Disk();
    const session = caller();
    await all.change({ owner: 'editor', set: [every(), every({ at: 'rejected' })] }, session, disk.keep);
    const { changed } = await all.change({ owner: 'editor', set: [every({ log: 'x' }), every()] }, session, disk.keep);
    assert.deepEqual(changed, ['b3', 'b1', 'b2']);
    assert.deepEqual(kinds(all), ['b3 event', 'b1 event']);
    assert.deepEqual((await all.change({ owner: 'editor', remove: ['b3'] }, session, disk.keep)).changed, ['b3']);
  });

  it('are those of its connection alone, also if another client has the same name', async () => {
    let gone = (): void => undefined;
    const told = new Promise<void>((resolve) => (gone = resolve));
    const all = new Breakpoints(() => gone());
    const disk = new Disk();
    const [first, second] = [caller(), caller()];
    await all.change({ owner: 'editor', add: [every({ at: 'rejected' })] }, first, disk.keep);
    await all.change({ owner: 'editor', set: [every()] }, first, disk.keep);
    await all.change({ owner: 'editor', set: [every()] }, second, disk.keep);
    assert.deepEqual(kinds(all), ['b1 rejected', 'b2 event', 'b3 event']);
    await all.change({ owner: 'editor', set: [] }, second, disk.keep);
    assert.deepEqual(kinds(all), ['b1 rejected', 'b2 event']);
    first.leave();
    await told;
    assert.deepEqual(kinds(all), ['b1 rejected']);
  });

  it('of a client that has gone before they are in force go at once', async () => {
    let gone = (): void => undefined;
    const told = new Promise<void>((resolve) => (gone = resolve));
    const all = new Breakpoints(() => gone());
    const session = caller();
    session.leave();
    await all.change({ owner: 'editor', set: [every()] }, session, new Disk().keep);
    await told;
    assert.deepEqual(all.list(), []);
  });
});
