import assert from 'node:assert/strict';
import { clockOf, durationText, piecesOf } from '../../../src/pages/table/clock.ts';

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

  it('says spans of time in the unit that they fill', () => {
    const texts = { milliseconds: '{0} ms', seconds: '{0} s', minutes: '{0} min', hours: '{0} h' };
    const all = [2.5, 999, 1500, 100_000, 300_000, 32_768_000].map((ms) => durationText(ms, texts, 'en'));
    assert.deepEqual(all, ['2.5 ms', '999 ms', '1.5 s', '100 s', '5 min', '9.1 h']);
    assert.equal(durationText(2500, texts, 'de'), '2,5 s');
  });
});
