import assert from 'node:assert/strict';
import type { RemovedStep } from '../../../src/relay/log/removal.ts';
import { Retention } from '../../../src/relay/log/retention.ts';
import { until } from '../until.ts';

describe('Retention', () => {
  it('looks again at a delivery that was settled while a step was under way', async () => {
    const kept = { deliveries: 3, latest: 20, bytes: 0, somethingWaits: true };
    const floors: number[] = [];
    let answer: (step: RemovedStep) => void = () => undefined;
    const retention = new Retention({
      kept: () => kept,
      removeOldest: (floor) => {
        floors.push(floor);
        return new Promise((resolve) => (answer = resolve));
      },
      onFull: () => undefined,
    });
    retention.set({ maxDeliveries: 2, maxBytes: Infinity });
    await until(() => floors.length === 1);
    // It was looked at when it still waited; 1 to 8 waited then.
    retention.settled(5);
    answer({ removed: 0, floor: 9, more: true });
    await until(() => floors.length === 2);
    assert.deepEqual(floors, [0, 5]);
    answer({ removed: 1, floor: 9, more: false });
    await until(() => floors.length === 3);
    assert.deepEqual(floors, [0, 5, 9], 'and not at those before it');
    kept.deliveries = 2;
    answer({ removed: 1, floor: 10, more: false });
    retention.close();
  });

  it('asks nothing of a history that was closed while a step was under way', async () => {
    let asked = 0;
    let answer: ((step: RemovedStep) => void) | undefined;
    const retention = new Retention({
      kept: () => {
        asked += 1;
        return { deliveries: 3, latest: 20, bytes: 0, somethingWaits: true };
      },
      removeOldest: () => new Promise((resolve) => (answer = resolve)),
      onFull: () => undefined,
    });
    retention.set({ maxDeliveries: 2, maxBytes: Infinity });
    const finish = await until(() => answer);
    retention.close();
    const before = asked;
    finish({ removed: 0, floor: 4, more: false });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked, before);
  });
});
