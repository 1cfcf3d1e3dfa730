import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bodyHeight, mostHeight, revealing, rowsInSight, topOf } from '../../../src/pages/table/scroll-window.ts';

const geometry = fc.record({
  total: fc.integer({ min: 1, max: 3_000_000 }),
  rowHeight: fc.integer({ min: 22, max: 60 }),
  viewHeight: fc.integer({ min: 60, max: 2000 }),
});

describe('The rows in sight of a table', () => {
  it('are those of the scrolled place', () => {
    const small = { total: 100_000, rowHeight: 22, viewHeight: 220 };
    assert.equal(bodyHeight(small), 2_200_000);
    assert.deepEqual(rowsInSight(small, 0), { first: 0, last: 9 });
    assert.deepEqual(rowsInSight(small, 11), { first: 0, last: 10 });
    assert.deepEqual(rowsInSight(small, 2_200_000 - 220), { first: 99_990, last: 99_999 });
    assert.equal(topOf(small, 7, 1234), 154);
    assert.deepEqual(rowsInSight({ ...small, total: 0 }, 0), { first: 0, last: -1 });
  });

  it('reach from the first to the last in a history of any length, which no browser would draw so high', () => {
    fc.assert(
      fc.property(geometry, (each) => {
        const height = bodyHeight(each);
        assert.ok(height <= mostHeight);
        const most = Math.max(0, height - each.viewHeight);
        assert.equal(rowsInSight(each, 0).first, 0);
        const end = rowsInSight(each, most);
        assert.equal(end.last, each.total - 1);
        // The last row ends where the sight does.
        const bottom = topOf(each, each.total - 1, most) + each.rowHeight - most;
        assert.ok(Math.abs(bottom - Math.min(each.viewHeight, each.total * each.rowHeight)) < 0.01);
      }),
    );
  });

  it('hold the row that is to be shown, wholly, and are not moved where it is in sight', () => {
    fc.assert(
      fc.property(geometry, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (each, part, number) => {
        const index = number % each.total;
        const before = part * Math.max(0, bodyHeight(each) - each.viewHeight);
        const after = revealing(each, index, before);
        const top = topOf(each, index, after) - after;
        assert.ok(top > -0.01 && top + each.rowHeight < each.viewHeight + 0.01, `${top}`);
        assert.ok(Math.abs(revealing(each, index, after) - after) < 0.01);
      }),
    );
  });
});
