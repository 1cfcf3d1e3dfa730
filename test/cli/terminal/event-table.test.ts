import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { EventTable } from '../../../src/cli/terminal/event-table.ts';
import { columnsOf } from '../../../src/cli/terminal/text.ts';
import type { EventRow, Forwarding } from '../../../src/protocol/history.ts';

function row(change: Partial<EventRow> = {}): EventRow {
  return {
    ...{ id: 'e12', deliveryId: 'd7', kind: 'event', source: 'campaign-monitor', injected: false },
    ...{ receivedAt: '2026-01-15T09:30:00.000Z', type: 'Deactivate', list: 'abc', address: 'jane@example.org' },
    ...{ date: null, warning: null, duplicateOf: null, signature: null, reason: null, httpStatus: 200 },
    ...{ notificationId: 'n9', inDelivery: { position: 1, of: 1 }, forwardings: [] },
    ...change,
  };
}

function forwarding(state: Forwarding['state'], status: number | null): Forwarding {
  return {
    ...{ notificationId: 'n1', destinationId: 't1', destination: 'http://localhost:3000/', state, status },
    ...{ attempts: 1, ofRound: 1 },
    ...{ mode: 'normalized', maxAttempts: 1, nextAttemptAt: null, durationMs: 1, detail: null },
    ...{ heldBy: null, breakpointId: null },
  };
}

describe('the table of events', () => {
  it('marks a signature that is wrong, missing, or cannot be checked', () => {
    const marked = (signature: EventRow['signature']): string =>
      stripVTControlCharacters(new EventTable(120).line(row({ signature, forwardings: [forwarding('sent', 200)] })));
    assert.match(marked('invalid'), /sent {2}wrong signature$/);
    assert.match(marked('missing'), /sent {2}no signature$/);
    assert.match(marked('fetched'), /sent {2}fetched: no signature to check$/);
    for (const usual of ['valid', 'unchecked', null] as const) assert.match(marked(usual), /sent$/);
  });

  it('says first that a delivery was answered on purpose', () => {
    const line = new EventTable(100).line(row({ signature: 'missing', answered: 'on-purpose', httpStatus: 503 }));
    assert.match(stripVTControlCharacters(line), /answered 503 on p/);
  });

  it('fits the terminal, and shows how the forwarding stands', () => {
    const rows = [
      row({ forwardings: [forwarding('failed', 500)] }),
      row({
        id: 'e1234567',
        address: 'a.very.long.address.indeed@subdomain.example.org',
        duplicateOf: 'e3',
        warning: 'w',
      }),
      row({ forwardings: [forwarding('sent', 200), forwarding('failed', 503), forwarding('waiting', null)] }),
      row({ kind: 'rejected', type: null, reason: 'the body is no JSON: '.repeat(9) }),
      row({
        address:
          '👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻👩\u200d💻@example.org',
      }),
    ];
    for (const columns of [40, 56, 60, 80, 100, 120]) {
      const table = new EventTable(columns);
      for (const line of [table.heading, ...rows.map((each) => table.line(each))]) {
        assert.ok(columnsOf(stripVTControlCharacters(line)) <= columns, `${columns}: ${line}`);
      }
      const [failed = ''] = rows.map((each) => stripVTControlCharacters(table.line(each)));
      assert.match(failed, /^e12 .*Deactivate .*jane.*failed 500$/);
    }
  });

  it('has all columns in full where there is room, and where it is no terminal', () => {
    for (const columns of [120, Infinity]) {
      const line = stripVTControlCharacters(
        new EventTable(columns).line(row({ forwardings: [forwarding('sent', 200)] })),
      );
      assert.match(line, /^e12 {5}2026-01-15 \d\d:\d\d:\d\d Deactivate {3}jane@example\.org {18}sent$/);
    }
    const long = row({ forwardings: Array.from({ length: 9 }, () => forwarding('discarded', null)) });
    assert.doesNotMatch(new EventTable(Infinity).line(long), /…/);
  });
});
