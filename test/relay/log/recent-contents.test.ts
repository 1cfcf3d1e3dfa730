import assert from 'node:assert/strict';
import { RecentContents } from '../../../src/relay/log/recent-contents.ts';

describe('The contents that came lately', () => {
  it('have each its latest event, also where an earlier one was remembered long before', () => {
    const recent = new RecentContents();
    recent.remember(5, 1);
    for (let other = 0; other < 40_000; other++) recent.remember(1000 + other, 2 + other);
    assert.deepEqual(recent.eventsOf(5), [1]);
    recent.remember(5, 50_000);
    assert.deepEqual(recent.eventsOf(5), [50_000, 1]);
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
    assert.deepEqual(recent.eventsOf(5), [4, 3, 1]);
    assert.deepEqual(recent.eventsOf(6), [2]);
    assert.deepEqual(recent.eventsOf(7), []);
    for (let event = 5; event < 1000; event++) recent.remember(5, event);
    assert.deepEqual([recent.eventsOf(5).length, recent.eventsOf(5)[0]], [20, 999]);
  });

  it('are tens of thousands, and no more', () => {
    const recent = new RecentContents();
    for (let i = 0; i < 300_000; i++) recent.remember(i * 7, i);
    let known = 0;
    for (let i = 0; i < 300_000; i++) if (recent.eventsOf(i * 7).length > 0) known += 1;
    assert.ok(known >= 32_768 && known <= 65_536, `${known}`);
    assert.deepEqual(recent.eventsOf(299_999 * 7), [299_999]);
  });
});
