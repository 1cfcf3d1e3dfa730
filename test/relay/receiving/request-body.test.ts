import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { Bodies, BodyBudget, Chunks, type BodyShare } from '../../../src/relay/receiving/request-body.ts';

const small = 65_536;

describe('the budget of bodies', () => {
  it('is never exceeded, keeps a quarter for small bodies, and is whole again when all are released', () => {
    const total = 1_000_000;
    const step = fc.record({
      at: fc.nat(19),
      what: fc.constantFrom('grow', 'grow', 'grow', 'release'),
      bytes: fc.nat(150_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const budget = new BodyBudget(total);
        const shares: (BodyShare & { size?: number })[] = Array.from({ length: 20 }, () => budget.share());
        const held = shares.map(() => 0);
        const sum = (which: (bytes: number) => boolean): number =>
          held.filter(which).reduce((all, bytes) => all + bytes, 0);
        for (const { at, what, bytes } of steps) {
          const share = shares[at]!;
          if (what === 'release') {
            share.release();
            share.release();
            held[at] = 0;
          } else {
            const before = budget.held;
            const size = held[at]! + bytes;
            if (share.grow(bytes, size)) held[at] = size;
            else {
              assert.equal(budget.held, before, 'what is refused changes nothing');
              const others = sum((each) => each > small) - (held[at]! > small ? held[at]! : 0);
              if (size > small) assert.ok(others > 0, 'one alone is never refused');
              else assert.ok(sum((each) => each <= small) + bytes > total / 4, 'a small one has its reserve');
            }
          }
          assert.equal(
            budget.held,
            sum(() => true),
          );
          const large = held.filter((each) => each > small);
          if (large.length > 1) assert.ok(sum((each) => each > small) <= (total * 3) / 4);
          if (large.length > 1 || Math.max(...held) <= small) assert.ok(budget.held <= total);
        }
        for (const share of shares) share.release();
        assert.equal(budget.held, 0);
      }),
    );
  });

  it('is taken from what it was where it is set lower, and refuses until it fits', () => {
    const budget = new BodyBudget(1_000_000);
    const [one, other] = [budget.share(), budget.share()];
    assert.ok(one.grow(300_000, 300_000) && other.grow(300_000, 300_000));
    budget.setTotal(400_000);
    assert.equal(other.grow(1, 300_001), false);
    one.release();
    assert.ok(other.grow(1, 300_001));
    other.release();
    assert.equal(budget.held, 0);
  });
});

describe('the chunks of a body', () => {
  it('are the body when joined, and cost no more than twice its bytes and a block', () => {
    const chunk = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.constant(new Uint8Array(5000)));
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 400 }), (pieces) => {
        const chunks = new Chunks();
        let cost = 0;
        for (const piece of pieces) {
          const buffer = Buffer.from(piece);
          cost += chunks.costOf(buffer);
          chunks.add(buffer);
        }
        const whole = Buffer.concat(pieces);
        assert.ok(chunks.join().equals(whole));
        assert.equal(chunks.bytes, whole.length);
        assert.ok(cost <= 2 * whole.length + small, `${cost} for ${whole.length}`);
      }),
    );
  });
});

describe('bodies under way', () => {
  const limits = { maxBodyBytes: 200_000, maxBodiesBytes: 1_048_576 };

  /** A request of which this test sends the body. */
  function requestOf(announced?: number): IncomingMessage & PassThrough {
    const headers = announced === undefined ? {} : { 'content-length': String(announced) };
    return Object.assign(new PassThrough(), { headers }) as unknown as IncomingMessage & PassThrough;
  }

  it('give all back, whichever way each ends, in whatever order', async () => {
    const ends = fc.constantFrom('end', 'destroy', 'error', 'long');
    const sender = fc.record({
      pieces: fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 4 }),
      end: ends,
      announced: fc.option(fc.integer({ min: 1, max: 400_000 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(sender, { minLength: 1, maxLength: 30 }), fc.scheduler(), async (senders, s) => {
        const bodies = new Bodies(limits);
        const kinds = await Promise.all([
          ...senders.map(async ({ pieces, end, announced }) => {
            const request = requestOf(announced);
            request.on('error', () => undefined);
            const share = bodies.budget.share();
            const read = bodies.read(request, share);
            for (const bytes of pieces) {
              await s.schedule(Promise.resolve());
              if (!request.destroyed) request.write(Buffer.alloc(bytes));
            }
            if (end === 'end') request.end();
            else if (end === 'destroy') request.destroy();
            else if (end === 'error') request.destroy(new Error('reset'));
            else request.write(Buffer.alloc(250_000));
            const { kind } = await read;
            share.release();
            return kind;
          }),
          s.waitIdle(),
        ]);
        assert.equal(bodies.budget.held, 0, kinds.join());
      }),
      { numRuns: 60 },
    );
  });

  it('are taken up to their limit, announced or not, and one byte more is too long', async () => {
    for (const announced of [true, false]) {
      for (const [bytes, kind] of [
        [limits.maxBodyBytes, 'whole'],
        [limits.maxBodyBytes + 1, 'long'],
      ] as const) {
        const bodies = new Bodies(limits);
        const request = requestOf(announced ? bytes : undefined);
        const read = bodies.read(request, bodies.budget.share());
        request.end(Buffer.alloc(bytes));
        assert.equal((await read).kind, kind, `${bytes} bytes`);
      }
    }
  });

  it('unfold two at a time, in order, and go on after one that fails', async () => {
    const bodies = new Bodies(limits);
    let now = 0;
    let most = 0;
    const order: number[] = [];
    const done = await Promise.allSettled(
      Array.from({ length: 7 }, (_, i) =>
        bodies.unfold(async () => {
          most = Math.max(most, ++now);
          order.push(i);
          await new Promise(setImmediate);
          now -= 1;
          if (i === 2) throw new Error('broken');
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(
      done.map(({ status }) => status === 'fulfilled'),
      [true, true, false, true, true, true, true],
    );
  });
});
