import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assumptions, judgeAll } from '../../../src/cli/observe/assumptions.ts';
import type { Judged } from '../../../src/cli/observe/assumptions.ts';
import { Evidence, places } from '../../../src/cli/observe/evidence.ts';
import type { Observations } from '../../../src/cli/observe/evidence.ts';
import { newPeople } from '../../../src/cli/observe/experiment.ts';
import type { Received } from '../../../src/cli/observe/listener.ts';
import { correctionWords, countsLine, markdown, terminalLines } from '../../../src/cli/observe/report.ts';
import { tellable } from '../../../src/cli/observe/tellable.ts';

const people = newPeople('test.example.org');
const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';
const began = Date.parse('2026-01-15T09:30:00Z');

function post(place: string, body: unknown, at = began, headers: Received['headers'] = []): Received {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { place, at, headers, body: bytes, answer: { kind: 'status', status: 200 }, waitedMs: null };
}

function delivery(...events: readonly object[]): object {
  return { Events: events, ListID: listId };
}

function joining(address: string, more: object = {}): object {
  return { Type: 'Subscribe', EmailAddress: address, Date: '2026-01-15 09:30:00', CustomFields: [], ...more };
}

function judge(received: readonly Received[], seen: Partial<Observations> = {}): (id: string) => Judged {
  const all: Observations = {
    ...{ listId, people, received, testCall: null, joined: null, readableAfterMs: null, webhookStatus: null },
    ...{ failing: null, importedAt: null, passage: null },
    instance: { id: 50_634, loggedIds: [], policy: null, watchesOthers: false },
    ...seen,
  };
  const judged = judgeAll(new Evidence(all));
  return (id) => judged.find((each) => each.id === id) ?? assert.fail(id);
}

/** POSTs of one event, so many seconds apart. */
function attempts(place: string, address: string, seconds: readonly number[]): Received[] {
  let at = began;
  return [0, ...seconds].map((gap) => post(place, delivery(joining(address)), (at += 1000 * gap)));
}

function notification(address: string, at: number, eventId: string): Received {
  return post(places.platform, { message: { eventId, raw: delivery(joining(address)), events: [] } }, at);
}

describe('the assumptions that can be observed', () => {
  it('are those of docs/assumptions.md that have an ID, word for word', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/assumptions.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` *\| (.+?) *\|/gm)].map(([, id, text]) => [id, text]);
    const sorted = (pairs: readonly (readonly (string | undefined)[])[]): string[] =>
      pairs.map((pair) => pair.join(': ')).sort();
    assert.deepEqual(sorted(rows), sorted(assumptions.map(({ id, assumption }) => [id, assumption])));
    assert.ok(rows.length > 20);
  });

  it('are all open where nothing was seen, and say what is needed for an instance', () => {
    const judged = assumptions.map(({ id }) => judge([], { instance: null })(id));
    assert.deepEqual([...new Set(judged.map(({ state }) => state))], ['open']);
    assert.equal(judge([], { instance: null })('raw').finding, 'not observed: add --instance');
    assert.equal(countsLine(judged), `0 confirmed, 0 refuted, ${judged.length} open`);
  });

  it('tell the schedules of the platform apart, as far as they were watched', () => {
    const { platformError } = people;
    const error = { kind: 'status', status: 500 } as const;
    const watched = (watchedMs: number | null, ...seconds: number[]): Judged => {
      let at = began;
      const received = [0, ...seconds].map((gap) => ({
        ...notification(platformError, (at += 1000 * gap), 'a'),
        answer: error,
      }));
      const failing = watchedMs === null ? null : { at: began, watchedMs, reopenedAt: null };
      return judge(received, { failing })('platform-schedule');
    };
    const schedule = (...seconds: number[]): Judged => watched(null, ...seconds);
    assert.equal(schedule(8.4, 65, 513, 4100, 32_770).state, 'confirmed');
    // A beginning confirms nothing, and what is due and does not come refutes it.
    assert.deepEqual([schedule(8.4, 65).state, schedule(8.4).finding], ['open', 'so far retried after 8.4 s']);
    assert.equal(watched(60_000, 8.4).state, 'open');
    assert.equal(watched(120_000, 8.4).state, 'refuted');
    assert.match(
      watched(120_000, 8.4).finding,
      /^retried after 8\.4 s, and then none within 1 min|^retried after 8\.4 s/,
    );
    assert.deepEqual([watched(9000).state, watched(60_000).state], ['open', 'refuted']);
    assert.equal(schedule().state, 'open');
    const instance = { id: 1, loggedIds: null, policy: 'queue', watchesOthers: false } as const;
    const failing = { at: began, watchedMs: 60_000, reopenedAt: null };
    const queued = { ...notification(platformError, began, 'a'), answer: error };
    const underQueue = judge([queued], { instance, failing });
    assert.equal(underQueue('platform-schedule').finding, 'policy queue: not retried');
    assert.equal(underQueue('platform-failures').finding, 'policy queue: not retried');
    const other = schedule(4.1, 16.3);
    assert.equal(other.state, 'refuted');
    assert.deepEqual(
      other.corrections.map(({ change }) => change),
      [{ retry: 'cloud-elements' }, { retryDelaysMs: [4000, 16_000] }],
    );
    const unknown = schedule(60, 60);
    assert.deepEqual(
      unknown.corrections.map(({ change }) => change),
      [{ retryDelaysMs: [60_000, 60_000] }],
    );
  });

  it('tell the schedule and the time-out of Campaign Monitor, and what it does not retry', () => {
    const { failing } = people;
    const all = (place: string, seconds: readonly number[]): Received[] => attempts(place, failing, seconds);
    const silent: Received = { ...all(places.silent, [])[0]!, answer: { kind: 'hang' }, waitedMs: 10_080 };
    const seen = { failing: { at: began, watchedMs: 40_000, reopenedAt: began + 10_000 } };
    const usual = [...all(places.serverError, [1.1, 5.2, 30.4]), silent];
    assert.equal(judge(usual, seen)('delivery-schedule').state, 'confirmed');
    assert.equal(judge(usual, seen)('delivery-timeout').state, 'confirmed');
    const { state, finding, corrections } = judge([...usual, ...all(places.notFound, [])], seen)('delivery-retries');
    assert.deepEqual([state, corrections], ['refuted', []]);
    assert.equal(finding, 'retried after 500; not within 40 s after 404, a time-out, a refused connection');
    // A port that was opened only just before the last retry may have refused it elsewhere.
    const justOpened = { failing: { at: began, watchedMs: 40_000, reopenedAt: began + 36_500 } };
    assert.match(judge(usual, justOpened)('delivery-retries').finding, /not seen so far after 404, a refused/);
    // Watched for less than three of the gaps that were seen elsewhere, that says nothing yet.
    const early = { failing: { at: began, watchedMs: 2000, reopenedAt: null } };
    assert.equal(judge([...usual, ...all(places.notFound, [])], early)('delivery-retries').state, 'open');
    // Nor does one that still waits for its answer, or had its time-out only just now.
    const waiting = { ...silent, waitedMs: null };
    const rest = [
      ...all(places.serverError, [1.1, 5.2, 30.4]),
      ...all(places.notFound, [1, 5]),
      ...all(places.refused, []),
    ];
    for (const late of [waiting, { ...silent, waitedMs: 39_000 }]) {
      const judged = judge([...rest, late], seen)('delivery-retries');
      assert.deepEqual(
        [judged.state, judged.finding],
        [
          'open',
          'retried after 500, 404, a refused connection; not seen so far after a time-out: watch longer with --for',
        ],
      );
    }
  });

  it('confirm a schedule only with all of its retries, and refute it where one that was due did not come', () => {
    const { failing } = people;
    const failed = (place: string, ...seconds: number[]): Received[] =>
      attempts(place, failing, seconds).map((each) => ({ ...each, answer: { kind: 'status', status: 500 } }));
    const watched = (watchedMs: number, ...received: Received[]): ReturnType<typeof judge> =>
      judge(received, { failing: { at: began, watchedMs, reopenedAt: null } });
    const first = watched(5000, ...failed(places.serverError, 1))('delivery-schedule');
    assert.deepEqual([first.state, first.finding], ['open', 'so far after 500: 1 s']);
    const only = watched(60_000, ...failed(places.serverError, 1))('delivery-schedule');
    assert.deepEqual(
      [only.state, only.finding, only.corrections.map(({ change }) => change)],
      ['refuted', 'after 500: 1 s, and then none within 59 s', [{ retryDelaysMs: [1000] }]],
    );
    const never = [...failed(places.serverError), ...failed(places.notFound)];
    assert.deepEqual(
      [watched(20_000, ...never)('delivery-retries').state, watched(20_000, ...never)('delivery-schedule').state],
      ['open', 'open'],
    );
    const { state, corrections } = watched(120_000, ...never)('delivery-retries');
    assert.deepEqual(
      [state, corrections.map(({ change }) => change), watched(120_000, ...never)('delivery-schedule').state],
      ['refuted', [{ retriedFailures: 'none' }], 'refuted'],
    );
  });

  it('leave out what a tunnel adds, and its time-out', () => {
    const event = delivery(joining(people.steady));
    const own = post(places.json, event, began, [
      ['X-Request-Id', 'a'],
      ['User-Agent', 'Vendor'],
    ]);
    const silent: Received = { ...post(places.silent, event), answer: { kind: 'hang' }, waitedMs: 100_000 };
    const through = judge([own, silent], { passage: { headers: ['x-request-id', 'via'] } });
    assert.deepEqual(
      [through('delivery-headers').state, through('delivery-headers').finding],
      ['confirmed', 'User-Agent: Vendor; headers: user-agent'],
    );
    assert.deepEqual(
      [through('delivery-timeout').state, judge([silent])('delivery-timeout').state],
      ['open', 'refuted'],
    );
    assert.equal(judge([own], { passage: { headers: null } })('delivery-headers').state, 'open');
    assert.equal(judge([{ ...silent, waitedMs: 11_500 }])('delivery-timeout').state, 'refuted');
  });

  it('look only at notifications of their own people where the instance watches other lists', () => {
    const event = joining(people.steady);
    const theirs = { Events: [joining('ada@example.org')], ListID: 'f'.repeat(32) };
    const received = [
      post(places.json, delivery(event)),
      post(places.platform, { message: { eventId: 'a', raw: theirs, events: [] } }),
      post(places.platform, { message: { eventId: 'b', raw: delivery(event), events: [] } }),
    ];
    const instance = { id: 1, loggedIds: null, policy: null, watchesOthers: true };
    assert.equal(judge(received, { instance })('raw').state, 'confirmed');
    assert.equal(judge(received)('raw').state, 'refuted');
  });

  it('say at least how many events a notification has where none was split, and set nothing', () => {
    const events = people.batch.map((address) => joining(address));
    const objects = events.map(() => ({ eventType: 'CREATED' }));
    const received = [
      post(places.json, delivery(...events)),
      post(places.platform, { message: { eventId: 'a', raw: delivery(...events), events: objects } }),
    ];
    const { state, finding, corrections } = judge(received)('part-size');
    assert.deepEqual([state, finding, corrections], ['refuted', 'at least 21 event objects in one notification', []]);
  });

  it('take no event of the import for that of somebody who comes back', () => {
    const of = (Type: string, address: string, at: number): Received =>
      post(places.json, delivery(joining(address, { Type })), at);
    const left = ['Subscribe', 'Deactivate'].map((Type, i) => of(Type, people.steady, began + i));
    const imported = of('Update', people.renamed, began + 2000);
    const returned = ['Subscribe', 'Deactivate', 'Subscribe'].map((Type, i) => of(Type, people.returning, began + i));
    const { state, finding, corrections } = judge([...left, ...returned, imported], { importedAt: began + 1000 })(
      'active-again',
    );
    assert.deepEqual([state, finding, corrections], ['open', 'by an addition: no event; by an update: Subscribe', []]);
  });

  it('are judged in time however much was posted', function () {
    this.timeout(10_000);
    const received = Array.from({ length: 1500 }, (_, i) => {
      const body = delivery(...Array.from({ length: 10 }, (_, j) => joining(people.steady, { Name: `${i}-${j}` })));
      return [post(places.json, body), post(places.platform, { message: { eventId: `${i}`, raw: body, events: [] } })];
    }).flat();
    assert.equal(judge(received)('raw').state, 'confirmed');
  });

  it('tell the zone of dates from the account’s clock, and name one where it is whole hours away', () => {
    const zone = (date: string, systemDate: string): Judged =>
      judge([post(places.json, delivery(joining(people.steady, { Date: date })))], {
        joined: { at: began, systemDate },
      })('date-zone');
    assert.deepEqual(zone('2026-01-15 09:30:00', '2026-01-15 09:30:00').corrections, []);
    const ahead = zone('2026-01-15 19:30:00', '2026-01-15 19:30:00');
    assert.deepEqual(
      [ahead.state, ahead.corrections],
      ['confirmed', [{ of: 'relay', change: { timeZone: 'Etc/GMT-10' } }]],
    );
    assert.equal(new Intl.DateTimeFormat('en', { timeZone: 'Etc/GMT-10', hour: 'numeric' }).format(began), '7 PM');
    const other = zone('2026-01-15 04:30:00', '2026-01-15 09:30:00');
    assert.deepEqual(
      [other.state, other.corrections],
      ['refuted', [{ of: 'relay', change: { timeZone: 'Etc/GMT+5' } }]],
    );
    assert.equal(
      zone('2026-01-15 15:00:00', '2026-01-15 15:00:00').finding,
      "dates are UTC+5:30 (set the relay's timeZone to a zone with this offset), as the account's clock is",
    );
    assert.deepEqual(zone('2026-01-15 23:30:00', '2026-01-15 23:30:00').corrections, [
      { of: 'relay', change: { timeZone: 'Etc/GMT-14' } },
    ]);
    assert.equal(zone('soon', '2026-01-15 09:30:00').state, 'open');
  });

  it('notice a signature, an id that changes on a retry, and events that come in another order', () => {
    const signed = post(places.json, delivery(joining(people.steady)), began, [['X-CM-Signature', 'abc']]);
    assert.match(judge([signed])('delivery-headers').finding, /^there is X-CM-Signature; /);
    const twice = [notification(people.platformError, began, 'a'), notification(people.platformError, began, 'b')];
    assert.equal(judge(twice)('retry-id').state, 'refuted');
    const backwards = ['Deactivate', 'Update', 'Subscribe'].map((Type) =>
      post(places.json, delivery(joining(people.steady, { Type }))),
    );
    assert.equal(judge(backwards)('order').state, 'refuted');
  });

  it('are open where what was posted is nested too deep to be compared', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const event = `{"Type":"Subscribe","EmailAddress":"${people.steady}","Name":${deep}}`;
    const body = `{"ListID":"${listId}","Events":[${event}]}`;
    const received = [
      post(places.json, body),
      post(places.platform, `{"message":{"eventId":"a","raw":${body},"events":[{"eventType":"CREATED"}]}}`),
    ];
    assert.deepEqual([judge(received)('raw').state, judge(received)('event-types').state], ['open', 'open']);
  });

  it('read XML of another shape as refuted, with the names of its elements alone', () => {
    const json = post(places.json, delivery(joining(people.steady)));
    const xml = post(places.xml, `<Hook><List>${listId}</List><Item><Mail>${people.steady}</Mail></Item></Hook>`);
    const { state, finding } = judge([json, xml])('xml-shape');
    assert.equal(state, 'refuted');
    assert.match(finding, /elements: Hook, List, Item, Mail$/);
  });
});

describe('a report of an observation', () => {
  const secret = `https://user:pw@hooks.example.org/hooks/${'a'.repeat(32)}/observe-json?token=geheim`;

  it('has nobody’s address, no URL and no value of a header, whatever the vendors send, as a property', () => {
    // Where a text is cut, it goes through an address or a list's ID.
    const cut = Array.from({ length: 24 }, (_, i) => `${'-'.repeat(57 + i)} ${people.steady} ${listId}`);
    const nasty = fc.oneof(
      fc.constantFrom(
        people.steady,
        secret,
        ...cut,
        listId,
        `list_${listId}`,
        'hooks.example.org/in/geheim',
        `x ${secret} y`,
        '\u001b[2J',
        '`',
        '[a](b)',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    const event = fc.record({
      Type: fc.oneof(fc.constantFrom('Subscribe', 'Update', 'Deactivate'), nasty),
      EmailAddress: fc.constantFrom(people.steady, people.renamed, people.returning, ...people.batch.slice(0, 2)),
      Name: nasty,
      Date: nasty,
    });
    const message = fc.record({
      message: fc.record({
        eventId: nasty,
        raw: fc.oneof(fc.record({ Events: fc.array(event), ListID: nasty }), fc.dictionary(nasty, nasty), nasty),
        events: fc.array(fc.record({ eventType: nasty, objectType: nasty, objectId: nasty })),
      }),
      severity: nasty,
    });
    const headers = fc.array(fc.tuple(fc.constantFrom('User-Agent', 'X-Signature', 'Cookie', 'Content-Type'), nasty));
    const arrived = fc.tuple(
      fc.constantFrom(...Object.values(places)),
      fc.oneof(fc.record({ Events: fc.array(event), ListID: nasty }), message, nasty),
      headers,
    );
    fc.assert(
      fc.property(fc.array(arrived, { maxLength: 8 }), nasty, (posts, word) => {
        const received = posts.map(([place, body, all], i) => post(place, body, began + 1000 * i, all));
        const seen: Observations = {
          ...{ listId, people, received, testCall: { received: received[0] ?? null, failed: false } },
          ...{ joined: { at: began, systemDate: word }, readableAfterMs: 300 },
          ...{ webhookStatus: { active: word, inactive: word } },
          ...{ failing: { at: began, watchedMs: 5000, reopenedAt: null }, importedAt: null, passage: null },
          instance: { id: 1, loggedIds: [word], policy: null, watchesOthers: false },
        };
        const judged = judgeAll(new Evidence(seen));
        const facts = {
          ...{ startedAt: '2026-01-15T09:30:00.000Z', watchedMs: 1, withInstance: true, endedEarly: false },
          ...{ received: received.length, leftOut: 0 },
        };
        const findings = judged.map(({ finding }) => finding).join('\n');
        const text = [markdown(facts, judged), ...judged.flatMap(terminalLines)].join('\n');
        const parts = ['cm-relay-observe', listId.slice(0, 12)];
        for (const private_ of [
          'test.example.org',
          '@',
          'geheim',
          'hooks.example.org',
          'aaaaaaaa',
          '\u001b[2J',
          ...parts,
        ]) {
          assert.ok(!findings.includes(private_), `${private_}: ${findings}`);
        }
        assert.ok(!text.includes('test.example.org') && !text.includes('geheim'), text);
        assert.ok(judged.every(({ finding }) => finding.length < 4000));
      }),
    );
  });

  it('masks addresses and URLs in texts from outside, and shortens them', () => {
    assert.equal(tellable('ada@example.org'), '********');
    assert.equal(tellable(secret), '********');
    assert.equal(tellable('CreateSend/1.0 (+https://example.org/bot)'), 'CreateSend/1.0 (+********');
    assert.equal(tellable(`list ${listId} at hooks.example.org/in`), 'list ******** at ********');
    assert.equal(tellable(`${'- '.repeat(38)}ada@example.org`), `${'- '.repeat(38)}****…`);
    assert.ok(
      !tellable(`${'*'.repeat(8)}@x `.repeat(180).slice(0, 1990) + ' ada.lovelace@example.org').includes('ada'),
    );
    assert.ok(tellable('x'.repeat(500)).length < 100);
  });

  it('proposes no setting that holds what a vendor wrote in place of a word', () => {
    const types = (eventType: string): Judged => {
      const events = [joining(people.steady)];
      const platform = {
        eventId: 'a',
        raw: delivery(...events),
        events: [{ eventType, objectType: secret, objectId: '' }],
      };
      return judge([post(places.json, delivery(...events)), post(places.platform, { message: platform })])(
        'event-types',
      );
    };
    assert.deepEqual([types('ADDED').state, types('ADDED').corrections.length], ['refuted', 2]);
    assert.deepEqual([types(people.steady).state, types(people.steady).corrections.length], ['refuted', 0]);
    assert.deepEqual(types(secret).corrections, []);
  });

  it('writes a setting where it belongs', () => {
    assert.equal(
      correctionWords({ of: 'relay', change: { partSize: 10 } }),
      '{"partSize":10} in the relay\'s settings',
    );
    assert.equal(
      correctionWords({ of: 'sandbox', path: '/settings', change: { activeAgain: 'Update' } }),
      '{"activeAgain":"Update"} with PATCH $CONTROL/settings in the sandbox',
    );
  });
});
