import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RecentContents } from '../../../src/relay/log/recent-contents.ts';

describe('The contents that came lately', () => {
  it('have each its latest event, whatever the numbers', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.oneof(
              fc.nat(20),
              fc.maxSafeNat().map((n) => Math.floor(n / 2)),
            ),
            fc.nat(),
          ),
          { maxLength: 500 },
        ),
        (pairs) => {
          const recent = new RecentContents();
          const model = new Map<number, number>();
          for (const [fingerprint, event] of pairs) {
            assert.equal(recent.eventOf(fingerprint), model.get(fingerprint));
            recent.remember(fingerprint, event);
            model.set(fingerprint, event);
          }
          for (const [fingerprint, event] of model) assert.equal(recent.eventOf(fingerprint), event);
        },
      ),
    );
  });

  it('have each its latest event, also where an earlier one was remembered long before', () => {
    const recent = new RecentContents();
    recent.remember(5, 1);
    for (let other = 0; other < 40_000; other++) recent.remember(1000 + other, 2 + other);
    assert.equal(recent.eventOf(5), 1);
    recent.remember(5, 50_000);
    assert.equal(recent.eventOf(5), 50_000);
  });

  it('have their earlier events too, the latest first, a bounded number of them', () => {
    const recent = new RecentContents();
    for (const [fingerprint, event] of [
      [5, 1],
      [6, 2],
      [5, 3],
      [5, 4],
    ] as const)
      recent.remember(fingerprint, event);
    assert.deepEqual([...recent.eventsOf(5)], [4, 3, 1]);
    assert.deepEqual([...recent.eventsOf(6)], [2]);
    assert.deepEqual([...recent.eventsOf(7)], []);
    for (let event = 5; event < 200_000; event++) recent.remember(5, event);
    const known = [...recent.eventsOf(5)].length;
    assert.ok(known > 32_768 && known <= 65_537, `${known}`);
  });

  it('are tens of thousands, and no more', () => {
    const recent = new RecentContents();
    for (let i = 0; i < 300_000; i++) recent.remember(i * 7, i);
    let known = 0;
    for (let i = 0; i < 300_000; i++) if (recent.eventOf(i * 7) !== undefined) known += 1;
    assert.ok(known >= 32_768 && known <= 65_536, `${known}`);
    assert.equal(recent.eventOf(299_999 * 7), 299_999);
  });
});
