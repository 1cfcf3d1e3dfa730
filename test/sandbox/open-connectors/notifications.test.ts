import assert from 'node:assert/strict';
import { documentedListId } from '../../../src/campaign-monitor/samples.ts';
import { readPlatformNotification } from '../../../src/open-connectors/notification.ts';
import { verify } from '../../../src/open-connectors/signature.ts';
import type { NotificationRecord } from '../../../src/sandbox/open-connectors/notifier.ts';
import { startHarness, type Harness } from '../harness.ts';
import { startReceiver, type Receiver } from '../receiver.ts';
import { platformOf, type Platform } from './platform.ts';

interface Notification {
  readonly severity: string;
  readonly createdDate: string;
  readonly topic: string;
  readonly action: string;
  readonly id: string;
  readonly user: string;
  readonly message: {
    readonly eventId: string;
    readonly instanceId: number;
    readonly instanceName: string;
    readonly instanceTags: readonly string[];
    readonly raw: { readonly ListID: string; readonly Events: readonly { readonly EmailAddress: string }[] };
    readonly events: readonly {
      readonly eventType: string;
      readonly objectId: string;
      readonly date: string;
      readonly pollDate?: string;
    }[];
  };
}

const subscriber = { EmailAddress: 'ada@example.org', Name: 'Ada', ConsentToTrack: 'Yes' };

describe('the sandbox, Open Connectors: notifications', () => {
  let harness: Harness;
  let platform: Platform;
  let receiver: Receiver;

  const parse = (body: string): Notification => JSON.parse(body) as Notification;
  const on = (configuration: Readonly<Record<string, unknown>> = {}): ReturnType<Platform['create']> =>
    platform.create({ 'event.notification.callback.url': receiver.url, ...configuration });
  const log = async (): Promise<NotificationRecord[]> =>
    (await platform.control('GET', '/notifications')).body as NotificationRecord[];
  /** Resolves when a notification is in that state after so many attempts. */
  const reported = (state: NotificationRecord['state'], attempts: number): Promise<unknown> =>
    harness.report(
      (report) =>
        report.type === 'notification' &&
        report.notification.state === state &&
        report.notification.attempts.length === attempts,
    );

  async function start(answer?: Parameters<typeof startReceiver>[0]): Promise<void> {
    harness = await startHarness({ notificationRetryDelaysMs: [0, 0] });
    platform = platformOf(harness);
    receiver = await startReceiver(answer);
  }
  afterEach(async () => {
    await harness.close();
    await receiver.close();
  });

  it('makes of a subscriber that is added a notification to the callback, as the platform’s captures are', async () => {
    await start();
    const instance = await on();
    await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
    const [request] = await receiver.count(1);
    assert.ok(request);
    assert.equal(request.headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(request.headers['elements-webhook-signature'], undefined);
    const { message, ...envelope } = parse(request.body);
    assert.equal(request.headers['elements-webhook-id'], message.eventId);
    assert.match(envelope.createdDate, /^\w{3} \w{3} \d\d \d\d:\d\d:\d\d UTC \d{4}$/);
    assert.deepEqual(
      [envelope.severity, envelope.topic, envelope.action, envelope.user],
      ['medium', `instance-${instance.id}-campaignmonitor-events`, 'create', 'notifications@cloud-elements.com'],
    );
    assert.deepEqual(
      [message.instanceId, message.instanceName, message.instanceTags, message.raw.ListID],
      [instance.id, 'API Instance', ['Docs'], documentedListId],
    );
    assert.deepEqual(
      message.events.map(({ eventType, objectId }) => [eventType, objectId]),
      [['CREATED', 'ada@example.org']],
    );
    assert.match(message.events[0]?.date ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/);
    const read = readPlatformNotification(Buffer.from(request.body));
    assert.equal(read.kind === 'notification' && read.eventId, message.eventId);

    await harness.api('PUT', `/subscribers/${documentedListId}.json?email=ada@example.org`, { Name: 'Ada L.' });
    await harness.api('POST', `/subscribers/${documentedListId}/unsubscribe.json`, subscriber);
    const requests = await receiver.count(3);
    assert.deepEqual(
      requests.slice(1).map(({ body }) => parse(body).message.events[0]?.eventType),
      ['UPDATED', 'DELETED'],
    );
  });

  it('splits a delivery of 1,000 events into 50 parts, each with the whole body', async () => {
    await start();
    await on();
    const order = { types: ['Subscribe'], batch: 1000, listId: documentedListId };
    assert.equal((await harness.control('POST', '/deliveries', order)).status, 202);
    const parts = (await receiver.count(50)).map(({ body }) => parse(body).message);
    assert.equal(new Set(parts.map(({ eventId }) => eventId)).size, 50);
    assert.ok(parts.every(({ events, raw }) => events.length === 20 && raw.Events.length === 1000));
    assert.deepEqual(
      parts.flatMap(({ events }) => events.map(({ objectId }) => objectId)),
      parts[0]?.raw.Events.map(({ EmailAddress }) => EmailAddress),
    );
    assert.equal(new Set(parts.map(({ raw }) => JSON.stringify(raw))).size, 1);
  });

  it('has at most 10 event objects in a notification where the platform polls, each with the date of the poll', async () => {
    await start();
    await on();
    const deliver = (batch: number): Promise<unknown> =>
      harness.control('POST', '/deliveries', { types: ['Subscribe'], batch, listId: documentedListId });
    const eventsIn = ({ body }: { body: string }): Notification['message']['events'] => parse(body).message.events;
    await deliver(1);
    assert.equal(eventsIn((await receiver.count(1))[0]!)[0]?.pollDate, undefined);
    assert.equal((await platform.control('PATCH', '/settings', { eventSource: 'polling' })).status, 200);
    await deliver(25);
    const polled = (await receiver.count(4)).slice(1).map(eventsIn);
    assert.deepEqual(
      polled.map(({ length }) => length),
      [10, 10, 5],
    );
    for (const { pollDate } of polled.flat()) assert.match(pollDate ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    // Fewer where it is set so, more never.
    await platform.control('PATCH', '/settings', { partSize: 4 });
    await deliver(5);
    await platform.control('PATCH', '/settings', { partSize: 1000 });
    await deliver(11);
    assert.deepEqual(
      (await receiver.count(8)).slice(4).map((each) => eventsIn(each).length),
      [4, 1, 10, 1],
    );
  });

  it('signs, authenticates and adds headers as the instance says', async () => {
    await start();
    await on({
      'event.notification.signature.key': 'MySecretEventSignatureKey',
      'event.notification.basic.username': 'relay',
      'event.notification.basic.password': 'pass:word',
      'event.notification.callback.headers': '{"X-Team":"harbour","Content-Type":"text/plain"}',
    });
    await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
    const [request] = await receiver.count(1);
    assert.ok(request);
    const { headers, body } = request;
    assert.ok(verify(Buffer.from(body), String(headers['elements-webhook-signature']), ['MySecretEventSignatureKey']));
    assert.equal(headers.authorization, `Basic ${btoa('relay:pass:word')}`);
    assert.equal(headers['x-team'], 'harbour');
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  });

  it('sends again what is not answered with 2xx, the same bytes, and gives up in the end', async () => {
    await start((response) => {
      response.statusCode = 500;
      response.end();
    });
    const { id } = await on();
    await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
    const requests = await receiver.count(3);
    assert.equal(new Set(requests.map(({ body }) => body)).size, 1);
    await reported('failed', 3);
    const [record] = await log();
    assert.deepEqual(
      record?.attempts.map(({ status, failure }) => [status, failure]),
      [1, 2, 3].map(() => [500, 'ProtocolError']),
    );
    const [event] = (await platform.api('GET', `/instances/${id}/events`)).body as { id: string; status: string }[];
    assert.equal(event?.status, 'DISPATCHED');
  });

  it('logs an event under the notification’s id, with the vendor’s body', async () => {
    await start();
    const { id } = await on();
    assert.deepEqual((await platform.api('GET', `/instances/${id}/events`)).body, []);
    await harness.api('POST', `/subscribers/${documentedListId}.json`, subscriber);
    const [request] = await receiver.count(1);
    await reported('delivered', 1);
    const { eventId, raw } = parse(request?.body ?? '').message;
    const { status, body } = await platform.api('GET', `/instances/${id}/events/${eventId}`);
    const event = body as { id: string; status: string; providerData: string };
    assert.deepEqual([status, event.id, event.status], [200, eventId, 'NOTIFIED']);
    assert.deepEqual(JSON.parse(event.providerData), raw);
    assert.equal((await platform.api('GET', `/instances/${id}/events/none`)).status, 404);
  });
});
