import assert from 'node:assert/strict';
import { DueAgain } from '../../../src/relay/sending/due-again.ts';
import type { Job } from '../../../src/relay/sending/waiting.ts';
import { afterward } from '../afterward.ts';

const job = (notificationId: number): Job => ({
  notificationId,
  deliveryId: 7,
  destinationId: 1,
  attempts: 2,
  roundStart: 1,
  nextAt: null,
  released: 3,
  looked: true,
});

const never = (): void => assert.fail('nothing was to be due');

describe('what is tried again', () => {
  it('comes when it is due, the earliest first, and not before', () => {
    const retries = new DueAgain(never);
    retries.add(job(1), 30);
    retries.add(job(2), 10);
    assert.equal(retries.size, 2);
    assert.equal(retries.takeDue(9), undefined);
    assert.deepEqual(retries.takeDue(10), { ...job(2), nextAt: 10 });
    assert.equal(retries.takeDue(29), undefined);
    assert.equal(retries.takeDue(30)?.notificationId, 1);
    assert.equal(retries.size, 0);
  });

  it('comes once, at its last time, where it is added again', () => {
    const retries = new DueAgain(never);
    retries.add(job(1), 10);
    retries.drop(({ notificationId }) => notificationId === 1);
    retries.add(job(1), 20);
    assert.equal(retries.takeDue(10), undefined);
    assert.equal(retries.takeDue(20)?.notificationId, 1);
    assert.equal(retries.takeDue(Infinity), undefined);
  });

  it('is dropped by what it is, which is said', () => {
    const retries = new DueAgain(never);
    for (const id of [1, 2, 3]) retries.add(job(id), id);
    assert.deepEqual(
      retries.drop(({ notificationId }) => notificationId !== 2),
      [1, 3],
    );
    assert.equal(retries.takeDue(10)?.notificationId, 2);
    assert.equal(retries.takeDue(10), undefined);
  });

  it('waits its whole pause where the clock was set back just before it was added', () => {
    const retries = new DueAgain(never);
    retries.add(job(1), Date.now() + 30_000);
    const { now } = Date;
    afterward(() => (Date.now = now));
    Date.now = () => now() - 3_600_000;
    retries.add(job(2), Date.now() + 60_000);
    assert.equal(retries.takeDue(Date.now()), undefined);
    assert.deepEqual(
      [1, 2].map(() => retries.takeDue(Date.now() + 60_000)?.notificationId),
      [1, 2],
    );
  });

  it('is due at once where that is wanted, in the order in which it would have been', () => {
    const retries = new DueAgain(never);
    const now = Date.now();
    for (const id of [5, 3, 4, 1, 2]) retries.add(job(id), now + 60_000 * id);
    retries.dueNow();
    const taken = [1, 2, 3, 4, 5].map(() => retries.takeDue(Date.now())?.notificationId);
    assert.deepEqual(taken, [1, 2, 3, 4, 5]);
  });

  it('is announced when it is due, also where an earlier one comes after it was armed', async () => {
    let announce = (): void => undefined;
    const announced = new Promise<void>((resolve) => (announce = resolve));
    const retries = new DueAgain(() => announce());
    afterward(() => retries.close());
    retries.add(job(1), Date.now() + 1e12);
    retries.arm();
    const soon = Date.now() + 5;
    retries.add(job(2), soon);
    retries.arm();
    await announced;
    assert.equal(retries.takeDue(soon)?.notificationId, 2);
  });
});
