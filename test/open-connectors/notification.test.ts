import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { javaDate, readPlatformNotification, writeNotification } from '../../src/open-connectors/notification.ts';
import type { NotificationParts } from '../../src/open-connectors/notification.ts';

const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../fixtures/open-connectors', `notification-${name}.json`));
const read = (value: unknown): ReturnType<typeof readPlatformNotification> =>
  readPlatformNotification(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const parts: fc.Arbitrary<NotificationParts> = fc.record({
  createdAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  id: fc.string(),
  eventId: fc.string(),
  instance: fc.record({
    instanceId: fc.nat(),
    instanceName: fc.string({ unit: 'binary' }),
    instanceTags: fc.array(fc.string({ unit: 'binary' })),
    accountId: fc.nat(),
    companyId: fc.nat(),
    userId: fc.nat(),
  }),
  events: fc.array(
    fc.record({
      date: fc.string(),
      elementKey: fc.constant('campaignmonitor'),
      eventType: fc.string(),
      hubKey: fc.constant('marketing'),
      objectId: fc.string({ unit: 'binary' }),
      objectType: fc.string(),
    }),
  ),
});

describe('a notification as it is written', () => {
  it('has the fields of the capture, in its order', () => {
    const captured = JSON.parse(fixture('polling-capture').toString()) as { message: object };
    const written = JSON.parse(
      writeNotification(
        {
          createdAt: 0,
          id: '1',
          eventId: 'e',
          instance: { instanceId: 1, instanceName: '', instanceTags: [], accountId: 2, companyId: 3, userId: 4 },
          events: [],
        },
        Buffer.from('{}'),
      ).toString(),
    ) as { message: object };
    assert.deepEqual(Object.keys(written), Object.keys(captured));
    assert.deepEqual(Object.keys(written.message), Object.keys(captured.message));
  });

  it('is JSON that says what it was given, with the raw bytes within, for any parts', () => {
    fc.assert(
      fc.property(parts, fc.jsonValue(), fc.constantFrom(undefined, 2), (given, value, indent) => {
        const raw = Buffer.from(JSON.stringify(value, null, indent));
        const bytes = writeNotification(given, raw);
        const { instance } = given;
        assert.equal(
          JSON.stringify(JSON.parse(bytes.toString())),
          JSON.stringify({
            severity: 'medium',
            createdDate: javaDate(given.createdAt),
            topic: `instance-${instance.instanceId}-campaignmonitor-events`,
            action: 'create',
            id: given.id,
            message: {
              elementKey: 'campaignmonitor',
              accountId: instance.accountId,
              eventId: given.eventId,
              companyId: instance.companyId,
              instanceId: instance.instanceId,
              instance_id: instance.instanceId,
              instanceName: instance.instanceName,
              instanceTags: instance.instanceTags,
              raw: JSON.parse(raw.toString()) as unknown,
              userId: instance.userId,
              events: given.events,
            },
            user: 'notifications@cloud-elements.com',
          }),
        );
        assert.ok(bytes.includes(Buffer.concat([Buffer.from('"raw":'), raw, Buffer.from(',"userId":')])));
      }),
    );
  });
});

describe("the form of Java's Date.toString()", () => {
  it('is what Intl writes of the same moment, for any', () => {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: 'UTC',
      weekday: 'short',
      month: 'short',
      day: '2-digit',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (at) => {
        const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
        const expected = `${part['weekday']!} ${part['month']!} ${part['day']!} ${part['hour']!}:${part['minute']!}:${part['second']!} UTC ${part['year']!}`;
        assert.equal(javaDate(at), expected);
      }),
    );
  });
});

describe('an incoming platform notification', () => {
  it('is recognized in the captured shape', () => {
    assert.deepEqual(readPlatformNotification(fixture('polling-capture')), {
      kind: 'notification',
      eventId: 'AXBooiL_qrZEur0mJV08',
      listId: null,
      events: [{ eventType: 'CREATED', objectId: '2|0', date: '2020-02-21T16:43:41Z' }],
    });
  });

  it('is recognized in the older shape, its numbers as text and its path as the object', () => {
    assert.deepEqual(readPlatformNotification(fixture('older-shape')), {
      kind: 'notification',
      eventId: '1088',
      listId: null,
      events: [{ eventType: null, objectId: '/contacts/1', date: null }],
    });
  });

  it('is recognized as the relay itself writes it, with the list of its raw body', () => {
    fc.assert(
      fc.property(parts, fc.string(), (given, ListID) => {
        assert.deepEqual(readPlatformNotification(writeNotification(given, Buffer.from(JSON.stringify({ ListID })))), {
          kind: 'notification',
          eventId: given.eventId,
          listId: ListID,
          events: given.events.map(({ eventType, objectId, date }) => ({ eventType, objectId, date })),
        });
      }),
    );
  });

  it('may lack events, have events of any fields, and a raw of any kind', () => {
    const bare = { kind: 'notification', eventId: null, listId: null, events: [] };
    assert.deepEqual(read({ message: {} }), bare);
    assert.deepEqual(read({ message: { events: null, raw: null } }), bare);
    assert.deepEqual(read({ response: {} }), bare);
    assert.deepEqual(read('\ufeff{"message":{}}'), bare);
    for (const raw of ['text', 7, [1], { ListID: 5 }, null]) assert.deepEqual(read({ message: { raw } }), bare);
    assert.deepEqual(read({ message: { events: [{ eventType: { a: 1 }, objectId: 12, date: [] }, {}] } }), {
      ...bare,
      events: [
        { eventType: null, objectId: '12', date: null },
        { eventType: null, objectId: null, date: null },
      ],
    });
  });

  it('is rejected, with one line that says why, where it is neither shape or no JSON', () => {
    for (const body of [
      '',
      '<a/>',
      '{',
      '[]',
      'null',
      '5',
      '{}',
      '{"message":"text"}',
      '{"message":{"events":{}}}',
      '{"message":{"events":[1]}}',
    ]) {
      const notification = read(body);
      assert.ok(notification.kind === 'rejected', body);
      assert.match(notification.reason, /^not (?:JSON|a notification): [^\r\n]+$/);
    }
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          readPlatformNotification(Buffer.from(bytes));
        },
      ),
      { numRuns: 500 },
    );
    assert.equal(read(`{"message":{"raw":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`).kind, 'notification');
  });
});
