import assert from 'node:assert/strict';
import { columns, firstLayout, readLayout, resized, shownColumns, toggled } from '../../../src/pages/table/columns.ts';

describe('The columns of the table', () => {
  it('are shown and hidden by choice, but for the last', () => {
    const names = shownColumns(firstLayout, []).map(({ name }) => name);
    assert.deepEqual(names, [
      ...['time', 'type', 'address', 'list', 'state', 'status', 'duration', 'destination', 'waterfall'],
    ]);
    assert.equal(toggled(toggled(firstLayout, [], 'list'), [], 'list').hidden.includes('list'), false);
    let layout = firstLayout;
    for (const { name } of columns) if (!layout.hidden.includes(name)) layout = toggled(layout, [], name);
    assert.deepEqual(
      shownColumns(layout, []).map(({ name }) => name),
      ['waterfall'],
    );
  });

  it('are left out while they say the same in every row, until they are asked for', () => {
    const same = ['list', 'destination'] as const;
    const shown = (layout: typeof firstLayout): string[] => shownColumns(layout, same).map(({ name }) => name);
    assert.deepEqual(shown(firstLayout), ['time', 'type', 'address', 'state', 'status', 'duration', 'waterfall']);
    const asked = toggled(firstLayout, same, 'list');
    assert.ok(shown(asked).includes('list') && !shown(asked).includes('destination'));
    assert.deepEqual(readLayout(JSON.parse(JSON.stringify(asked))), asked);
    const hidden = toggled(asked, same, 'list');
    assert.equal(shown(hidden).includes('list'), false);
    assert.equal(
      shownColumns(hidden, []).some(({ name }) => name === 'list'),
      false,
    );
    // Something is always shown.
    const alone = { ...firstLayout, hidden: columns.map(({ name }) => name).filter((name) => name !== 'list') };
    assert.deepEqual(shown(alone), ['list']);
  });

  it('are as they were kept, and as at first where that cannot be read', () => {
    const layout = resized(toggled(firstLayout, [], 'list'), 'type', 123);
    assert.deepEqual(readLayout(JSON.parse(JSON.stringify(layout))), layout);
    for (const kept of [null, 7, {}, { hidden: 'x', widths: {} }, { hidden: [], widths: null }])
      assert.deepEqual(readLayout(kept), firstLayout);
    assert.deepEqual(readLayout({ hidden: ['nothing', 'list'], widths: { type: 'wide', address: 1e9, x: 5 } }), {
      hidden: ['list'],
      asked: [],
      widths: { address: 1200 },
    });
    assert.deepEqual(readLayout({ hidden: columns.map(({ name }) => name), widths: {} }).hidden, firstLayout.hidden);
  });
});
