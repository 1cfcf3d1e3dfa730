import assert from 'node:assert/strict';
import { Coalescer } from '../../../src/extension/ui/coalescer.ts';
import { HeldTimers } from './held-timers.ts';

describe('the coalescer', () => {
  it('makes one run of the requests that come before the pause is over', () => {
    const timers = new HeldTimers();
    const at: number[] = [];
    const coalescer = new Coalescer(
      () => {
        at.push(timers.now());
      },
      () => 100,
      timers,
    );
    for (let ms = 0; ms < 1000; ms += 10) {
      coalescer.request();
      timers.pass(10);
    }
    assert.deepEqual(
      at,
      [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000].filter((ms) => ms <= at.at(-1)!),
    );
    assert.ok(at.length >= 10);
  });

  it('does not run while a run is under way, and once more after it where that was asked for', async () => {
    const timers = new HeldTimers();
    const ends: (() => void)[] = [];
    const coalescer = new Coalescer(
      () => new Promise<void>((resolve) => ends.push(resolve)),
      () => 100,
      timers,
    );
    coalescer.request();
    coalescer.request();
    coalescer.request();
    timers.pass(1000);
    assert.equal(ends.length, 1);
    ends[0]!();
    await new Promise(setImmediate);
    timers.pass(100);
    assert.equal(ends.length, 2);
    ends[1]!();
    await new Promise(setImmediate);
    timers.pass(1000);
    assert.equal(ends.length, 2);
  });
});
