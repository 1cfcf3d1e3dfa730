import assert from 'node:assert/strict';
import { noTotals } from '../../../src/relay/log/records.ts';
import { Tally } from '../../../src/relay/log/tally.ts';

describe('The tally of a history', () => {
  it('is as on disk until a transaction is, and forgets one that was not', () => {
    const tally = new Tally({ ...noTotals, waiting: 2 }, new Map([[1, 2]]));
    tally.begin();
    tally.add(2, 'waiting');
    tally.draft.deliveries += 1;
    assert.deepEqual([tally.totals.waiting, tally.totals.deliveries, [...tally.waiting]], [2, 0, [[1, 2]]]);
    assert.deepEqual(
      [...tally.draftWaiting],
      [
        [1, 2],
        [2, 1],
      ],
    );
    // It was rolled back, and another begins.
    tally.begin();
    assert.deepEqual([tally.draft.waiting, [...tally.draftWaiting]], [2, [[1, 2]]]);
    tally.move(1, 'waiting', 'sent', 1);
    tally.commit();
    assert.deepEqual(tally.totals, { ...noTotals, waiting: 1, sent: 1 });
    assert.deepEqual([...tally.waiting], [[1, 1]]);
  });
});
