import assert from 'node:assert/strict';
import { Batches, type BatchOutcome } from '../../../src/cli/terminal/batches.ts';
import type { Attempt, Delivery, EventRow } from '../../../src/protocol/history.ts';

/** A delivery whose events go in so many notifications of 20. */
function batch(parts: number): [Delivery, EventRow[]] {
  const eventCount = parts * 20;
  const events = Array.from({ length: eventCount }, (_, index) => ({
    forwardings: [{ destinationId: 't1', notificationId: `n${Math.floor(index / 20)}` }],
  }));
  return [{ id: 'd1', eventCount } as Delivery, events as unknown as EventRow[]];
}

const attempt = (outcome: Attempt['outcome'], durationMs = 5): Attempt =>
  ({
    ...{ deliveryId: 'd1', destinationId: 't1', destination: 'http://localhost/', outcome, durationMs },
    status: outcome === 'sent' ? 200 : 500,
  }) as Attempt;

describe('The notifications of a batch in the live view', () => {
  let told: BatchOutcome[];
  let batches: Batches;
  beforeEach(() => {
    told = [];
    batches = new Batches((outcome) => told.push(outcome));
  });

  it('are told together, when all were tried', () => {
    batches.came(...batch(3));
    for (const ms of [5, 90, 7]) assert.ok(batches.attempt(attempt('sent', ms)));
    assert.deepEqual(
      told.map(({ sent, failed, retrying, slowestMs }) => [sent, failed, retrying, slowestMs]),
      [[3, 0, 0, 90]],
    );
    assert.equal(batches.attempt(attempt('sent')), false, 'one that is sent again later is told by itself');
  });

  it('are told round by round where some are tried again', () => {
    batches.came(...batch(3));
    for (const outcome of ['sent', 'retrying', 'retrying'] as const) batches.attempt(attempt(outcome));
    for (const outcome of ['sent', 'failed'] as const) batches.attempt(attempt(outcome));
    assert.deepEqual(
      told.map(({ sent, failed, retrying, last }) => [sent, failed, retrying, last.status]),
      [
        [1, 0, 2, 500],
        [1, 1, 0, 500],
      ],
    );
  });
});
