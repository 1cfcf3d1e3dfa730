import assert from 'node:assert/strict';
import { mostBreakpoints } from '../../src/protocol/debug.ts';
import type { Breakpoint } from '../../src/protocol/debug.ts';
import { Breakpoints } from '../../src/relay/breakpoints.ts';
import { Subjects, mostEventsLookedAt } from '../../src/relay/debug-subject.ts';
import type { SeenEvent } from '../../src/relay/debug-subject.ts';
import { SecretMask } from '../../src/common/masking.ts';
import { sampleBody, startTestRelay } from './stage.ts';
import { openForReading } from '../../src/relay/database.ts';
import { storeFile } from '../../src/relay/history.ts';
import { StoredReader } from '../../src/relay/stored.ts';

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

async function breakpoints(...specs: Breakpoint[]): Promise<Breakpoints> {
  const all = new Breakpoints();
  const change = await all.change({ owner: 'test', add: specs });
  assert.deepEqual(change.refused, []);
  change.apply();
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
      fields: { Type: 'Subscribe', EmailAddress: 'a@example.org', Age: 40n, Rate: 0.5 },
    });
    assert.deepEqual([event.variables.delivery['id'], event.variables.delivery['events']], ['d1', 1n]);
  });

  it('is bounded, however long, wide and deep a delivery is', async () => {
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 50; depth++) deep = [deep];
    const wide = Array.from({ length: 5000 }, (_, index) => index);
    const body = { ListID: 'l', Events: [{ Type: 'Subscribe', Long: 'x'.repeat(100_000), Deep: deep, Wide: wide }] };
    const [event] = await seen(JSON.stringify(body));
    const fields = event?.variables.event['fields'] as Record<string, unknown>;
    assert.equal((fields['Long'] as string).length, 2000);
    assert.equal((fields['Wide'] as unknown[]).length, 200);
    assert.ok(!JSON.stringify(fields['Deep']).includes('bottom'));
  });

  it('has no secret in it', async () => {
    const [event] = await seen(
      JSON.stringify({ ListID: 'l', Events: [{ Type: 'Subscribe', Name: 'my planted-secret', 'planted-secret': 1 }] }),
      ['planted-secret'],
    );
    assert.deepEqual(event?.variables.event['fields'], { Type: 'Subscribe', Name: 'my ********', '********': 1n });
  });
});

describe('Looking at breakpoints', () => {
  it('reads no more events than are looked at, and says where some were left out', async () => {
    const [event] = await seen(sampleBody());
    assert.ok(event !== undefined);
    let read = 0;
    const many = function* (): Generator<SeenEvent> {
      for (;;) {
        read += 1;
        yield event;
      }
    };
    const all = await breakpoints(every({ condition: 'event.type == "Nothing"' }));
    const looked = all.look('event', many(), false);
    assert.equal(looked.stop, null);
    assert.ok(read <= mostEventsLookedAt + 1, `${read} were read`);
    assert.equal(all.list()[0]?.lastNotStopped?.why, 'events-left-out');
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
    assert.deepEqual(stop, { ids: [1, 2], eventId: 'e1' });
    assert.deepEqual(logged, [{ breakpointId: 'b3', eventId: 'e1', text: 'at e1' }]);
  });

  it('says what a log text failed with', async () => {
    const events = await seen(sampleBody());
    const all = await breakpoints(every({ log: '{event.fields.Nothing}' }));
    assert.deepEqual(all.look('event', events, false).logged, []);
    assert.match(all.list()[0]?.failure?.text ?? '', /its log text failed: no such key: Nothing/);
  });
});

describe('The breakpoints that are kept', () => {
  it('are what they were, with their ids, and the next gets another', async () => {
    const before = await breakpoints(every(), every({ at: 'failed-attempt', condition: 'attempt.status == 500' }));
    const after = new Breakpoints();
    assert.deepEqual(await after.restore(JSON.parse(JSON.stringify(before.stored))), []);
    assert.deepEqual(after.list(), before.list());
    (await after.change({ owner: 'test', remove: ['b2'] })).apply();
    (await after.change({ owner: 'test', add: [every()] })).apply();
    assert.deepEqual(
      after.list().map(({ id }) => id),
      ['b1', 'b3'],
    );
  });

  it('are gone where they cannot be read, which is said', async () => {
    const all = new Breakpoints();
    assert.match((await all.restore({ nonsense: true }))[0] ?? '', /cannot be read/);
    const kept = { next: 3, breakpoints: [{ ...every({ condition: 'old.name == 1' }), id: 2, owner: 'test' }] };
    assert.match((await all.restore(kept))[0] ?? '', /^breakpoint b2 .*: unknown variable: old$/);
    assert.deepEqual(all.list(), []);
  });

  it('are so many at most, and what is more is refused', async () => {
    const all = await breakpoints(...Array.from({ length: mostBreakpoints }, () => every()));
    const { refused } = await all.change({ owner: 'other', add: [every()] });
    assert.deepEqual(refused, [
      { index: 0, in: 'breakpoint', message: `there are ${mostBreakpoints} breakpoints already`, start: 0, end: 0 },
    ]);
  });

  it('are not changed before the change is in force', async () => {
    const all = await breakpoints(every());
    await all.change({ owner: 'test', remove: 'all' });
    assert.equal(all.list().length, 1);
  });
});
