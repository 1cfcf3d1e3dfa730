import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { EventList, type Journal, type Page } from '../../../src/extension/event-tree/event-list.ts';
import type { Attempt, EventRow } from '../../../src/protocol/history.ts';
import { attempt, eventRow, forwarding } from '../events/rows.ts';

const limits = { live: 10, most: 25 };

/** The history as the relay has it, and what it says about it. */
class History {
  readonly rows: EventRow[] = [];

  store(): EventRow {
    const row = eventRow(this.rows.length + 1);
    this.rows.push(row);
    return row;
  }

  attempt(n: number, outcome: Attempt['outcome']): Attempt {
    const at = ((n - 1) % this.rows.length) + 1;
    const row = this.rows[at - 1]!;
    const before = row.forwardings[0]!;
    const made = attempt(at, {
      number: before.attempts + 1,
      outcome,
      status: outcome === 'sent' ? 200 : 500,
      error: outcome === 'sent' ? null : 'answered 500',
    });
    this.rows[at - 1] = {
      ...row,
      forwardings: [
        forwarding({
          notificationId: before.notificationId,
          state: outcome === 'retrying' ? 'waiting' : outcome,
          attempts: made.number,
          status: made.status,
          durationMs: made.durationMs,
          detail: made.error,
        }),
      ],
    };
    return made;
  }

  page(before: string | undefined, limit: number): Page {
    const end = before === undefined ? this.rows.length : Number(before.slice(1)) - 1;
    const events = this.rows.slice(Math.max(0, end - limit), end).reverse();
    return { before, events, next: end > limit ? events.at(-1)!.id : null };
  }
}

function read(list: EventList, history: History, before: string | undefined, limit: number): void {
  list.take(list.expect(), history.page(before, limit));
}

function ids(list: EventList): string[] {
  return list.newestFirst().map(({ row }) => row.id);
}

function filled(count: number): { list: EventList; history: History } {
  const history = new History();
  for (let n = 0; n < count; n++) history.store();
  const list = new EventList(limits);
  read(list, history, undefined, 5);
  return { list, history };
}

describe('the list of events', () => {
  it('keeps as many as fit while new ones come, and leaves the older to be loaded again', () => {
    const { list, history } = filled(3);
    list.add(Array.from({ length: 1000 }, () => history.store()));
    assert.equal(list.size, limits.live);
    assert.equal(ids(list)[0], 'e1003');
    assert.equal(list.hasOlder, true);
    read(list, history, list.cursor, 5);
    assert.equal(list.size, limits.live + 5);
    assert.equal(ids(list).at(-1), 'e989');
  });

  it('leaves the newest behind when too many older ones were loaded, and shows no news then', () => {
    const { list, history } = filled(100);
    while (!list.hasNewer) read(list, history, list.cursor, 5);
    assert.equal(list.size, limits.most);
    assert.equal(ids(list)[0], 'e95');
    assert.equal(list.add([history.store()]), false);
    list.clear();
    read(list, history, undefined, 5);
    assert.equal(list.hasNewer, false);
    assert.equal(ids(list)[0], 'e101');
  });

  it('has the forwarding as the attempt left it, in the same event', () => {
    const { list, history } = filled(3);
    const [, second] = list.newestFirst();
    const { changed, unknown } = list.known.record([history.attempt(2, 'sent')]);
    assert.deepEqual([...changed], [second]);
    assert.equal(unknown, false);
    assert.deepEqual(second!.row, history.rows[1]);
  });

  it('gives an attempt at the raw notification to all events of the delivery, and to their raw forwarding', () => {
    const list = new EventList(limits);
    const forwardings = [forwarding(), forwarding({ notificationId: 'n9', mode: 'raw' })];
    list.add([1, 2].map((n) => eventRow(n, { deliveryId: 'd1', forwardings })));
    const { changed } = list.known.record([attempt(9, { deliveryId: 'd1' })]);
    assert.equal(changed.size, 2);
    for (const { row } of list.newestFirst())
      assert.deepEqual(
        row.forwardings.map((each) => each.state),
        ['waiting', 'sent'],
      );
  });

  it('drops what the history no longer has, but not what came in meanwhile', () => {
    const { list, history } = filled(3);
    const journal = list.expect();
    list.add([history.store()]);
    list.take(journal, { before: undefined, events: [history.rows[1]!], next: null });
    assert.deepEqual(ids(list), ['e4', 'e2']);
  });

  it('drops what is older than a gap that it cannot fill', () => {
    const { list, history } = filled(3);
    for (let n = 0; n < 20; n++) history.store();
    read(list, history, undefined, 5);
    assert.deepEqual(ids(list), ['e23', 'e22', 'e21', 'e20', 'e19']);
    assert.equal(list.hasOlder, true);
  });

  it('is, whatever the order of answers and news, an unbroken stretch of the history as it is', () => {
    type Step = 'store' | 'ask' | 'read' | 'answer' | 'tell' | 'more' | { n: number; outcome: Attempt['outcome'] };
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 4, arbitrary: fc.constant('store' as const) },
      { weight: 4, arbitrary: fc.constant('tell' as const) },
      fc.constantFrom('ask' as const, 'read' as const, 'answer' as const, 'more' as const),
      {
        weight: 3,
        arbitrary: fc.record({
          n: fc.integer({ min: 1, max: 40 }),
          outcome: fc.constantFrom<Attempt['outcome']>('sent', 'retrying', 'failed'),
        }),
      },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.array(step, { maxLength: 120, size: 'max' }), (count, steps) => {
        const { list, history } = filled(count);
        // What was said and has not been heard yet, in order.
        const said: (EventRow | Attempt)[] = [];
        let asked: { journal: Journal; before: string | undefined; page?: Page } | undefined;
        const tell = (): void => {
          const next = said.shift();
          if (next === undefined) return;
          if ('outcome' in next) list.known.record([next]);
          else list.add([next]);
        };
        const answer = (): void => {
          if (asked?.page === undefined) return;
          list.take(asked.journal, asked.page);
          asked = undefined;
        };
        for (const each of steps) {
          if (each === 'store') said.push(history.store());
          else if (each === 'tell') tell();
          else if (each === 'ask') asked ??= { journal: list.expect(), before: undefined };
          else if (each === 'more') {
            if (asked === undefined && list.hasOlder) asked = { journal: list.expect(), before: list.cursor };
          } else if (each === 'read') {
            if (asked !== undefined) asked.page ??= history.page(asked.before, 5);
          } else if (each === 'answer') answer();
          else said.push(history.attempt(each.n, each.outcome));
          assert.ok(list.size <= limits.most);
        }
        while (said.length > 0) tell();
        if (asked !== undefined) {
          asked.page ??= history.page(asked.before, 5);
          answer();
        }
        const shown = list.newestFirst().map(({ row }) => row);
        const first = list.hasNewer ? Number(shown[0]!.id.slice(1)) : history.rows.length;
        assert.deepEqual(shown, history.rows.slice(first - shown.length, first).reverse());
        assert.equal(list.hasOlder, first > shown.length);
      }),
      { numRuns: countRuns(500) },
    );
  });
});
