import assert from 'node:assert/strict';
import { EchoGuard } from '../../../src/extension/webhooks/echo-guard.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import { eventRow } from '../events/rows.ts';

let deliveries = 0;

function update(seconds: number, changes: Partial<EventRow> = {}): EventRow {
  return eventRow(1, {
    deliveryId: `d${++deliveries}`,
    type: 'Update',
    address: 'ann@example.com',
    receivedAt: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString(),
    ...changes,
  });
}

/** The addresses that were told of. */
function told(rows: readonly EventRow[]): string[] {
  const guard = new EchoGuard();
  return rows.map((row) => guard.observe(row)).filter((address) => address !== undefined);
}

describe('the echo guard', () => {
  it('tells once of an address that keeps arriving as Update within seconds', () => {
    assert.deepEqual(told([0, 2, 4, 6, 8, 10, 12].map((at) => update(at))), ['ann@example.com']);
  });

  it('says nothing of three, or of updates with time between them', () => {
    assert.deepEqual(told([0, 2, 4].map((at) => update(at))), []);
    assert.deepEqual(told([0, 2, 4, 20, 22, 24, 40].map((at) => update(at))), []);
  });

  it('keeps types, addresses and lists apart, and not upper and lower case', () => {
    assert.deepEqual(told([0, 1, 2, 3, 4].map((at) => update(at, { type: 'Subscribe' }))), []);
    assert.deepEqual(told([0, 1, 2, 3, 4].map((at) => update(at, { address: `${at}@example.com` }))), []);
    assert.deepEqual(told([0, 1, 2, 3, 4].map((at) => update(at, { list: `list ${at}` }))), []);
    assert.deepEqual(
      told([0, 1, 2, 3].map((at) => update(at, { address: at % 2 === 0 ? 'Ann@example.com' : 'ann@example.com' }))),
      ['ann@example.com'],
    );
  });
});
