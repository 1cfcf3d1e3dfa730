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
    const names = shownColumns(firstLayout).map(({ name }) => name);
    assert.deepEqual(names, [
      ...['time', 'type', 'address', 'list', 'state', 'status', 'duration', 'destination', 'waterfall'],
    ]);
    assert.equal(toggled(toggled(firstLayout, 'list'), 'list').hidden.includes('list'), false);
    let layout = firstLayout;
    for (const { name } of columns) if (!layout.hidden.includes(name)) layout = toggled(layout, name);
    assert.deepEqual(
      shownColumns(layout).map(({ name }) => name),
      ['waterfall'],
    );
  });

  it('share the width until one is resized, and always fill it', () => {
    const two = {
      hidden: columns.map(({ name }) => name).filter((each) => each !== 'time' && each !== 'type'),
      widths: {},
    };
    assert.equal(templateOf(two), 'minmax(108px, 108fr) minmax(70px, 84fr)');
    const one = resized(two, 'time', 200.4);
    assert.equal(templateOf(one), '200px minmax(70px, 84fr)');
    assert.equal(templateOf(resized(one, 'type', 90)), '200px minmax(90px, 84fr)');
    assert.equal(leastWidthOf(resized(two, 'time', 1), columns[0]!), 36);
  });

  it('are as they were kept, and as at first where that cannot be read', () => {
    const layout = resized(toggled(firstLayout, 'list'), 'type', 123);
    assert.deepEqual(readLayout(JSON.parse(JSON.stringify(layout))), layout);
    for (const kept of [null, 7, {}, { hidden: 'x', widths: {} }, { hidden: [], widths: null }])
      assert.deepEqual(readLayout(kept), firstLayout);
    assert.deepEqual(readLayout({ hidden: ['nothing', 'list'], widths: { type: 'wide', address: 1e9, x: 5 } }), {
      hidden: ['list'],
      widths: { address: 1200 },
    });
    assert.deepEqual(readLayout({ hidden: columns.map(({ name }) => name), widths: {} }).hidden, firstLayout.hidden);
  });
});
