import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countRuns } from '../../long.ts';
import type { EventState } from '../../../src/protocol/history.ts';
import { eventStates } from '../../../src/protocol/event-filter.ts';
import { Block, blockSize, EventColumns, hashOf } from '../../../src/relay/history/event-columns.ts';
import type { ColumnValues, ForwardingSummary, Test } from '../../../src/relay/history/event-columns.ts';

type Operation =
  | { readonly kind: 'set'; readonly id: number; readonly type: number; readonly state: number }
  | { readonly kind: 'summarise'; readonly id: number; readonly state: number }
  | { readonly kind: 'remove'; readonly first: number; readonly count: number }
  | { readonly kind: 'fold' };

const ids = fc.integer({ min: 1, max: 3 * blockSize + 10 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set' as const), id: ids, type: fc.nat(2), state: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('summarise' as const), id: ids, state: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), first: ids, count: fc.nat(blockSize + 5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fold' as const) }) },
);

function values(type: number): ColumnValues {
  const of = {
    kind: 'event',
    platform: false,
    signature: null,
    injected: false,
    duplicate: false,
    onPurpose: false,
    deliveryId: 1,
    receivedAt: 5,
  } as const;
  return { ...of, type: `t${type}`, list: null, address: null };
}

const states = eventStates.filter((state): state is Exclude<EventState, 'held'> => state !== 'held');

function summary(state: number): ForwardingSummary {
  const sent = { attempts: state, status: null, durationMs: null };
  const { queued, freed } = known(state);
  return { states: 1 << state, state: states[state]!, queued, freed, ...sent };
}

/** What is in the columns of a summary, as far as it is looked at here. */
function known(state: number): { state: number; queued: number; freed: number } {
  return { state, queued: state << 12, freed: 1 << state };
}

const isType =
  (type: number): Test =>
  (block, mask) => {
    for (let at = 0; at < mask.length; at++) if (block.type[at] !== hashOf(`T${type}`)) mask[at] = 0;
  };

/** What a file of blocks would hold. */
function saved(columns: EventColumns, file: Map<number, Uint8Array>): void {
  const { changed, gone } = columns.takeChanges();
  for (const block of changed) file.set(block.number, block.bytes.slice());
  for (const number of gone) file.delete(number);
}

describe('The columns of events', () => {
  it('find what was put in and not removed, newest first, also after they were stored and read again', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), fc.nat(2), ids, (operations, type, before) => {
        const columns = new EventColumns();
        const model = new Map<number, { type: number; state: number; queued: number; freed: number }>();
        const file = new Map<number, Uint8Array>();
        for (const [turn, each] of operations.entries()) {
          if (each.kind === 'set') {
            columns.set(each.id, values(each.type), summary(each.state));
            model.set(each.id, { type: each.type, ...known(each.state) });
          } else if (each.kind === 'summarise') {
            columns.summarise(each.id, summary(each.state));
            const there = model.get(each.id);
            if (there !== undefined) Object.assign(there, known(each.state));
          } else if (each.kind === 'fold') {
            columns.fold();
            for (const there of model.values()) {
              there.queued |= there.freed;
              there.freed = 0;
            }
          } else {
            columns.remove(each.first, each.first + each.count - 1);
            for (let id = each.first; id < each.first + each.count; id++) model.delete(id);
          }
          if (turn % 7 === 0) saved(columns, file);
        }
        saved(columns, file);
        const again = new EventColumns();
        for (const number of [...file.keys()].sort((a, b) => b - a)) again.load(new Block(number, file.get(number)));
        const expected = [...model].filter(([id, there]) => id < before && there.type === type).map(([id]) => id);
        expected.sort((a, b) => b - a);
        for (const each of [columns, again]) {
          assert.equal(each.count, model.size);
          assert.deepEqual([...each.ids([isType(type)], before)], expected);
          assert.equal(each.lowestId, model.size === 0 ? null : Math.min(...model.keys()));
          each.select([], Infinity, (block, mask) => {
            for (let at = 0; at < blockSize; at++) {
              const there = model.get(block.firstId + at);
              assert.equal(mask[at], there === undefined ? 0 : 1);
              if (there === undefined) continue;
              assert.equal(eventStates[block.state[at]!], states[there.state]);
              assert.deepEqual([block.queued[at], block.freed[at]], [there.queued, there.freed]);
            }
          });
        }
      }),
      { numRuns: countRuns(60) },
    );
  });

  it('compare texts whatever their case in ASCII', () => {
    assert.equal(hashOf('Subscribe'), hashOf('sUBSCRIBE'));
    assert.notEqual(hashOf('Ö'), hashOf('ö'));
    assert.equal(hashOf(null), 0);
    assert.notEqual(hashOf(''), 0);
  });
});
