import assert from 'node:assert/strict';
import { Upkeep } from '../../src/relay/upkeep.ts';
import { afterwards } from './afterwards.ts';
import { until } from './until.ts';

interface Watched {
  readonly upkeep: Upkeep;
  /** What the history was asked to do, in order. */
  readonly asked: string[];
}

function watched(): Watched {
  const asked: string[] = [];
  const upkeep = new Upkeep({
    changed: () => void asked.push('changed'),
    checkpoint: () => void asked.push('checkpoint'),
  });
  afterwards(() => upkeep.close());
  return { upkeep, asked };
}

function store({ upkeep }: Watched, count: number): void {
  for (let i = 0; i < count; i++) upkeep.stored();
}

describe('the upkeep of the history', () => {
  it('comes when a burst is over, and writes the log back only after a burst of some size', async () => {
    const few = watched();
    const many = watched();
    store(few, 20);
    store(many, 600);
    await until(() => few.asked.length > 0 && many.asked.length > 1);
    assert.deepEqual(few.asked, ['changed']);
    assert.deepEqual(many.asked, ['changed', 'checkpoint'], 'not while it may go on');
  });

  it('comes in the middle of a burst that goes on, and counts on from there', async () => {
    const long = watched();
    store(long, 5000);
    await until(() => long.asked.length === 1);
    assert.deepEqual(long.asked, ['checkpoint']);
    store(long, 100);
    await until(() => long.asked.length === 2);
    assert.deepEqual(long.asked, ['checkpoint', 'changed'], 'few have come since the log was written back');
  });

  it('comes no more after its end', async () => {
    const ended = watched();
    const going = watched();
    store(ended, 1);
    store(going, 1);
    ended.upkeep.close();
    await until(() => going.asked.length === 1);
    assert.deepEqual(ended.asked, []);
  });
});
