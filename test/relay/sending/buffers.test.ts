import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Buffers } from '../../../src/relay/sending/buffers.ts';

describe('memory that is used in turn', () => {
  it('comes back to who needs as much, or somewhat less', () => {
    const buffers = new Buffers();
    const first = buffers.take(100_000);
    buffers.giveBack(first);
    for (const bytes of [99_000, 100_500]) {
      const again = buffers.take(bytes);
      assert.equal(again.byteLength, bytes);
      assert.equal(again.buffer, first.buffer);
      assert.equal(buffers.kept, 0);
      buffers.giveBack(again);
    }
    assert.notEqual(buffers.take(40_000).buffer, first.buffer);
  });

  it('is kept up to a bound, and what is small or very large not at all', () => {
    const buffers = new Buffers();
    const kept = (): number => buffers.kept;
    for (const bytes of [1000, 10_000_000]) buffers.giveBack(buffers.take(bytes));
    assert.equal(kept(), 0);
    const taken = Array.from({ length: 100 }, () => buffers.take(200_000));
    for (const each of taken) buffers.giveBack(each);
    assert.ok(kept() > 3_000_000 && kept() <= 4_194_304, String(kept()));
  });

  it('is never anybody’s who has not given it back, whatever is taken and given back', () => {
    const step = fc.oneof(
      fc.record({ take: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({ giveBack: fc.nat({ max: 30 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffers = new Buffers();
        const taken: { bytes: Buffer; mark: number }[] = [];
        for (const [mark, each] of steps.entries()) {
          if ('take' in each) {
            const bytes = buffers.take(each.take);
            assert.equal(bytes.byteLength, each.take);
            taken.push({ bytes: bytes.fill(mark), mark });
          } else {
            const [given] = taken.splice(each.giveBack % (taken.length + 1), 1);
            if (given !== undefined) buffers.giveBack(given.bytes);
          }
          for (const { bytes, mark: own } of taken) {
            assert.ok(bytes.every((byte) => byte === own));
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
