import assert from 'node:assert/strict';
import { ListedEvent } from '../../../src/extension/event-tree/event-list.ts';
import { group } from '../../../src/extension/event-tree/grouping.ts';
import type { Grouping } from '../../../src/extension/event-tree/grouping.ts';
import type { EventRow } from '../../../src/protocol/history.ts';
import { english, eventRow, forwarding } from '../events/rows.ts';

const now = new Date(2026, 2, 2, 12, 0, 0).getTime();

function groups(rows: readonly EventRow[], grouping: Grouping): [id: string, label: string, ids: string[]][] {
  return group(
    rows.map((row) => new ListedEvent(row)),
    grouping,
    { now, nameOfList: (id) => (id === 'b' ? 'Newsletter' : undefined) },
    english,
  ).map(({ id, label, events }) => [id, label, events.map(({ row }) => row.id)]);
}

describe('the groups of events', () => {
  it('by time are the last minute and hour, today, yesterday, and days', () => {
    const ago = [10, 120, 3 * 3600, 13 * 3600, 37 * 3600, 38 * 3600].map((seconds, index) =>
      eventRow(9 - index, { receivedAt: new Date(now - seconds * 1000).toISOString() }),
    );
    assert.deepEqual(groups(ago, 'time'), [
      ['time:minute', 'Last minute', ['e9']],
      ['time:hour', 'Last hour', ['e8']],
      ['time:today', 'Today', ['e7']],
      ['time:yesterday', 'Yesterday', ['e6']],
      ['time:2026-02-28', '2026-02-28', ['e5', 'e4']],
    ]);
  });

  it('keep their order whatever comes, types and lists by the alphabet', () => {
    const rows = [eventRow(4, { list: 'b' }), eventRow(3, { list: 'a' }), eventRow(2, { list: 'b' })];
    const expected = [
      ['list:=a', 'a', ['e3']],
      ['list:=b', 'Newsletter', ['e4', 'e2']],
    ];
    assert.deepEqual(groups(rows, 'list'), expected);
    assert.deepEqual(
      groups([eventRow(5, { list: 'a' }), ...rows], 'list').map(([id]) => id),
      ['list:=a', 'list:=b'],
    );
  });

  it('are those of the history, too, of which nothing is loaded', () => {
    const counted = [
      { key: '=update', value: 'Update', count: 7 },
      { key: '=gone', value: 'Gone', count: 0 },
      { key: '=subscribe', value: 'Subscribe', count: 3 },
    ];
    const found = group([new ListedEvent(eventRow(1))], 'type', { now, nameOfList: () => undefined }, english, counted);
    assert.deepEqual(
      found.map(({ id, label, events }) => [id, label, events.length]),
      [
        ['type:=subscribe', 'Subscribe', 1],
        ['type:=update', 'Update', 0],
      ],
    );
  });

  it('hold an event where it is drawn while the view is paused', () => {
    const sent = new ListedEvent(eventRow(1, { forwardings: [forwarding({ state: 'sent' })] }));
    const placed = new Map([['e1', 'waiting']]);
    const found = group([sent], 'state', { now, nameOfList: () => undefined, placed }, english);
    assert.deepEqual(
      found.map(({ id }) => id),
      ['state:waiting'],
    );
  });

  it('by list have one for events without, apart from any list’s name', () => {
    const rows = [eventRow(2, { list: null }), eventRow(1, { list: '' })];
    assert.deepEqual(
      groups(rows, 'list').map(([id, label]) => [id, label]),
      [
        ['list:=', ''],
        ['list:', 'No list'],
      ],
    );
  });

  it('by type keep test calls and rejected deliveries apart from types of that name', () => {
    const rows = [eventRow(3, { kind: 'test' }), eventRow(2, { kind: 'rejected' }), eventRow(1, { type: 'test' })];
    assert.deepEqual(
      groups(rows, 'type').map(([id, label]) => [id, label]),
      [
        ['type:=test', 'test'],
        ['type:rejected', 'Rejected'],
        ['type:test', 'Test calls'],
      ],
    );
  });

  it('by state follow the forwarding that most needs a look', () => {
    const rows = [
      eventRow(3, { forwardings: [forwarding({ state: 'sent' }), forwarding({ state: 'failed' })] }),
      eventRow(2, { forwardings: [] }),
      eventRow(1, { forwardings: [forwarding({ state: 'failed' })] }),
    ];
    assert.deepEqual(groups(rows, 'state'), [
      ['state:failed', 'Failed', ['e3', 'e1']],
      ['state:none', 'Not forwarded', ['e2']],
    ]);
  });

  it('show no hidden characters of a type', () => {
    assert.equal(groups([eventRow(1, { type: 'a\u202eb' })], 'type')[0]![1], 'a\\u{202e}b');
  });
});
