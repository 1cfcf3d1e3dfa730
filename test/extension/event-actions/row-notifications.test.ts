import assert from 'node:assert/strict';
import {
  notificationsByDelivery,
  notificationsWith,
  onlyNotification,
} from '../../../src/extension/event-actions/row-notifications.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';

const nobody = 'http://127.0.0.1:9/nobody';

describe('The notifications of rows', () => {
  let rows: EventRow[];
  /** Those of event ids. */
  const of = (...ids: string[]): EventRow[] => ids.flatMap((id) => rows.find((row) => row.id === id) ?? []);

  before(async () => {
    const relay = await startTestRelay({
      settings: { partSize: 2, destinations: [{ url: nobody }, { url: nobody, mode: 'raw' }] },
    });
    const told: EventRow[] = [];
    relay.client.on('event/added', ({ deliveries }) => told.push(...deliveries.flatMap(({ events }) => events)));
    // n1 to n3, and n4 with the bytes as they came; then n5, and n6 with those.
    await relay.deliver(sampleBody({ events: 5 }));
    await relay.deliver(sampleBody({ seed: 2 }));
    await relay.deliver('{}');
    rows = (await relay.client.request('events/query', {})).events;
    await until(() => told.length === rows.length);
    const notificationsOf = (each: EventRow) => [
      ...[each.id, each.inNotification],
      ...each.forwardings.map(({ notificationId, destinationId }) => [notificationId, destinationId]),
    ];
    assert.deepEqual(told.map(notificationsOf), rows.toReversed().map(notificationsOf));
  });

  it('are known where all rows are of one that holds others, too', () => {
    assert.deepEqual(onlyNotification(of('e1')), { deliveryId: 'd1', part: 0, parts: 3, events: 2 });
    assert.deepEqual(onlyNotification(of('e4', 'e3')), { deliveryId: 'd1', part: 1, parts: 3, events: 2 });
    assert.equal(onlyNotification(of('e2', 'e3')), undefined);
    assert.equal(onlyNotification(of('e5')), undefined, 'it holds that one alone');
    assert.equal(onlyNotification(of('e6')), undefined);
    assert.equal(onlyNotification(of('e7')), undefined);
    assert.equal(onlyNotification([]), undefined);
  });

  it('are their own and the raw ones, each once, by deliveries', () => {
    assert.deepEqual(notificationsByDelivery(of('e2', 'e6', 'e1', 'e5', 'e7')), [['n1', 'n4', 'n3'], ['n5', 'n6'], []]);
  });

  it('are in order where they are chosen by how they stand', () => {
    assert.deepEqual(
      notificationsWith(of('e6', 'e3', 'e1'), ({ mode }) => mode === 'normalised'),
      ['n1', 'n2', 'n5'],
    );
    assert.deepEqual(
      notificationsWith(of('e6', 'e3', 'e1'), () => true),
      ['n1', 'n2', 'n4', 'n5', 'n6'],
    );
  });
});
