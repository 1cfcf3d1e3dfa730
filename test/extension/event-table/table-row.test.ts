import assert from 'node:assert/strict';
import { tableRow } from '../../../src/extension/event-table/table-row.ts';
import type { TracedEvent } from '../../../src/protocol/history.ts';
import { eventRow, forwarding } from '../events/rows.ts';

const names = { language: 'en', nameOfList: (id: string) => (id.startsWith('96c0') ? 'Newsletter' : undefined) };

function traced(changes: Partial<TracedEvent> = {}): TracedEvent {
  const row = changes.row ?? eventRow(1);
  return { row, state: 'waiting', status: null, durationMs: null, attempts: [], omittedAttempts: 0, ...changes };
}
const rowOf = (changes: Partial<TracedEvent> = {}) => tableRow(traced(changes), names);

describe('A row of the table', () => {
  it('says an event in cells, with its attempts on its own clock', () => {
    const row = eventRow(12, {
      forwardings: [forwarding({ destination: 'https://hooks.example.com/in?token=secret', attempts: 2 })],
    });
    const made = rowOf({
      ...{ row, state: 'retrying', status: 500, durationMs: 2.46 },
      attempts: [
        ...[{ destinationId: 't1', number: 1, at: '2026-03-01T12:00:00.010Z', durationMs: 90, status: null }],
        ...[{ destinationId: 't1', number: 2, at: '2026-03-01T12:00:01.100Z', durationMs: 2.46, status: 500 }],
      ].map((each) => ({ ...each, outcome: 'retrying' as const })),
    });
    assert.deepEqual(made.cells, {
      ...{ type: 'Subscribe', address: 'person12@example.com', list: 'Newsletter', state: 'Retrying' },
      ...{ status: '500', duration: '2.5', attempts: '2', destination: 'hooks.example.com/in', id: 'e12 d12 n12' },
    });
    assert.deepEqual(
      made.spans.map(({ from, ms }) => [from, ms]),
      [
        [10, 90],
        [1100, 2.46],
      ],
    );
    assert.equal(
      made.waterfallWords,
      'relay answered 200, attempt 1: no answer in 90 ms (started after 10 ms), attempt 2: 500 in 2 ms (started after 1.1 s)',
    );
    assert.doesNotMatch(JSON.stringify(made), /secret/);
  });

  it('writes milliseconds as a number is written, and says what was sent again when it had been settled', () => {
    const attempt = (number: number, at: string, outcome: 'sent' | 'retrying' | 'failed', destinationId = 't1') => ({
      ...{ destinationId, number, at, durationMs: 3004, status: 200, outcome },
    });
    const made = rowOf({
      durationMs: 3004,
      attempts: [
        attempt(1, '2026-03-01T12:00:00.010Z', 'retrying'),
        attempt(2, '2026-03-01T12:00:05.000Z', 'sent'),
        attempt(1, '2026-03-01T12:00:06.000Z', 'failed', 't2'),
        attempt(3, '2026-03-02T12:00:00.000Z', 'sent'),
      ],
    });
    assert.equal(made.cells.duration, '3,004');
    assert.deepEqual(
      made.spans.map(({ again }) => again),
      [false, false, false, true],
    );
  });

  it('says that it is held, at which breakpoint, and why', () => {
    const held = (changes: Parameters<typeof forwarding>[0]) =>
      rowOf({ state: 'held', row: eventRow(1, { forwardings: [forwarding({ state: 'held', ...changes })] }) });
    const stopped = held({ heldBy: 'breakpoint', breakpointId: 'b2', detail: 'stopped at b2' });
    assert.equal(stopped.cells.state, 'Held at b2');
    assert.match(stopped.details, /held at breakpoint b2/);
    assert.match(stopped.flags, /;atGate;/);
    const paused = held({ heldBy: 'pause', detail: 'sending is paused' });
    assert.equal(paused.cells.state, 'Held');
    assert.match(paused.details, /held: sending is paused/);
    const keyless = held({ heldBy: 'missing-key', detail: 'no key "a"' });
    assert.equal(keyless.cells.state, 'Held');
    assert.match(keyless.details, /no key "a"/);
    assert.doesNotMatch(keyless.flags, /;atGate;/);
  });

  it('is of its kind for a test call and a rejected delivery, and of no attempts where it goes nowhere', () => {
    const test = rowOf({ state: 'test', row: eventRow(1, { kind: 'test', type: null, forwardings: [] }) });
    assert.deepEqual([test.cells.type, test.cells.state, test.cells.attempts], ['Test call', 'Test call', '']);
    const reason = 'neither JSON nor XML';
    const rejected = rowOf({ state: 'rejected', row: eventRow(1, { kind: 'rejected', reason, forwardings: [] }) });
    assert.deepEqual([rejected.cells.type, rejected.cells.address], ['Rejected', reason]);
    assert.equal(rowOf({ state: 'none', row: eventRow(1, { forwardings: [] }) }).cells.state, 'Not forwarded');
  });

  it('marks what is particular, and shows what would hide or turn a line', () => {
    const row = eventRow(1, {
      duplicateOf: 'e9',
      signature: 'invalid',
      address: 'a\u202eb',
      type: 'x\n',
      list: 'l\u0007',
    });
    const { cells } = rowOf({ row, state: 'sent' });
    assert.equal(cells.state, 'Sent, wrong signature, duplicate of e9');
    assert.deepEqual([cells.address, cells.type, cells.list], ['a\\u{202e}b', 'x\\x0a', 'l\\x07']);
  });
});
