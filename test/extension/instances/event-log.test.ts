import assert from 'node:assert/strict';
import { eventLogText } from '../../../src/extension/instances/event-log.ts';
import { identityOfNotification, logRows, platformEvents } from '../../../src/open-connectors/instance-log.ts';
import type { ReceivedNotification } from '../../../src/open-connectors/instance-log.ts';

function received(changes: Partial<ReceivedNotification>): ReceivedNotification {
  return {
    deliveryId: 'd1',
    receivedAt: '2026-03-01T12:00:01.000Z',
    signature: 'valid',
    eventId: 'a1',
    instanceId: 50634,
    eventCount: 2,
    ...changes,
  };
}

const frame = { name: 'API Instance', id: 50634, at: '2026-03-01T13:00:00Z', relayRuns: true, cut: false };

describe('the identity of a notification', () => {
  it('is read from both shapes', () => {
    assert.deepEqual(identityOfNotification('{"message":{"eventId":"a1","instanceId":7}}'), {
      eventId: 'a1',
      instanceId: 7,
    });
    assert.deepEqual(identityOfNotification('{"eventId":12,"instanceId":"7","response":{"events":[]}}'), {
      eventId: '12',
      instanceId: 7,
    });
    for (const body of ['', 'null', '[]', '{"message":3}', '{"message":{"instanceId":"x"}}']) {
      assert.deepEqual(identityOfNotification(body), { eventId: null, instanceId: null });
    }
  });
});

describe('the event log of an instance', () => {
  const events = platformEvents([
    { id: 'a1', eventDate: '2026-03-01T12:00:00Z', status: 'NOTIFIED' },
    { id: 'a2', eventDate: Date.parse('2026-03-01T12:30:00Z'), status: 'RECEIVED' },
    { id: 'a3' },
  ]);

  it('puts both sides together, the newest first', () => {
    const rows = logRows(events, [received({}), received({ deliveryId: 'd2', eventId: 'b9' })], 50634);
    assert.deepEqual(
      rows.map(({ platform, received: got }) => [platform?.id ?? null, ...got.map(({ deliveryId }) => deliveryId)]),
      [['a2'], [null, 'd2'], ['a1', 'd1'], ['a3']],
    );
  });

  it('says what is not in the history, and never that it did not arrive', () => {
    const text = eventLogText(frame, logRows(events, [received({ signature: 'invalid' })], 50634));
    const sections = text.split('## ').slice(1);
    assert.deepEqual(sections, [
      '2026-03-01T12:30:00.000Z a2\n\n- Open Connectors: RECEIVED\n- Relay: not in the relay’s history\n\n',
      '2026-03-01T12:00:00Z a1\n\n- Open Connectors: NOTIFIED\n- Relay: d1, received 2026-03-01T12:00:01.000Z, 2 events, wrong signature\n\n',
      'a3\n\n- Open Connectors: no status\n- Relay: not in the relay’s history\n',
    ]);
    assert.doesNotMatch(text, /did not arrive|lost/i);
  });

  it('shows text from outside as text', () => {
    const bad = platformEvents([{ id: 'a|b', status: '<b>[x](command:y)`\n' }]);
    const text = eventLogText(frame, logRows(bad, [], 50634));
    assert.ok(text.includes('## `a|b`\n'), text);
    assert.ok(text.includes('``<b>[x](command:y)`\\x0a``'), text);
  });
});
