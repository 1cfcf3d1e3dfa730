import assert from 'node:assert/strict';
import { planOf, type Delivery, type Message } from '../../src/check/messages.ts';
import type { Shape, Fault } from '../../src/check/scenario.ts';
import { deliveriesWith, partSizeOf, withFaults } from '../../src/check/fault-injection.ts';
import { readPlatformNotification } from '../../src/open-connectors/notification.ts';
import { signatureHeader, verify } from '../../src/open-connectors/signature.ts';

const now = Date.parse('2026-01-15T09:30:00Z');

function deliveryOf(count: number): Delivery {
  const Events = Array.from({ length: count }, (_, index) => ({
    Type: 'Subscribe',
    Date: '2026-01-15 09:30:00',
    EmailAddress: `a${index + 1}@example.org`,
    Name: 'Zoë',
  }));
  const body = Buffer.from(JSON.stringify({ ListID: 'aa', Events }));
  return { body, contentType: 'application/json', source: 'campaign-monitor' };
}

function made(count: number, shape: Shape = 'notification', partSize = 20, signatureKey?: string): Message[] {
  return [...planOf(deliveryOf(count), { shape, partSize, signatureKey, now }).make()];
}

function addresses({ body }: Message): (string | null)[] {
  const read = readPlatformNotification(body);
  return read.kind === 'notification' ? read.events.map(({ objectId }) => objectId) : [];
}

function signatureOf({ headers }: Message): string | undefined {
  return headers.find(([name]) => name === signatureHeader)?.[1];
}

describe('What is posted to a callback', () => {
  it('is a delivery in parts of 20, each with the whole body', () => {
    const parts = made(50);
    assert.deepEqual(
      parts.map(({ label, events }) => [label, events]),
      [
        ['part 1 of 3', 20],
        ['part 2 of 3', 20],
        ['part 3 of 3', 10],
      ],
    );
    assert.deepEqual(
      parts.flatMap(addresses),
      Array.from({ length: 50 }, (_, index) => `a${index + 1}@example.org`),
    );
    for (const { body, eventId } of parts) {
      const { message } = JSON.parse(body.toString()) as { message: { eventId: string; raw: { Events: unknown[] } } };
      assert.equal(message.raw.Events.length, 50);
      assert.equal(message.eventId, eventId);
    }
    assert.equal(new Set(parts.map(({ eventId }) => eventId)).size, 3);
  });

  it("comes in each shape as the platform's documents and captures have it", () => {
    const [platform] = made(1, 'platform');
    const envelope = JSON.parse(platform?.body.toString() ?? '') as {
      message: { instanceName: string; instanceId: number; events: Record<string, unknown>[] };
    };
    assert.equal(envelope.message.instanceName, 'Books &amp; More');
    assert.ok(envelope.message.instanceId > 0);
    assert.equal(envelope.message.events[0]?.['pollDate'], '2026-01-15T09:30:00Z');
    const [older] = made(1, 'older');
    assert.deepEqual(Object.keys(JSON.parse(older?.body.toString() ?? '') as object), [
      'eventId',
      'instanceId',
      'response',
      'notificationId',
    ]);
    assert.equal(readPlatformNotification(older?.body ?? Buffer.alloc(0)).kind, 'notification');
    const [raw] = made(3, 'delivery', 20, 'key');
    assert.deepEqual(raw?.body, deliveryOf(3).body);
    assert.deepEqual(raw.headers, [['Content-Type', 'application/json']], 'Campaign Monitor signs nothing');
  });
});

describe('Injected faults', () => {
  const key = 'MySecretEventSignatureKey';
  const faulty = (count: number, faults: Fault[], signatureKey: string | undefined = key): Message[] =>
    withFaults(
      [
        ...deliveriesWith([deliveryOf(count)], faults).flatMap((delivery) => [
          ...planOf(delivery, {
            shape: 'notification',
            partSize: partSizeOf(faults) ?? 20,
            signatureKey,
            now,
          }).make(),
        ]),
      ],
      faults,
      signatureKey,
    );
  const isRight = (message: Message): boolean => verify(message.body, signatureOf(message) ?? '', [key]);

  it('sends the very same bytes twice, the last first, all in one, or one in each', () => {
    const [first, second, ...more] = faulty(1, ['twice']);
    assert.deepEqual(first?.body, second?.body);
    assert.equal(first?.eventId, second?.eventId);
    assert.equal(more.length, 0);
    assert.deepEqual(
      faulty(60, ['reordered']).map(({ label }) => label),
      ['part 3 of 3', 'part 2 of 3', 'part 1 of 3'],
    );
    assert.deepEqual(
      faulty(60, ['merged']).map(({ events }) => events),
      [60],
    );
    assert.equal(faulty(7, ['split']).length, 7);
  });

  it('holds the first back behind the others, and marks what is cut, slow or left', () => {
    const late = faulty(60, [{ late: 70 }]);
    assert.deepEqual(
      late.map(({ label, afterMs }) => [label, afterMs]),
      [
        ['part 2 of 3', 0],
        ['part 3 of 3', 0],
        ['part 1 of 3, late', 70],
      ],
    );
    for (const [fault, manner] of [
      ['cut', { kind: 'cut' }],
      ['unanswered', { kind: 'unanswered' }],
      [{ slow: 9 }, { kind: 'slow', ms: 9 }],
    ] as const) {
      assert.deepEqual(faulty(1, [fault])[0]?.manner, manner);
    }
  });

  it('makes each wrong signature wrong, and the body still JSON', () => {
    for (const fault of ['tampered', 'wrong-signature', 'old-signature', 'wrong-sha1-signature'] as const) {
      const [message] = faulty(1, [fault]);
      assert.ok(message !== undefined && !isRight(message), fault);
      assert.match(signatureOf(message) ?? '', fault === 'wrong-sha1-signature' ? /^sha1=/ : /^sha256=/);
      assert.doesNotThrow(() => void JSON.parse(message.body.toString()), fault);
    }
    const [unsigned] = faulty(1, ['unsigned']);
    assert.equal(unsigned && signatureOf(unsigned), undefined);
    const [whole, changed] = [faulty(1, ['twice'])[0]?.body.length, faulty(1, ['tampered'])[0]?.body.length];
    assert.equal(whole, changed, 'one letter is another one');
  });

  it('makes of the right signature a part, and its beginning with another end', () => {
    const right = signatureOf(faulty(1, ['twice'])[0] ?? assert.fail()) ?? '';
    const signatureWith = (fault: Extract<Fault, string>): string => {
      const [message] = faulty(1, [fault]);
      assert.ok(message !== undefined && !isRight(message), fault);
      return signatureOf(message) ?? '';
    };
    assert.equal(signatureWith('empty-signature'), 'sha256=');
    assert.match(signatureWith('cut-signature'), /^sha256=[A-Za-z0-9+/]{9}$/);
    const [part, other] = [signatureWith('cut-signature'), signatureWith('other-end-signature')];
    assert.ok(other.length === right.length && part.length < right.length, other);
  });
});
