import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Waiting, windowSize, type Job } from '../../../src/relay/sending/waiting.ts';

const job = (notificationId: number, nextAt: number | null = null): Job => ({
  notificationId,
  deliveryId: notificationId,
  destinationId: 1,
  attempts: 0,
  roundStart: 0,
  nextAt,
  released: null,
  looked: false,
});

const noneLater = (): void => assert.fail('nothing was to be put off');

/** One that has read the disk, on which these were. */
function opened(...ids: number[]): Waiting {
  const waiting = new Waiting();
  waiting.fill(
    ids.map((id) => job(id)),
    0,
    noneLater,
  );
  return waiting;
}

function taken(waiting: Waiting): number[] {
  const ids: number[] = [];
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) ids.push(next.notificationId);
  return ids;
}

describe('what waits for a destination', () => {
  it('is read from disk first, from the beginning: what is new comes after what was there', () => {
    const waiting = new Waiting();
    assert.equal(waiting.readAfter, 0);
    waiting.add(job(3));
    assert.equal(waiting.take(), undefined);
    waiting.fill([job(1), job(2), job(3)], 0, noneLater);
    assert.equal(waiting.readAfter, null);
    waiting.add(job(4));
    assert.deepEqual(taken(waiting), [1, 2, 3, 4]);
  });

  it('is a window in memory; what has no room is read on when its turn comes', () => {
    const waiting = opened();
    for (let id = 1; id <= windowSize + 3; id++) waiting.add(job(id));
    assert.equal(waiting.readAfter, null);
    assert.equal(taken(waiting).length, windowSize);
    assert.equal(waiting.readAfter, windowSize);
    waiting.fill(
      [1, 2, 3].map((more) => job(windowSize + more)),
      0,
      noneLater,
    );
    assert.equal(waiting.readAfter, null);
    assert.deepEqual(
      taken(waiting),
      [1, 2, 3].map((more) => windowSize + more),
    );
  });

  it('is not taken twice, from disk or as a replay, until it is forgotten', () => {
    const waiting = opened(1, 2);
    assert.deepEqual(taken(waiting), [1, 2]);
    waiting.lookAgain();
    waiting.addLate(job(1));
    waiting.fill([job(1), job(2)], 0, noneLater);
    assert.deepEqual(taken(waiting), []);
    assert.ok(waiting.inMemory);
    waiting.forget(1);
    waiting.addLate(job(1));
    assert.deepEqual(taken(waiting), [1]);
    waiting.forget(1);
    waiting.forget(2);
    assert.ok(!waiting.inMemory);
  });

  it('comes out once and in order, however much comes while it is taken', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 40 }), (counts) => {
        const waiting = opened();
        const disk: number[] = [];
        const out: number[] = [];
        for (const [index, count] of counts.entries()) {
          for (let i = 0; i < count; i++) {
            disk.push(disk.length + 1);
            waiting.add(job(disk.length));
          }
          // Slower than they come.
          for (let i = 0; i < count / 2 + (index % 3); i++) {
            const after = waiting.readAfter;
            if (after !== null) waiting.fill(readFrom(disk, after), 0, noneLater);
            const next = waiting.take();
            if (next !== undefined) out.push(next.notificationId);
          }
        }
        for (;;) {
          out.push(...taken(waiting));
          const after = waiting.readAfter;
          if (after === null) break;
          waiting.fill(readFrom(disk, after), 0, noneLater);
        }
        assert.deepEqual(out, disk);
      }),
      { numRuns: 30 },
    );
  });
});

function readFrom(disk: readonly number[], after: number): Job[] {
  return disk.slice(after, after + windowSize).map((id) => job(id));
}
