import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readAmount } from '../../long.ts';
import { RelayRequestError } from '../../../src/protocol/errors.ts';
import { methods } from '../../../src/protocol/methods.ts';
import type { EventRow, ForwardingState } from '../../../src/protocol/history.ts';
import { FilterError } from '../../../src/protocol/event-filter.ts';
import { NotFoundError, openHistory, storeFile, type HistoryReader } from '../../../src/relay/history/history.ts';
import { Store } from '../../../src/relay/log/store.ts';
import type { DeliveryRecord, EventRecord, NotificationRecord } from '../../../src/relay/log/records.ts';
import { bringAbout, deliveryRecord, destinationId, renderSettingsId } from '../records.ts';
import { ownDirectory } from '../afterward.ts';
import { openReader, openStore } from './stores.ts';
import { startReceiver } from '../receiver.ts';
import { sampleBody, startTestRelay } from '../stage.ts';

/** All pages of a filter, by pages of `limit`. */
function allPages(reader: HistoryReader, filter: string, limit: number): EventRow[] {
  const rows: EventRow[] = [];
  let before: string | undefined;
  for (;;) {
    const page = reader.query(methods['events/query'].params.parse({ filter, limit, ...(before && { before }) }));
    assert.ok(page.events.length <= limit);
    rows.push(...page.events);
    if (page.next === null) return rows;
    assert.equal(page.events.length, limit, 'only the last page is short');
    before = page.next;
  }
}

const types = ['Subscribe', 'Update', 'Deactivate', 'Bounce'] as const;
const lists = ['a1b2', 'A1B3', 'cccc'] as const;
const people = ['ada', 'Zoë', 'ada.king', 'grace', 'łukasz', 'ADAM'] as const;
const hosts = ['example.org', 'mail.example.com', 'exàmple.net'] as const;
const cities = ['Köln', 'Kolding', 'Zürich', 'New York', '42'] as const;
const states: readonly ForwardingState[] = ['waiting', 'held', 'sent', 'failed', 'discarded'];

interface PlannedEvent {
  readonly type: number;
  readonly person: number;
  readonly host: number;
  readonly city: number;
  readonly repeat: boolean;
}
interface PlannedDelivery {
  readonly kind: 'vendor' | 'platform' | 'test' | 'rejected';
  readonly list: number;
  readonly events: readonly PlannedEvent[];
  readonly partSize: number;
  /** States for the first destination, the second, and the one in raw mode; null: it does not go there. */
  readonly states: readonly (number | null)[];
  /** How long before its turn it was received, in minutes: a slow body gets its id late. */
  readonly lateMinutes: number;
  readonly onPurpose: boolean;
}

/** A row as the naive filter sees it. */
interface ModelRow {
  readonly id: number;
  readonly delivery: number;
  readonly kind: 'event' | 'test' | 'rejected';
  readonly source: string;
  readonly receivedAt: number;
  readonly type: string | null;
  readonly list: string | null;
  readonly address: string | null;
  readonly duplicate: boolean;
  readonly onPurpose: boolean;
  readonly states: readonly ForwardingState[];
  readonly texts: readonly string[];
}

const startedAt = Date.UTC(2026, 0, 1);
const minute = 60_000;

const plannedEvent: fc.Arbitrary<PlannedEvent> = fc.record({
  type: fc.nat(types.length - 1),
  person: fc.nat(people.length - 1),
  host: fc.nat(hosts.length - 1),
  city: fc.nat(cities.length - 1),
  repeat: fc.boolean(),
});
const state = fc.option(fc.nat(states.length - 1));
const plannedDelivery: fc.Arbitrary<PlannedDelivery> = fc.record({
  kind: fc.constantFrom('vendor', 'vendor', 'vendor', 'vendor', 'platform', 'test', 'rejected'),
  list: fc.nat(lists.length - 1),
  events: fc.array(plannedEvent, { minLength: 1, maxLength: 5 }),
  partSize: fc.integer({ min: 1, max: 3 }),
  states: fc.tuple(state, state, state),
  lateMinutes: fc.integer({ min: 0, max: 9 }),
  onPurpose: fc.boolean(),
});

/** Puts planned deliveries into a store. */
async function makeHistory(dataDir: string, planned: readonly PlannedDelivery[]): Promise<ModelRow[]> {
  const store = new Store(storeFile(dataDir));
  const places = ['http://127.0.0.1:9/1', 'http://127.0.0.1:9/2', 'http://127.0.0.1:9/raw'];
  const mode = (url: string) => ({ mode: url.endsWith('raw') ? 'raw' : 'normalized' });
  const free = places.map((url) => destinationId(store, url, mode(url)));
  const keyless = places.map((url) =>
    destinationId(store, url, { ...mode(url), signatureKeyName: 'k' }, { by: 'missing-key', why: 'no key' }),
  );
  /** Where something goes that is to be in a state. */
  const placeOf = (index: number, to: ForwardingState): number => (to === 'held' ? keyless : free)[index]!;
  const forwardingTo = (id: number) => ({ destinationId: id, released: null, stopped: null });
  const settingsId = renderSettingsId(store);
  const model: ModelRow[] = [];
  const seen = new Set<number>();
  for (const [index, plan] of planned.entries()) {
    const events = plan.kind === 'vendor' || plan.kind === 'platform' ? plan.events : plan.events.slice(0, 1);
    const partSize = plan.kind === 'platform' ? events.length : plan.partSize;
    const parts = plan.kind === 'vendor' || plan.kind === 'platform' ? Math.ceil(events.length / partSize) : 0;
    const rawState = plan.kind === 'vendor' ? plan.states[2] : null;
    const ids = store.reserve(events.length, parts + (rawState === null || rawState === undefined ? 0 : 1));
    const receivedAt = startedAt + (index * 2 - plan.lateMinutes) * minute;
    const list = lists[plan.list]!;
    const kind = plan.kind === 'vendor' || plan.kind === 'platform' ? 'event' : plan.kind;
    const source = plan.kind === 'platform' ? 'open-connectors' : 'campaign-monitor';
    const address = (event: PlannedEvent): string => `${people[event.person]!}@${hosts[event.host]!}`;
    const vendorEvents = events.map((event) => ({
      Type: types[event.type]!,
      EmailAddress: address(event),
      CustomFields: [{ Key: 'City', Value: cities[event.city] === '42' ? 42 : cities[event.city]! }],
    }));
    const body = {
      vendor: () => JSON.stringify({ ListID: list, Events: vendorEvents }),
      platform: () => JSON.stringify({ message: { events: [], note: `platform ${cities[plan.events[0]!.city]!}` } }),
      test: () => '',
      rejected: () => `rubbish ${cities[plan.events[0]!.city]!}`,
    }[plan.kind]();
    const reason = plan.kind === 'rejected' ? 'neither JSON nor XML: unexpected token' : null;
    const fingerprint = (event: PlannedEvent): number | null =>
      plan.kind !== 'vendor' ? null : event.repeat ? event.type : 1_000_000 + ids.firstEvent;
    const records: EventRecord[] = events.map((event, position) => ({
      id: ids.firstEvent + position,
      kind,
      type: kind === 'event' ? types[event.type]! : null,
      address: kind === 'event' ? address(event) : null,
      date: null,
      warning: null,
      fingerprint: fingerprint(event),
      notificationId: kind === 'event' ? ids.firstNotification + Math.floor(position / partSize) : null,
      duplicateOf: null,
    }));
    const goesTo = plan.states.slice(0, 2).flatMap((code, index) => {
      const to = code === null ? undefined : states[code]!;
      return to === undefined ? [] : [{ id: placeOf(index, to), state: to }];
    });
    const notification = (part: number, rest: Partial<NotificationRecord>): NotificationRecord => ({
      id: ids.firstNotification + part,
      kind: plan.kind === 'platform' ? 'platform' : 'normalized',
      part,
      parts,
      firstEvent: part * partSize,
      eventCount: Math.min(partSize, events.length - part * partSize),
      eventId: `id-${ids.firstNotification + part}`,
      createdAt: receivedAt,
      renderSettingsId: settingsId,
      forwardings: goesTo.map(({ id }) => forwardingTo(id)),
      ...rest,
    });
    const notifications = Array.from({ length: parts }, (_, part) => notification(part, {}));
    if (rawState !== null && rawState !== undefined) {
      notifications.push(
        notification(parts, {
          kind: 'raw',
          part: 0,
          parts: 1,
          firstEvent: 0,
          eventCount: events.length,
          forwardings: [forwardingTo(placeOf(2, states[rawState]!))],
        }),
      );
    }
    const record: DeliveryRecord = {
      id: ids.delivery,
      source,
      status: kind === 'event' ? 'accepted' : kind,
      injected: false,
      onPurpose: plan.onPurpose,
      receivedAt,
      httpStatus: kind === 'rejected' ? 400 : 200,
      reason,
      list: kind === 'event' ? list : null,
      signature: null,
      contentType: null,
      headers: [],
      body: Buffer.from(body),
      bodyBytes: Buffer.byteLength(body),
      truncated: false,
      json: null,
      events: records,
      notifications,
    };
    await store.add(record);
    await Promise.all(
      notifications.flatMap(({ id: notificationId, kind: of }) => {
        const planned = of === 'raw' ? [{ id: placeOf(2, states[rawState!]!), state: states[rawState!]! }] : goesTo;
        return planned.map(async ({ id, state: to }) => {
          if (to !== 'held') await bringAbout(store, { notificationId, destinationId: id }, to);
        });
      }),
    );
    for (const [position, event] of records.entries()) {
      const mark = fingerprint(events[position]!);
      model.push({
        id: event.id,
        delivery: record.id,
        kind,
        source,
        receivedAt,
        type: event.type,
        list: record.list,
        address: event.address,
        duplicate: mark !== null && seen.has(mark),
        onPurpose: plan.onPurpose,
        states: [
          ...(kind === 'event' ? goesTo.map((each) => each.state) : []),
          ...(rawState === null || rawState === undefined ? [] : [states[rawState]!]),
        ],
        texts: {
          vendor: () => [event.type!, event.address!, 'City', String(cities[events[position]!.city])],
          platform: () => [body, event.address!],
          test: () => [],
          rejected: () => [reason!, body],
        }[plan.kind](),
      });
      if (mark !== null) seen.add(mark);
    }
  }
  store.close();
  return model.reverse();
}

function tokens(text: string): string[] {
  return (
    text
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Whether the words follow one another in the text, the last of them as a beginning. */
function holds(text: string, words: string): boolean {
  const [there, sought] = [tokens(text), tokens(words)];
  return there.some((_, at) =>
    sought.every((word, i) => {
      const found = there[at + i];
      return i === sought.length - 1 ? found?.startsWith(word) === true : found === word;
    }),
  );
}

interface Clause {
  readonly text: string;
  matches(row: ModelRow): boolean;
}

const same = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();
const anyCase = (text: string): fc.Arbitrary<string> => fc.constantFrom(text, text.toLowerCase(), text.toUpperCase());
const someOf = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...values], { minLength: 1, maxLength: 3 });
const instant = fc.integer({ min: -12, max: 90 }).map((minutes) => startedAt + minutes * minute);

const clause: fc.Arbitrary<Clause> = fc.oneof(
  someOf(types).chain((some) =>
    anyCase(some.join(',')).map((text) => ({
      text: `type:${text}`,
      matches: (row: ModelRow) => some.some((each) => same(row.type, each)),
    })),
  ),
  someOf(lists).chain((some) =>
    anyCase(some.join(',')).map((text) => ({
      text: `list:${text}`,
      matches: (row: ModelRow) => some.some((each) => same(row.list, each)),
    })),
  ),
  fc
    .constantFrom('ada', 'ada@example.org', 'Zoe', 'zoë@mail', 'example', 'łuk', 'exam', 'nobody', 'org')
    .map((word) => ({
      text: `address:${word}`,
      matches: (row: ModelRow) => row.address !== null && holds(row.address, word),
    })),
  someOf(states).map((some) => ({
    text: `state:${some.join(',')}`,
    matches: (row: ModelRow) => row.states.some((each) => some.includes(each)),
  })),
  someOf(['event', 'test', 'rejected'] as const).map((some) => ({
    text: `kind:${some.join(',')}`,
    matches: (row: ModelRow) => some.includes(row.kind),
  })),
  fc.constantFrom('campaign-monitor', 'open-connectors').map((source) => ({
    text: `source:${source}`,
    matches: (row: ModelRow) => row.source === source,
  })),
  instant.map((at) => ({
    text: `since:${new Date(at).toISOString()}`,
    matches: (row: ModelRow) => row.receivedAt >= at,
  })),
  instant.map((at) => ({
    text: `until:${new Date(at).toISOString()}`,
    matches: (row: ModelRow) => row.receivedAt < at,
  })),
  fc.boolean().map((yes) => ({
    text: `duplicate:${yes ? 'yes' : 'no'}`,
    matches: (row: ModelRow) => row.duplicate === yes,
  })),
  fc.boolean().map((yes) => ({
    text: `answered:${yes ? 'on-purpose' : 'as-usual'}`,
    matches: (row: ModelRow) => row.onPurpose === yes,
  })),
  fc.array(fc.integer({ min: 1, max: 45 }), { minLength: 1, maxLength: 3 }).map((some) => ({
    text: `delivery:${some.map((each) => `d${each}`).join(',')}`,
    matches: (row: ModelRow) => some.includes(row.delivery),
  })),
  fc
    .constantFrom(
      'koln',
      'KÖLN',
      'kol',
      'zuri',
      'york',
      '42',
      'platform',
      'rubbish',
      'unexpected',
      'subscribe',
      'ada',
      'nowhere',
    )
    .map((word) => ({
      text: word,
      matches: (row: ModelRow) => row.texts.some((text) => holds(text, word)),
    })),
);

describe('Pages of the history', () => {
  it('are complete, without overlap or gap, newest first, under every filter', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(plannedDelivery, { minLength: 1, maxLength: 40 }),
        fc.array(
          fc.tuple(
            fc.uniqueArray(clause, { maxLength: 3, selector: (each) => each.text.split(':')[0] }),
            fc.integer({ min: 1, max: 9 }),
          ),
          {
            minLength: 8,
            maxLength: 8,
          },
        ),
        async (planned, questions) => {
          const dataDir = ownDirectory();
          const model = await makeHistory(dataDir, planned);
          const reader = openHistory(dataDir);
          try {
            for (const [clauses, limit] of questions) {
              const filter = clauses.map((each) => each.text).join(' ');
              assert.deepEqual(
                allPages(reader, filter, limit).map((row) => row.id),
                model.filter((row) => clauses.every((each) => each.matches(row))).map((row) => `e${row.id}`),
                filter,
              );
            }
          } finally {
            reader.close();
            rmSync(dataDir, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: readAmount('HISTORY_RUNS', 20, 80) },
    );
  });

  it('show each row as it was stored', async () => {
    const dataDir = ownDirectory();
    const event: PlannedEvent = { type: 0, person: 0, host: 0, city: 0, repeat: true };
    await makeHistory(dataDir, [
      {
        kind: 'vendor',
        list: 0,
        events: [event, event],
        partSize: 1,
        states: [2, null, 3],
        lateMinutes: 0,
        onPurpose: true,
      },
      {
        kind: 'rejected',
        list: 0,
        events: [event],
        partSize: 1,
        states: [null, null, null],
        lateMinutes: 0,
        onPurpose: false,
      },
    ]);
    const rows = allPages(openReader(dataDir), '', 10);
    for (const row of rows) methods['events/query'].result.parse({ events: [row], next: null, unseen: 0 });
    const [rejected, second, first] = rows as [EventRow, EventRow, EventRow];
    assert.equal(rejected.kind, 'rejected');
    assert.equal(rejected.httpStatus, 400);
    assert.match(rejected.reason ?? '', /unexpected token/);
    assert.deepEqual(rejected.forwardings, []);
    assert.equal(second.duplicateOf, first.id);
    assert.equal(first.duplicateOf, null);
    assert.equal(first.notificationId, 'n1');
    assert.equal(second.notificationId, 'n2');
    assert.deepEqual(
      first.forwardings.map(({ destination: url, mode, state: at }) => [url, mode, at]),
      [
        ['http://127.0.0.1:9/1', 'normalized', 'sent'],
        ['http://127.0.0.1:9/raw', 'raw', 'failed'],
      ],
    );
  });

  it('begin with the moment of `since` and end before that of `until`', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const at = ['00', '01', '02'].map((second) => `2026-01-01T12:00:${second}.000Z`);
    for (const time of at) await store.add(deliveryRecord(store, { receivedAt: Date.parse(time) }));
    const found = (filter: string): string[] =>
      openReader(dataDir)
        .query({ filter, limit: 10 })
        .events.map(({ id }) => id);
    assert.deepEqual(found(`since:${at[1]}`), ['e3', 'e2']);
    assert.deepEqual(found(`until:${at[1]}`), ['e1']);
    assert.deepEqual(found(`since:${at[1]} until:${at[2]}`), ['e2']);
  });
});

describe('Free text', () => {
  const vendorBody = (fields: object): string =>
    JSON.stringify({
      ListID: 'l1',
      Events: [
        {
          Type: 'Subscribe',
          Date: '2026-01-01 10:00:00',
          Name: '',
          EmailAddress: 'x@example.org',
          CustomFields: [],
          ...fields,
        },
      ],
    });

  it('finds words and beginnings, whatever the case and the accents, and phrases in quotes', async () => {
    const relay = await startTestRelay();
    await relay.deliver(vendorBody({ Name: 'Renée Müller-Lüdenscheidt', EmailAddress: 'renee@example.org' }));
    const found = async (filter: string): Promise<number> =>
      (await relay.client.request('events/query', { filter })).events.length;
    for (const filter of [
      'renee',
      'RENÉE',
      'ren',
      'muller',
      'Müll',
      'ludenscheidt',
      'renee muller',
      '"renée müller"',
      '"muller-lud"',
      're\u0301nee',
      'address:renee@example',
    ])
      assert.equal(await found(filter), 1, filter);
    for (const filter of ['enee', 'ludenscheidts', 'renee schmidt', '"muller renee"', 'address:muller'])
      assert.equal(await found(filter), 0, filter);
  });

  it('finds the values of custom fields, numbers included', async () => {
    const relay = await startTestRelay();
    await relay.deliver(
      vendorBody({
        CustomFields: [
          { Key: 'Color', Value: 'Ultramarine' },
          { Key: 'Color', Value: 'Vermilion' },
          { Key: 'Size', Value: 4711 },
        ],
      }),
    );
    for (const filter of ['ultramarine', 'vermil', '4711', 'color ultramarine vermilion'])
      assert.equal((await relay.client.request('events/query', { filter })).events.length, 1, filter);
  });

  it('finds rejected deliveries by their reason and their bytes, and test calls by theirs', async () => {
    const relay = await startTestRelay();
    assert.equal((await relay.deliver('{"Events": "perhaps"}')).status, 400);
    assert.equal((await relay.deliver('{"hello":"testcall"}')).status, 200);
    const one = async (filter: string): Promise<EventRow> => {
      const { events } = await relay.client.request('events/query', { filter });
      assert.equal(events.length, 1, filter);
      return events[0]!;
    };
    assert.equal((await one('"expected an array"')).kind, 'rejected');
    assert.equal((await one('perhaps')).kind, 'rejected');
    assert.equal((await one('testcall')).kind, 'test');
  });
});

describe('One thing of the history', () => {
  it('is found by the id of an event, a notification or a delivery', async () => {
    const callback = await startReceiver({ answer: { status: 201, body: 'thanks', headers: { 'X-Answer': 'yes' } } });
    const relay = await startTestRelay({ settings: { destinations: [{ url: callback.url }], partSize: 2 } });
    await relay.deliver(sampleBody({ events: 5 }));
    await relay.drained();
    await relay.stop();
    const reader = openReader(relay.dataDir);
    for (const id of ['e3', 'n2']) {
      const found = reader.event(id);
      methods['events/get'].result.parse(found);
      assert.equal(found.event.id, 'e3');
      assert.deepEqual(
        found.notifications.map((each) => [each.id, each.part, each.parts, each.eventIds]),
        [['n2', 1, 3, ['e3', 'e4']]],
      );
      assert.equal(found.attempts.length, 1);
      assert.equal(found.attempts[0]!.status, 201);
      assert.equal(Buffer.from(found.attempts[0]!.answerBody, 'base64').toString(), 'thanks');
      assert.ok(
        found.attempts[0]!.answerHeaders.some(([name, value]) => name.toLowerCase() === 'x-answer' && value === 'yes'),
      );
    }
    assert.equal(reader.event('d1').event.id, 'e1');
    for (const id of ['d1', 'e5', 'n3']) {
      const found = reader.delivery(id);
      methods['deliveries/get'].result.parse(found);
      assert.equal(found.delivery.eventCount, 5);
      assert.equal(found.events.length, 5);
      assert.equal(found.notifications.length, 3);
      assert.equal(Buffer.from(found.body, 'base64').toString(), sampleBody({ events: 5 }));
    }
    assert.deepEqual(reader.notificationsFor(['d1']), { notifications: [1, 2, 3], gone: 0 });
    assert.deepEqual(reader.notificationsFor(['n3', 'e9', 'e1', 'e2']), { notifications: [1, 3], gone: 1 });
    assert.deepEqual(reader.notificationIds('state:sent'), [1, 2, 3]);
  });

  it('that is not there is an error that says what to do', async () => {
    const relay = await startTestRelay();
    await relay.deliver('not JSON');
    for (const id of ['e99', 'd99', 'n99', 'n1', 'e99999999999999999999']) {
      for (const ask of [
        () => relay.client.request('events/get', { id }),
        () => relay.client.request('deliveries/get', { id }),
        () => relay.client.request('notifications/render', { id }),
        () => relay.client.request('notifications/replay', { ids: [id] }),
        () => relay.client.request('notifications/discard', { ids: [id] }),
      ]) {
        await assert.rejects(ask, (error: RelayRequestError) => {
          assert.ok(error instanceof RelayRequestError);
          assert.equal(error.code, 'not-found');
          assert.match(error.message, new RegExp(`no \\w+ ${id} in the history`));
          assert.match(error.next ?? '', /cm-relay events/);
          return true;
        });
      }
    }
    await relay.stop();
    const reader = openReader(relay.dataDir);
    assert.throws(() => reader.event('e7'), NotFoundError);
    assert.throws(() => reader.render('e1'), NotFoundError, 'a rejected delivery has no notification');
  });
});

describe('A filter that cannot be read', () => {
  const wrong: readonly [string, RegExp][] = [
    ['state:lost', /"state:lost": expected one of failed, waiting, held, sent, discarded/],
    ['kind:odd', /"kind:odd"/],
    ['source:mars', /"source:mars"/],
    ['since:yesterday', /"since:yesterday": expected a time span such as 2h/],
    ['until:2026-99-99', /"until:2026-99-99"/],
    ['duplicate:perhaps', /"duplicate:perhaps"/],
    ['delivery:x7', /"delivery:x7": expected an ID such as d7/],
    ['color:red', /unknown filter key "color"/],
    ['type:', /"type:" needs a value/],
    ['address:@', /"address:" needs a letter or digit/],
  ];
  for (const [filter, message] of wrong) {
    it(`says which part: ${filter}`, () => {
      const dataDir = ownDirectory();
      new Store(storeFile(dataDir)).close();
      const reader = openReader(dataDir);
      assert.throws(
        () => reader.query({ filter, limit: 10 }),
        (error) => {
          assert.ok(error instanceof FilterError);
          assert.match(error.message, message);
          assert.match(error.next, /type, list, address/);
          return true;
        },
      );
    });
  }
});

describe('The history without a relay', () => {
  it('is read after a clean end and after none, and beside a running relay', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody({ email: 'first@example.org' }));
    const beside = openReader(relay.dataDir);
    assert.equal(allPages(beside, 'address:first', 5).length, 1);
    await relay.deliver(sampleBody({ email: 'second@example.org' }));
    assert.equal(allPages(beside, 'address:second', 5).length, 1, 'what came since is seen');
    assert.equal((await relay.client.request('events/query', { filter: 'address:second' })).events.length, 1);
    await relay.stop();
    assert.equal(allPages(openReader(relay.dataDir), '', 5).length, 2);
  });

  it('renders the bytes that were sent, without the signature', async () => {
    const callback = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: callback.url, signatureKeyName: 'key' }] },
      secrets: { signatureKeys: { key: 'render-secret' } },
    });
    await relay.deliver(sampleBody({ events: 3 }));
    const [sent] = await callback.received(1);
    await relay.drained();
    await relay.stop();
    const rendered = openReader(relay.dataDir).render('d1');
    assert.equal(Buffer.from(rendered.body, 'base64').toString(), sent!.text);
    assert.equal(rendered.url, callback.url);
    assert.ok(sent!.header('elements-webhook-signature') !== undefined);
    assert.ok(!rendered.headers.some(([name]) => /signature/i.test(name)));
  });
});

describe("The history's thread", () => {
  it('leaves only its index beside the store', async () => {
    const relay = await startTestRelay();
    await relay.deliver(sampleBody());
    await relay.client.request('events/query', { filter: 'subscribe' });
    await relay.stop();
    assert.ok(existsSync(join(relay.dataDir, 'search.sqlite')));
    assert.deepEqual(
      readdirSync(relay.dataDir).filter(
        (name) => !/^(?:relay\.json|directory-id|(?:relay|search|lock)\.sqlite)/.test(name),
      ),
      [],
    );
  });
});
