import assert from 'node:assert/strict';
import { withListNames } from '../../../src/extension/event-tree/shown-filter.ts';

describe('A filter', () => {
  it('is shown with the names of its lists', () => {
    const names = { nameOfList: (id: string): string | undefined => (id === '96c0bbda' ? 'Newsletter' : undefined) };
    assert.equal(withListNames('list:96c0bbda,b1000000 ann', names), 'list:96c0bbda,b1000000 ann (Newsletter)');
    assert.equal(withListNames('mylist:96c0bbda', names), 'mylist:96c0bbda');
  });
});
