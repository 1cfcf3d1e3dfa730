import assert from 'node:assert/strict';
import { filled } from '../../../src/pages/shared/words.ts';

describe('Texts of the pages', () => {
  it('have values in their places', () => {
    assert.equal(filled('{1} of {0}', 3, 'x'), 'x of 3');
    assert.equal(filled('{0} {1}', 1), '1 {1}');
    assert.equal(filled('{0}', '{1}', 'never'), '{1}');
  });
});
