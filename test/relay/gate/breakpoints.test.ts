import assert from 'node:assert/strict';
import { mostBreakpoints, type Breakpoint } from '../../../src/protocol/debug.ts';
import { Breakpoints, type StoredBreakpoints } from '../../../src/relay/gate/breakpoints.ts';
import type { Caller } from '../../../src/relay/sending/time-limit.ts';

const every = (spec: Partial<Breakpoint> = {}): Breakpoint => ({ at: 'event', enabled: true, ...spec });

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

describe('Looking at breakpoints', () => {
  /** Three events, of which filters find none but the empty one, and `found` the second. */
  const matching = (filter: string): readonly number[] => ({ '': [1, 2, 3], found: [2] })[filter] ?? [];

  it('counts each event that met one, and the notification once', async () => {
    const all = await breakpoints(every(), every({ condition: 'found' }), every({ condition: 'missing' }));
    assert.deepEqual(all.look('event', matching, false), { ids: [1, 2], eventId: 1 });
    assert.deepEqual(
      all.list().map(({ lookedAt, met, stops, lastNotStopped }) => [lookedAt, met, stops, lastNotStopped?.why]),
      [
        [1, 3, 1, undefined],
        [1, 1, 1, undefined],
        [1, 0, 0, 'condition-not-met'],
      ],
    );
  });
});

describe('The condition of a breakpoint', () => {
  const refusals: Readonly<Record<string, RegExp>> = {
    'typ:update': /^unknown filter key "typ"$/,
    'type:': /^"type:" needs a value$/,
    'kind:nothing': /expected one of event, test, rejected$/,
    'state:failed': /^"state:" does not work in a condition/,
    'address:@': /^"address:" needs a letter or digit$/,
    'event.type == "Update"': /^a filter has no operators/,
    'type:update && list:abc': /^a filter has no operators/,
    '! type:update': /^a filter has no operators/,
    '!type:update': /^a filter has no operators/,
    'event.type=="Update"': /^a filter has no operators/,
    'type:update||type:subscribe': /^a filter has no operators/,
  };
  for (const [condition, message] of Object.entries(refusals)) {
    it(`is refused with the words of the filter: ${condition}`, async () => {
      const all = new Breakpoints();
      const add = [every({ condition }), every()];
      const { refused } = await all.change({ owner: 'test', add }, caller(), new Disk().keep);
      assert.deepEqual(
        refused.map((each) => [each.index, each.in]),
        [[0, 'condition']],
      );
      assert.match(refused[0]?.message ?? '', message);
      assert.equal(all.list().length, 1);
    });
  }
});

describe('The breakpoints that are kept', () => {
  it('are what they were, with their ids, and the next gets another', async () => {
    const disk = new Disk();
    const before = new Breakpoints();
    const specs = [every(), every({ at: 'failed-attempt', condition: 'type:update' })];
    await before.change({ owner: 'test', add: specs }, caller(), disk.keep);
    const after = new Breakpoints();
    assert.deepEqual(after.restore(disk.kept), []);
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

  it('are gone where they cannot be read, which is said', () => {
    const all = new Breakpoints();
    assert.match(all.restore({ nonsense: true })[0] ?? '', /could not be read/);
    const kept = { next: 3, breakpoints: [{ ...every({ condition: 'old.name == 1' }), id: 2, owner: 'test' }] };
    assert.match(all.restore(kept)[0] ?? '', /^breakpoint b2 .*: a filter has no operators/);
    assert.deepEqual(all.list(), []);
  });

  it('are so many at most, and what is more is refused', async () => {
    const all = await breakpoints(...Array.from({ length: mostBreakpoints }, () => every()));
    const { refused } = await all.change({ owner: 'other', add: [every()] }, caller(), new Disk().keep);
    assert.deepEqual(refused, [
      { index: 0, in: 'breakpoint', message: `there are already ${mostBreakpoints} breakpoints` },
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
    again.restore(disk.kept);
    await again.change({ owner: 'command line', add: [every()] }, caller(), disk.keep);
    assert.deepEqual(kinds(again), ['b1 event', 'b4 event']);
  });

  it('are in the place of those that its owner had, and what was removed is among what changed', async () => {
    const all = new Breakpoints();
    const disk = new Disk();
    const session = caller();
    await all.change({ owner: 'editor', set: [every(), every({ at: 'rejected' })] }, session, disk.keep);
    const { changed } = await all.change(
      { owner: 'editor', set: [every({ condition: 'x' }), every()] },
      session,
      disk.keep,
    );
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
});
