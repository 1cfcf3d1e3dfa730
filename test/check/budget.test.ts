import assert from 'node:assert/strict';
import { Budget, mostHeldBytes, TooMuchError } from '../../src/check/budget.ts';

const MiB = 1_048_576;

describe('What a scenario may send', () => {
  it('is bounded in the requests and bytes of a step, and says by what and what to do', async () => {
    const budget = new Budget();
    await budget.take(10_000, 0, 0);
    await assert.rejects(budget.take(10_001, 0, 0), (error: Error) => {
      assert.ok(error instanceof TooMuchError);
      assert.match(
        error.message,
        /^a step with 10001 requests .* exceeds the limit of 10000 requests\. Use larger parts/,
      );
      return true;
    });
    await budget.take(1, mostHeldBytes, mostHeldBytes);
    budget.release(mostHeldBytes);
    await assert.rejects(
      budget.take(1, MiB, mostHeldBytes + 1),
      /: a step with 1 request and 1 MB of data exceeds the limit of 64 MB.* larger/,
    );
  });

  it('waits for room that others give back', async () => {
    const budget = new Budget();
    await budget.take(1, 0, 40 * MiB);
    const order: string[] = [];
    const second = budget.take(1, 0, 40 * MiB).then(() => order.push('second'));
    await Promise.resolve();
    order.push('released');
    budget.release(40 * MiB);
    await second;
    assert.deepEqual(order, ['released', 'second']);
  });

  it('has 500 requests under way, and begins the next as one ends', async () => {
    const budget = new Budget();
    const ends: (() => void)[] = [];
    const all = Array.from({ length: 500 }, () =>
      budget.underWay(() => new Promise<void>((resolve) => ends.push(resolve))),
    );
    const order: string[] = [];
    const last = budget.underWay(() => Promise.resolve(order.push('begun')));
    await Promise.resolve();
    order.push('one ended');
    ends[0]?.();
    await last;
    assert.deepEqual(order, ['one ended', 'begun']);
    assert.equal(ends.length, 500);
    for (const end of ends) end();
    await Promise.all(all);
  });
});
