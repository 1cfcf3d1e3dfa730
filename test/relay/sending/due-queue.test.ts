import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DueQueue } from '../../../src/relay/sending/due-queue.ts';

describe('a schedule', () => {
  it('has nothing due while it is empty', () => {
    const schedule = new DueQueue<string>();
    assert.equal(schedule.nextAt, undefined);
    assert.equal(schedule.takeDue(Infinity), undefined);
  });

  it('gives nothing before its time, and all of it then', () => {
    const schedule = new DueQueue<string>();
    schedule.add(20, 'b');
    schedule.add(10, 'a');
    assert.equal(schedule.nextAt, 10);
    assert.equal(schedule.takeDue(9), undefined);
    assert.equal(schedule.takeDue(10), 'a');
    assert.equal(schedule.takeDue(19), undefined);
    assert.equal(schedule.nextAt, 20);
    assert.equal(schedule.takeDue(20), 'b');
    assert.equal(schedule.takeDue(20), undefined);
    assert.equal(schedule.nextAt, undefined);
  });

  it('behaves as a sorted list for any run of additions and takings', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ take: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const schedule = new DueQueue<number>();
        let model: number[] = [];
        for (const each of steps) {
          if ('add' in each) {
            schedule.add(each.add, each.add);
            model = [...model, each.add].sort((a, b) => a - b);
          } else {
            const first = model[0];
            const expected = first !== undefined && first <= each.take ? model.shift() : undefined;
            assert.equal(schedule.takeDue(each.take), expected);
          }
          assert.equal(schedule.nextAt, model[0]);
        }
      }),
    );
  });
});
