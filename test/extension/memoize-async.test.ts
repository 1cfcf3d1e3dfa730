import assert from 'node:assert/strict';
import { memoizeAsync } from '../../src/extension/memoize-async.ts';

describe('What is made once', () => {
  it('is made when it is first asked for, for all that ask', async () => {
    let count = 0;
    const ask = memoizeAsync(() => Promise.resolve(++count));
    assert.equal(count, 0);
    assert.deepEqual(await Promise.all([ask(), ask()]), [1, 1]);
    assert.equal(await ask(), 1);
  });

  it('is tried again where it failed', async () => {
    let count = 0;
    const ask = memoizeAsync(() => (++count === 1 ? Promise.reject(new Error('not there')) : Promise.resolve(count)));
    const both = await Promise.allSettled([ask(), ask()]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await ask(), 2);
    assert.equal(await ask(), 2);
  });
});
