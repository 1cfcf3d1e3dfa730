import assert from 'node:assert/strict';
import { countLines, findExcess, lowerMaxLines, readMaxLines } from '../../scripts/source-lines.ts';

describe('The lines of src', () => {
  const max = { total: 30, modules: { cli: 10, relay: 20 } };

  it('are at most the figure of each module in scripts/source-lines.json', () => {
    assert.deepEqual(findExcess(readMaxLines(), countLines()), []);
  });

  it('may be fewer, and not one more', () => {
    assert.deepEqual(findExcess(max, { cli: 10, relay: 3 }), []);
    assert.deepEqual(findExcess(max, { cli: 13, relay: 20 }), [
      'src/cli has 13 lines, at most 10: remove 3, or lower other figures by as much',
    ]);
  });

  it('are held for each module that exists, and for no other', () => {
    assert.deepEqual(findExcess(max, { cli: 10, page: 5 }), [
      'src/page has no figure: give it 5, and lower others by as much',
      'src/relay does not exist: remove its figure',
    ]);
  });

  it('have a higher figure only if another is lowered by as much', () => {
    const counts = { cli: 12, relay: 18 };
    assert.deepEqual(findExcess({ total: 30, modules: { cli: 12, relay: 18 } }, counts), []);
    assert.deepEqual(findExcess({ total: 30, modules: { cli: 12, relay: 20 } }, counts), [
      'the figures add up to 32, at most 30: lower others by 2',
    ]);
    assert.deepEqual(findExcess({ total: 30, modules: { cli: 12, relay: 17 } }, { cli: 12, relay: 17 }), [
      'the figures add up to 29: lower the total, which is 30, to that',
    ]);
  });

  it('are lowered to what there is, and never raised', () => {
    assert.deepEqual(lowerMaxLines(max, { cli: 13, relay: 18, page: 5 }), {
      total: 28,
      modules: { cli: 10, relay: 18 },
    });
    assert.deepEqual(lowerMaxLines(max, { cli: 4 }), { total: 4, modules: { cli: 4 } });
  });
});
