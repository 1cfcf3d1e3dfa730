import assert from 'node:assert/strict';
import {
  columns,
  firstLayout,
  leastWidthOf,
  readLayout,
  resized,
  shownColumns,
  templateOf,
  toggled,
} from '../../../src/pages/table/columns.ts';

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

  it('share the width until one is resized, and always fill it', () => {
    const two = {
      hidden: columns.map(({ name }) => name).filter((each) => each !== 'time' && each !== 'type'),
      asked: [],
      widths: {},
    };
    const template = (layout: typeof firstLayout): string => templateOf(layout, shownColumns(layout, []));
    assert.equal(template(two), 'minmax(112px, 112fr) minmax(92px, 94fr)');
    const one = resized(two, 'time', 200.4);
    assert.equal(template(one), '200px minmax(92px, 94fr)');
    assert.equal(template(resized(one, 'type', 90)), '200px minmax(90px, 94fr)');
    assert.equal(leastWidthOf(resized(two, 'time', 1), columns[0]!), 36);
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
