import assert from 'node:assert/strict';
import type { RowWindow, TableRow } from '../../../src/extension/event-table/messages.ts';
import { RowCache, windowSize } from '../../../src/pages/table/row-cache.ts';

/** A window whose rows have their positions as ids. */
function windowAt(offset: number): { offset: number; rows: TableRow[] } {
  return { offset, rows: Array.from({ length: windowSize }, (_, at) => ({ id: `e${offset + at}` }) as TableRow) };
}

function begin(cache: RowCache, total: number, windows: RowWindow[] = []): void {
  cache.begin({ generation: 1, filter: 'a', before: `e${total}`, total, windows });
}

describe('The rows that the table has', () => {
  it('are named where they are loaded, also those above', () => {
    const cache = new RowCache();
    begin(cache, 300, [windowAt(0)]);
    cache.change([{ id: 'e301' } as TableRow], []);
    assert.deepEqual(cache.idsAt(-1, 1), ['e301', 'e0', 'e1']);
    assert.deepEqual(cache.idsAt(198, 202), ['e198', 'e199']);
  });

  it('are all those before the next event, for a filter', () => {
    const cache = new RowCache();
    assert.deepEqual([cache.view.filter, cache.before, cache.total], ['', 'e1', 0]);
    begin(cache, 300);
    assert.deepEqual([cache.view.generation, cache.view.filter, cache.before], [1, 'a', 'e300']);
    cache.change([{ id: 'e305' } as TableRow, { id: 'e301' } as TableRow], []);
    assert.equal(cache.before, 'e306');
    cache.begin();
    assert.deepEqual([cache.view.generation, cache.before, cache.total], [0, 'e1', 0]);
  });

  it('are those of the view below what has come since, as they are now', () => {
    const cache = new RowCache();
    begin(cache, 1000, [windowAt(0)]);
    const row = (id: string, state = 'waiting'): TableRow => ({ id, state }) as TableRow;
    cache.change([row('n2'), row('n1')], []);
    cache.change([row('n3')], [row('n1', 'sent'), row('e199', 'sent')]);
    assert.equal(cache.total, 1003);
    assert.deepEqual(
      [0, 1, 2, 3].map((at) => cache.row(at)?.id),
      ['n3', 'n2', 'n1', 'e0'],
    );
    assert.equal(cache.row(2)?.state, 'sent');
    assert.equal(cache.row(202)?.state, 'sent');
    assert.equal(cache.row(203), undefined);
    assert.deepEqual([cache.above, cache.row(10)?.id], [3, 'e7']);
    assert.deepEqual(cache.wanted(190, 210, true), [200, 400]);
    begin(cache, 1003);
    assert.equal(cache.total, 1003);
  });
});
