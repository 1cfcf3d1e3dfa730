import assert from 'node:assert/strict';
import { clockOf, piecesOf } from '../../../src/pages/table/clock.ts';

const retried = {
  receivedAt: 1_000_000,
  spans: [
    { from: 10, ms: 90, outcome: 'retrying' as const, again: false, words: '' },
    { from: 1100, ms: 400, outcome: 'sent' as const, again: false, words: '' },
  ],
  nextAt: null,
};
const waiting = { receivedAt: 1_004_000, spans: [], nextAt: 2000 };
const alone = { receivedAt: 1_002_000, spans: [], nextAt: null };

describe('The waterfall', () => {
  it('has all rows in sight on one clock, from the time when each was received', () => {
    const clock = clockOf([retried, waiting, alone], 'since');
    assert.deepEqual(clock, { kind: 'since', from: 0, to: 2000 });
    assert.deepEqual(piecesOf(retried, clock), [
      { kind: 'waiting', left: 0, width: 75 },
      { kind: 'acknowledged', left: 0, width: 0 },
      { kind: 'retrying', left: 0.5, width: 4.5 },
      { kind: 'sent', left: 55, width: 20 },
    ]);
    assert.deepEqual(
      piecesOf(waiting, clock).map(({ kind, left }) => [kind, left]),
      [
        ['waiting', 0],
        ['acknowledged', 0],
        ['next', 100],
      ],
    );
    assert.deepEqual(piecesOf(alone, clock), [{ kind: 'acknowledged', left: 0, width: 0 }]);
  });

  it('is not stretched for all by one that was sent again a day later, which stands at its end', () => {
    const day = 86_400_000;
    const again = { from: day, ms: 20, outcome: 'sent' as const, again: true, words: '' };
    const late = { ...retried, spans: [...retried.spans, again] };
    const clock = clockOf([late, alone], 'since');
    assert.equal(clock.to, 2000);
    assert.deepEqual(piecesOf(late, clock).at(-1), { kind: 'sent', left: 100, width: 0, isBeyond: true });
    assert.deepEqual(piecesOf(late, clock)[0], { kind: 'waiting', left: 0, width: 100 });
    assert.equal(clockOf([{ ...late, nextAt: day + 5000 }], 'since').to, 2000);
    assert.equal(clockOf([late, alone], 'day').to, 1_002_000);
  });

  it('or by the time of day', () => {
    const clock = clockOf([retried, waiting, alone], 'day');
    assert.deepEqual(clock, { kind: 'day', from: 1_000_000, to: 1_006_000 });
    assert.deepEqual(piecesOf(waiting, clock).at(-1), { kind: 'next', left: 100, width: 0 });
    assert.equal(Math.round(piecesOf(alone, clock)[0]!.left), 33);
  });

  it('is of a round length, and never of none', () => {
    const ending = (at: number) => clockOf([{ ...waiting, nextAt: at }], 'since').to;
    assert.deepEqual([1, 11, 201, 4000, 31_000, 70_000].map(ending), [10, 20, 500, 5000, 50_000, 100_000]);
    assert.equal(clockOf([], 'since').to, 10);
    assert.deepEqual(clockOf([], 'day'), { kind: 'day', from: 0, to: 1000 });
    assert.equal(clockOf([alone], 'day').to - alone.receivedAt, 1000);
  });
});
