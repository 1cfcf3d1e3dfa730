import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { readPayload, type VendorEvent } from '../../src/campaign-monitor/payload.ts';
import { sampleDeliveries, toXml } from '../../src/campaign-monitor/samples.ts';
import { sign } from '../../src/open-connectors/signature.ts';
import { defaultSettings, settingsSchema } from '../../src/protocol/settings.ts';
import { fingerprints, normalizeEvent, partsOf, renderNotification } from '../../src/normalizer/normalize.ts';
import { startReceiver, type ReceivedRequest } from '../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../relay/stage.ts';

const settings = defaultSettings();
const receivedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const receivedDate = '2026-01-02T03:04:05Z';

interface NotificationJson {
  createdDate: string;
  topic: string;
  id: string;
  message: Record<string, unknown> & {
    eventId: string;
    raw: unknown;
    events: Record<'date' | 'elementKey' | 'eventType' | 'hubKey' | 'objectId' | 'objectType', string>[];
  };
}
const notificationOf = (request: ReceivedRequest): NotificationJson => request.json() as NotificationJson;

describe('an event object', () => {
  const fixture = (name: string): VendorEvent => {
    const path = join(import.meta.dirname, '../fixtures/campaign-monitor', `${name}.json`);
    return (JSON.parse(readFileSync(path, 'utf8')) as { Events: [VendorEvent] }).Events[0];
  };

  it("is made of the vendor's samples as the contract says, field for field and in its order", () => {
    const expected = {
      subscribe: ['2010-12-14T11:32:00Z', 'CREATED', 'test@example.org'],
      update: ['2010-12-14T11:32:00Z', 'UPDATED', 'test@example.org'],
      deactivate: ['2011-04-27T09:41:00Z', 'DELETED', 'example@example.com'],
    };
    for (const [name, [date, eventType, objectId]] of Object.entries(expected)) {
      const { object, warning } = normalizeEvent(fixture(name), settings, receivedAt);
      assert.equal(warning, null);
      assert.equal(
        JSON.stringify(object),
        JSON.stringify({
          date,
          elementKey: 'campaignmonitor',
          eventType,
          hubKey: 'marketing',
          objectId,
          objectType: 'contacts',
        }),
      );
    }
  });

  it('is UNKNOWN for any other type, in other letters too, and keeps the type for the history', () => {
    const known = ['Subscribe', 'Update', 'Deactivate'];
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('subscribe', '__proto__', 'constructor', '')), (type) => {
        fc.pre(!known.includes(type));
        const { object, type: shown } = normalizeEvent({ Type: type }, settings, receivedAt);
        assert.equal(object.eventType, 'UNKNOWN');
        assert.equal(shown, type);
      }),
    );
    for (const event of [{}, { Type: null }, { Type: {} }]) {
      assert.equal(normalizeEvent(event, settings, receivedAt).object.eventType, 'UNKNOWN');
      assert.equal(normalizeEvent(event, settings, receivedAt).type, null);
    }
  });

  it('follows a mapping that is set', () => {
    const { mapping } = settingsSchema.parse({
      mapping: {
        eventTypes: { Subscribe: 'NEW' },
        otherEventType: 'OTHER',
        objectType: 'people',
        objectIdField: 'Name',
      },
    });
    const event = { Type: 'Subscribe', Date: '2026-03-01', EmailAddress: 'a@b.c', Name: 'Ada' };
    const { object } = normalizeEvent(event, { ...settings, mapping }, receivedAt);
    assert.deepEqual([object.eventType, object.objectType, object.objectId], ['NEW', 'people', 'Ada']);
    assert.equal(normalizeEvent({ Type: 'Update' }, { ...settings, mapping }, receivedAt).object.eventType, 'OTHER');
  });

  it('has the time of receipt and a warning where the date is missing or unreadable', () => {
    const missing = normalizeEvent({ EmailAddress: 'a' }, settings, receivedAt);
    assert.equal(missing.object.date, receivedDate);
    assert.match(missing.warning ?? '', /^no Date: the time of receipt/);
    const unreadable = normalizeEvent({ EmailAddress: 'a', Date: 'yesterday' }, settings, receivedAt);
    assert.equal(unreadable.object.date, receivedDate);
    assert.match(unreadable.warning ?? '', /^unreadable Date: the time of receipt/);
  });
});

const anyEvent = fc.oneof(
  fc.record(
    {
      Type: fc.oneof(fc.constantFrom('Subscribe', 'Update', 'Deactivate'), fc.string(), fc.jsonValue()),
      Date: fc.oneof(fc.constantFrom('2026-03-29 02:30:00', '2026-01-01'), fc.string(), fc.jsonValue()),
      EmailAddress: fc.oneof(fc.emailAddress(), fc.string({ unit: 'binary' }), fc.jsonValue()),
      CustomFields: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
  fc.dictionary(fc.string(), fc.jsonValue()),
);

describe('the notifications of any delivery', () => {
  it('hold every event once and in order, at most partSize each, and the vendor body byte for byte as raw', () => {
    fc.assert(
      fc.property(
        fc.array(anyEvent, { minLength: 1, maxLength: 70 }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(
          'UTC',
          'Europe/Berlin',
          'America/St_Johns',
          'Australia/Lord_Howe',
          'Asia/Kathmandu',
          'Pacific/Apia',
        ),
        fc.constantFrom(undefined, 1, '\t'),
        (events, partSize, timeZone, indent) => {
          // Positions tell the events apart.
          const list = events.map((event, i) => ({
            ...event,
            EmailAddress: `${i} ${JSON.stringify(event.EmailAddress)}`,
          }));
          const body = Buffer.from(JSON.stringify({ ListID: 'a', Events: list }, null, indent));
          const payload = readPayload(body);
          assert.ok(payload.kind === 'events');
          const render = { ...settings, timeZone };
          const objects = payload.events.map((event) => normalizeEvent(event, render, receivedAt).object);
          const seen: string[] = [];
          for (const [i, { first, count }] of partsOf(objects.length, partSize).entries()) {
            const identity = { id: i + 1, eventId: `e${i}`, createdAt: receivedAt, settings: render };
            const bytes = renderNotification(identity, objects.slice(first, first + count), payload.json);
            const { message } = JSON.parse(bytes.toString()) as NotificationJson;
            assert.ok(message.events.length <= partSize);
            assert.equal(JSON.stringify(message.raw), JSON.stringify(JSON.parse(body.toString())));
            const at = bytes.indexOf('"raw":') + 6;
            assert.deepEqual(bytes.subarray(at, at + body.length), body);
            for (const event of message.events) {
              assert.match(event.date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
              seen.push(event.objectId);
            }
          }
          assert.deepEqual(
            seen,
            list.map((event) => event.EmailAddress),
          );
        },
      ),
    );
  });
});

describe('the mark of a duplicate', () => {
  const event = {
    Type: 'Update',
    EmailAddress: 'a@b.c',
    OldEmailAddress: 'o@b.c',
    Date: '2026-01-01 10:00:00',
    State: 'Active',
    CustomFields: [{ Key: 'k', Value: 'v' }],
    Name: 'Ada',
  };

  it('is the same for the same seven fields, whatever the others and their order', () => {
    const other = {
      Name: 'Else',
      SignupIPAddress: '1.2.3.4',
      ...Object.fromEntries(Object.entries(event).reverse()),
      Extra: 1,
    };
    assert.equal(fingerprints('l')(event), fingerprints('l')({ ...other, Name: 'Else' }));
  });

  it('is the one that histories hold', () => {
    assert.deepEqual(
      [fingerprints('l')({}), fingerprints(null)({ Type: 'Subscribe' }), fingerprints('ü"')(event)],
      [3465413010336619, 4057731679983829, 1066292566622880],
    );
  });

  it('is an integer that no two of a hundred thousand events share', () => {
    const marks = new Set<number | null>();
    for (let i = 0; i < 100_000; i++) marks.add(fingerprints('l')({ ...event, EmailAddress: `${i}@example.org` }));
    assert.equal(marks.size, 100_000);
    for (const mark of marks) assert.ok(Number.isSafeInteger(mark));
  });
});

describe('a delivery through the relay', () => {
  it('comes out as the envelope of the contract, signed over the exact bytes', async () => {
    const receiver = await startReceiver();
    const identity = {
      instanceId: 50634,
      instanceName: 'Ünï "q"',
      instanceTags: ['Docs'],
      accountId: 1,
      companyId: 2,
      userId: 3,
    };
    const relay = await startTestRelay({
      settings: {
        identity,
        timeZone: 'Europe/Berlin',
        destinations: [{ url: receiver.url, signatureKeyName: 'main' }],
      },
      secrets: { signatureKeys: { main: 'MySecretEventSignatureKey' } },
    });
    const event = {
      Type: 'Subscribe',
      Date: '2026-07-01 10:00:00',
      EmailAddress: 'a@b.c',
      New: { deep: ['numbers'] },
    };
    const body = JSON.stringify({ Other: true, ListID: 'l', Events: [event] }).replace(
      '"numbers"',
      '1.0, 1e400, 12345678901234567890',
    );
    await relay.deliver(body);
    const [request] = await receiver.received(1);
    const { delivery, notifications } = await relay.delivery();
    const created = new Date(delivery.receivedAt);
    const text = request!.text;
    const sent = notificationOf(request!);
    assert.match(sent.createdDate, /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}$/);
    assert.equal(Date.parse(sent.createdDate), Math.floor(created.getTime() / 1000) * 1000);
    assert.equal(sent.message.eventId, notifications[0]?.eventId);
    assert.match(sent.message.eventId, /^[\w-]{20}$/);
    assert.equal(
      text,
      `{"severity":"medium","createdDate":"${sent.createdDate}","topic":"instance-50634-campaignmonitor-events","action":"create","id":"${sent.id}",` +
        `"message":{"elementKey":"campaignmonitor","accountId":1,"eventId":"${sent.message.eventId}","companyId":2,"instanceId":50634,"instance_id":50634,` +
        `"instanceName":"Ünï \\"q\\"","instanceTags":["Docs"],"raw":${body},"userId":3,"events":[{"date":"2026-07-01T08:00:00Z","elementKey":"campaignmonitor",` +
        `"eventType":"CREATED","hubKey":"marketing","objectId":"a@b.c","objectType":"contacts"}]},"user":"notifications@cloud-elements.com"}`,
    );
    assert.equal(request!.method, 'POST');
    assert.equal(request!.header('content-type'), 'application/json; charset=utf-8');
    assert.equal(request!.header('elements-webhook-id'), sent.message.eventId);
    assert.equal(request!.header('elements-webhook-signature'), sign(request!.body, 'MySecretEventSignatureKey'));
  });

  it('of a thousand mixed events is fifty notifications of twenty, in order, the body stored once', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({ settings: { destinations: [{ url: receiver.url }] } });
    const [sample] = sampleDeliveries({
      types: ['Subscribe', 'Update', 'Deactivate'],
      count: 1,
      batch: 1000,
      mixed: true,
    });
    await relay.deliver(sample!.text);
    const requests = (await receiver.received(50)).map(notificationOf);
    assert.deepEqual(
      requests.flatMap(({ message }) => message.events.map((event) => event.objectId)),
      sample!.body.Events.map((event) => event.EmailAddress),
    );
    assert.ok(requests.every(({ message }) => message.events.length === 20));
    assert.equal(new Set(requests.map(({ message }) => message.eventId)).size, 50);
    for (const { body } of receiver.requests) assert.ok(body.includes(`"raw":${sample!.text},"userId"`));
    await relay.drained();
    const { counts } = await relay.client.request('relay/status', {});
    assert.deepEqual([counts.deliveries, counts.events, counts.sent], [1, 1000, 50]);
    assert.ok(
      counts.storedBytes < 2 * sample!.text.length + 1000 * 200,
      `${counts.storedBytes} bytes for ${sample!.text.length}`,
    );
  });

  it('in XML has its JSON equivalent as raw, and is stored as it came', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ url: receiver.url }, { url: `${receiver.url}/raw`, mode: 'raw' }] },
    });
    const [sample] = sampleDeliveries({ types: ['Update'], count: 1, batch: 3 });
    const xml = toXml(sample!.body);
    await relay.deliver(xml, { 'Content-Type': 'text/xml; charset=utf-8', 'X-Vendor': 'kept' });
    await receiver.received(2);
    const normalized = receiver.requests.find((request) => request.path === '/callback')!;
    const raw = receiver.requests.find((request) => request.path === '/callback/raw')!;
    assert.deepEqual(notificationOf(normalized).message.raw, sample!.body);
    assert.equal(notificationOf(normalized).message.events.length, 3);
    assert.equal(raw.text, xml);
    assert.equal(raw.header('content-type'), 'text/xml; charset=utf-8');
    assert.equal(raw.header('x-vendor'), 'kept');
    assert.equal((await relay.delivery()).body.toString(), xml);
  });

  it('keeps its bytes and its eventId on every retry, replay and restart, whatever settings have become', async () => {
    const receiver = await startReceiver({ answer: (_, number) => ({ status: number === 1 ? 500 : 200 }) });
    const other = await startReceiver();
    const first = await startTestRelay({
      delayScale: 0.001,
      settings: { partSize: 2, identity: { instanceId: 7 }, destinations: [{ url: receiver.url }] },
    });
    await first.deliver(sampleBody({ events: 3 }));
    await receiver.received(3);
    await first.drained();
    await first.client.request('relay/configure', {
      settings: {
        partSize: 1,
        timeZone: 'Asia/Tokyo',
        identity: { instanceId: 8 },
        mapping: { eventTypes: { Subscribe: 'OTHER' }, objectType: 'people' },
      },
    });
    await first.client.request('notifications/replay', { ids: ['d1'] });
    await receiver.received(5);
    await first.drained();
    await first.stop();
    const second = await startTestRelay({
      dataDir: first.dataDir,
      settings: { timeZone: 'America/New_York', destinations: [{ url: receiver.url }] },
    });
    await second.client.request('notifications/replay', { ids: ['d1'], to: { url: other.url } });
    await other.received(2);
    const bodies = [...receiver.requests, ...other.requests].map((request) => request.text);
    const distinct = [...new Set(bodies)];
    assert.equal(bodies.length, 7);
    assert.equal(distinct.length, 2);
    assert.deepEqual(distinct.map((text) => bodies.filter((each) => each === text).length).sort(), [3, 4]);
    // Editing and resending makes another.
    const injected = await second.client.request('deliveries/inject', { body: { text: sampleBody({ events: 3 }) } });
    const eventIds = new Set(bodies.map((text) => (JSON.parse(text) as NotificationJson).message.eventId));
    assert.ok(injected.notifications.every((notification) => !eventIds.has(notification.eventId)));
  });
});
