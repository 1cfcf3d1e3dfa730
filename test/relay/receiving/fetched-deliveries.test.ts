import assert from 'node:assert/strict';
import { signatureHeader, webhookIdHeader } from '../../../src/open-connectors/signature.ts';
import { startReceiver } from '../receiver.ts';
import { send } from '../requests.ts';
import { sampleBody, startTestRelay, type TestRelay } from '../stage.ts';

/** A notification as the platform's queue has it. */
function notification(eventId: string, address = 'ada@example.org'): string {
  const event = { eventType: 'CREATED', objectId: address, objectType: 'contacts', date: '2026-01-01T00:00:00Z' };
  const message = { eventId, instanceId: 7, raw: JSON.parse(sampleBody()) as object, events: [event] };
  return JSON.stringify({ severity: 'medium', action: 'create', id: '1', message });
}

const delivery = (
  notificationId: number,
  text = notification(`event-${notificationId}`),
  subscriptionId = 's7',
): { notificationId: string; subscriptionId: string; notification: string } => ({
  ...{ notificationId: String(notificationId), subscriptionId, notification: text },
});

type Counts = Record<'taken' | 'known' | 'rejected' | 'tooLarge', number>;

/** Gives a relay these at once, and counts what came of them. */
async function fetched({ client }: TestRelay, deliveries: readonly ReturnType<typeof delivery>[]): Promise<Counts> {
  const counts: Counts = { taken: 0, known: 0, rejected: 0, tooLarge: 0 };
  const results = await Promise.all(deliveries.map((each) => client.request('deliveries/fetched', each)));
  for (const { result } of results) counts[result] += 1;
  return counts;
}

describe('What was fetched from Open Connectors’ queue', () => {
  const none = { taken: 0, known: 0, rejected: 0, tooLarge: 0 };
  const marks = async (relay: TestRelay): Promise<unknown[]> =>
    (await relay.client.request('events/query', {})).events.map(({ address, signature, duplicateOf, source }) => [
      ...[address, signature, duplicateOf, source],
    ]);

  it('is forwarded as the platform’s are, byte for byte, signed by nobody, and marked', async () => {
    const receiver = await startReceiver();
    const relay = await startTestRelay({
      settings: { destinations: [{ id: 'one', url: receiver.url, signatureKeyName: 'own' }] },
      secrets: { signatureKeys: { own: 'a-key-that-signs' }, verifyKeys: { platform: 'a-key-that-verifies' } },
    });
    const text = notification('event-1');
    assert.deepEqual(await fetched(relay, [delivery(1, text)]), { ...none, taken: 1 });
    await receiver.received(1);
    const [request] = receiver.requests;
    assert.equal(request?.text, text);
    const headers = Object.keys(request.headers);
    for (const header of [signatureHeader, webhookIdHeader]) assert.ok(!headers.includes(header.toLowerCase()), header);
    assert.deepEqual(await marks(relay), [['ada@example.org', 'fetched', null, 'open-connectors']]);
    const { events } = await relay.client.request('events/query', { filter: 'signature:fetched' });
    assert.equal(events.length, 1);
    const { notifications } = await relay.delivery();
    assert.deepEqual([notifications[0]?.kind, notifications[0]?.eventId], ['platform', 'event-1']);
  });

  it('is taken once, also by two clients at a time, after a restart, and when the history was cleared', async () => {
    let relay = await startTestRelay();
    const deliveries = [delivery(1), delivery(2), delivery(1)];
    const both = await Promise.all([1, 2].map(() => fetched(relay, deliveries)));
    assert.equal(both[0]!.taken + both[1]!.taken, 2);
    assert.equal(both[0]!.known + both[1]!.known, 4);
    await relay.client.request('events/clear', {});
    await relay.stop();
    relay = await startTestRelay({ dataDir: relay.dataDir });
    assert.deepEqual(await fetched(relay, deliveries), { ...none, known: 3 });
    const areFetched = async (...ids: number[]): Promise<boolean> => {
      const keys = ids.map((id) => ({ notificationId: String(id), subscriptionId: 's7' }));
      return (await relay.client.request('deliveries/areFetched', { deliveries: keys })).all;
    };
    assert.deepEqual([await areFetched(1, 2), await areFetched(1, 3)], [true, false]);
    const others = [delivery(1, undefined, 's8'), delivery(1, notification('of-another-account'))];
    assert.deepEqual(await fetched(relay, others), { ...none, taken: 2 });
  });

  it('marks as a possible duplicate what the platform delivers after that, and the other way round', async () => {
    const relay = await startTestRelay();
    const post = (text: string): Promise<unknown> =>
      send(relay.openConnectorsUrl, { body: text, headers: { 'Content-Type': 'application/json' } });
    await fetched(relay, [delivery(1, notification('one', 'a@x.org'))]);
    await post(notification('one', 'a@x.org'));
    await post(notification('two', 'a@x.org'));
    await fetched(relay, [delivery(2, notification('two', 'a@x.org'))]);
    assert.deepEqual(await marks(relay), [
      ['a@x.org', 'fetched', 'e3', 'open-connectors'],
      ['a@x.org', 'unchecked', null, 'open-connectors'],
      ['a@x.org', 'unchecked', 'e1', 'open-connectors'],
      ['a@x.org', 'fetched', null, 'open-connectors'],
    ]);
  });

  it('is in the history, too, where it is no notification, and not at all where it is too large', async () => {
    const relay = await startTestRelay({ settings: { maxBodyBytes: 20_000 } });
    const deliveries = [
      delivery(1, '{"message":"a text"}'),
      delivery(2, notification('x'.repeat(30_000))),
      delivery(3),
    ];
    const first = await fetched(relay, deliveries);
    assert.deepEqual(first, { ...none, taken: 1, rejected: 1, tooLarge: 1 });
    const second = await fetched(relay, deliveries);
    assert.deepEqual(second, { ...none, known: 2, tooLarge: 1 });
    const { events } = await relay.client.request('events/query', { filter: 'kind:rejected' });
    assert.deepEqual([events.length, events[0]?.signature], [1, 'fetched']);
  });

  it('is marked where it is more than is read of one, and taken once that is another', async () => {
    const relay = await startTestRelay({ settings: { maxEvents: 1000 } });
    const { message } = JSON.parse(notification('many')) as { message: { events: object[] } };
    const [event] = message.events;
    const deliveries = [
      delivery(1, JSON.stringify({ message: { ...message, events: Array.from({ length: 1001 }, () => event) } })),
    ];
    const first = await fetched(relay, deliveries);
    assert.deepEqual(first, { ...none, rejected: 1 });
    const { events } = await relay.client.request('events/query', { filter: 'signature:fetched' });
    assert.deepEqual([events.length, events[0]?.httpStatus], [1, 413]);
    await relay.client.request('relay/configure', { settings: { maxEvents: 2000 } });
    const second = await fetched(relay, deliveries);
    assert.deepEqual(second, { ...none, taken: 1 });
  });

  it('is taken when the disk has room again, and what was taken before stays', async () => {
    const relay = await startTestRelay({ maxStorePages: 120 });
    const large = (id: number): ReturnType<typeof delivery> =>
      delivery(id, notification(`event-${id}`, `${'a'.repeat(100_000)}@example.org`));
    const deliveries = Array.from({ length: 10 }, (_, index) => large(index + 1));
    await assert.rejects(fetched(relay, deliveries), { code: 'store-failed' });
    const { counts } = await relay.client.request('relay/status', {});
    assert.ok(counts.deliveries > 0 && counts.deliveries < 10, `${counts.deliveries}`);
    await relay.stop();
    const wider = await startTestRelay({ dataDir: relay.dataDir });
    const rest = await fetched(wider, deliveries);
    assert.deepEqual(rest, { ...none, known: counts.deliveries, taken: 10 - counts.deliveries });
  });
});
