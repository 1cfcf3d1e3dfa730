import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import { readHoldView } from '../../../src/relay/log/held.ts';
import type { ForwardingKey, LogHoldView } from '../../../src/relay/log/held.ts';
import { searchFile, storeFile } from '../../../src/relay/history/history.ts';
import { Block } from '../../../src/relay/history/event-columns.ts';
import { HeldColumns, slotOf } from '../../../src/relay/history/held-columns.ts';
import type { EventsUnderWay } from '../../../src/relay/history/held-columns.ts';
import { HistoryIndex } from '../../../src/relay/history/history-index.ts';
import { Statements } from '../../../src/relay/log/statements.ts';
import { ownDirectory } from '../afterwards.ts';
import { Holding, holdingStep, pausedSending } from '../holding.ts';
import type { HoldingStep } from '../holding.ts';

/** Steps after which the columns need not follow: what is held changes, and no row does. */
const changesNoRow: readonly HoldingStep['kind'][] = ['pause', 'continue', 'missKey', 'holdBySettings', 'giveKey'];

interface States {
  readonly held: number[];
  readonly waiting: number[];
}

/** What the columns of an index say. */
function statesInColumns({ columns }: HistoryIndex, held: HeldColumns): States {
  const found: States = { held: [], waiting: [] };
  columns.select([], Infinity, (block, mask) => {
    for (const [at, isThere] of mask.entries()) {
      if (isThere === 0) continue;
      if (held.isHeld(block, at)) found.held.push(block.firstId + at);
      if (held.isWaiting(block, at)) found.waiting.push(block.firstId + at);
    }
  });
  return found;
}

describe('What is held, by the columns of events', () => {
  it('is what is held of their forwardings, one by one, whatever was done and is being sent', async function () {
    this.timeout(180_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(holdingStep, fc.array(fc.nat(1000), { maxLength: 3 }), fc.boolean()), {
          minLength: 3,
          maxLength: 30,
        }),
        async (steps) => {
          const dataDir = ownDirectory();
          const holding = new Holding(storeFile(dataDir));
          const log = new DatabaseSync(storeFile(dataDir), { readOnly: true });
          const sql = new Statements(log);
          const index = new HistoryIndex(searchFile(dataDir), log);
          const look = (underWay: readonly ForwardingKey[], after: string): void => {
            const states = [...holding.states(underWay)];
            const among = (state: 'held' | 'waiting'): number[] =>
              states.filter(([, all]) => all.includes(state)).map(([event]) => event);
            const events = underWay.flatMap(({ notificationId, destinationId }): EventsUnderWay[] => {
              const row = log
                .prepare(
                  'SELECT d.first_event + n.first_event AS first, n.event_count AS count FROM notifications n JOIN deliveries d ON d.id = n.delivery_id WHERE n.id = ?',
                )
                .get(notificationId) as { first: number; count: number };
              return [{ first: row.first, last: row.first + row.count - 1, slot: slotOf(destinationId) }];
            });
            const held = new HeldColumns(readHoldView(sql, { underWay }), index.freedBy, events);
            assert.deepEqual(statesInColumns(index, held), { held: among('held'), waiting: among('waiting') }, after);
          };
          try {
            let isBehind = true;
            for (const [step, chosen, follows] of steps) {
              await holding.run(step);
              isBehind ||= !changesNoRow.includes(step.kind);
              const underWay = holding.someUnderWay(chosen);
              if (!isBehind) look(underWay, `${JSON.stringify(step)}, not followed`);
              if (!follows) continue;
              while (!index.follow());
              isBehind = false;
              look(underWay, JSON.stringify(step));
            }
          } finally {
            index.close();
            sql.close();
            log.close();
            holding.store.close();
            rmSync(dataDir, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: countRuns(60) },
    );
  });

  it('may be taken for held where it goes to a destination whose number ends as that of one that is', () => {
    const block = new Block(0);
    block.queued[3] = slotOf(5);
    const view = (...ids: number[]): LogHoldView => ({
      sending: { no: 1, paused: null },
      heldDestinations: ids,
      stopping: [],
      destinationHold: () => assert.fail('it was to be known from the columns'),
      isUnderWay: () => assert.fail('it was to be known from the columns'),
    });
    const isHeld = (...ids: number[]): boolean => new HeldColumns(view(...ids), 1, []).isHeld(block, 3);
    assert.deepEqual([isHeld(), isHeld(4), isHeld(5), isHeld(4, 21), isHeld(1, 2)], [false, false, true, true, false]);
  });

  it('is in part where one of its notifications was let go and another was not', () => {
    const block = new Block(0);
    block.queued[3] = slotOf(5);
    block.freed[3] = slotOf(5);
    const view = (heldDestinations: readonly number[], no: number): LogHoldView => ({
      ...{
        sending: pausedSending(no),
        heldDestinations,
        stopping: [],
        destinationHold: () => null,
        isUnderWay: () => false,
      },
    });
    const of = (held: readonly number[], no: number): boolean[] => {
      const columns = new HeldColumns(view(held, no), 7, []);
      return [columns.isHeld(block, 3), columns.isWaiting(block, 3)];
    };
    assert.deepEqual(of([], 7), [true, true]);
    assert.deepEqual(of([5], 7), [true, false]);
    assert.deepEqual(of([], 8), [true, false], 'another pause let it go');
  });
});
