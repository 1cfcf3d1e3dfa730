/** Each check answers for itself: for what it sent, and neither for what came before it nor for what is beside it. */
import assert from 'node:assert/strict';
import { runChecks, type CheckResult } from '../../src/check/check.ts';
import type { RunContext } from '../../src/check/run.ts';
import { checksFor } from '../../src/check/suite.ts';
import { RightHandler, type Received } from './handlers.ts';
import { contextIn, VirtualWorld } from './virtual-world.ts';

const key = 'a key of this test';
const all = checksFor({ answerWithinMs: 1000 });

/** Ends some time after it has answered the older shape, and is there again later. */
class Fragile extends RightHandler {
  isDown = false;
  endsAfterMs = 20;
  againAfterMs = 1000;

  override async take(received: Received): Promise<number> {
    if (received.body.includes('"response"')) {
      void this.wait(this.endsAfterMs).then(async () => {
        this.isDown = true;
        await this.wait(this.againAfterMs);
        this.isDown = false;
      });
      return 202;
    }
    return super.take(received);
  }
}

interface Trial {
  readonly ids: readonly string[];
  readonly timeoutMs?: number;
  readonly more?: Partial<RunContext>;
}

async function checked(
  handler: (world: VirtualWorld) => RightHandler | undefined,
  { ids, timeoutMs = 600_000, more }: Trial,
): Promise<{ results: CheckResult[]; told: CheckResult[] }> {
  const world = new VirtualWorld();
  world.handler = handler(world);
  const told: CheckResult[] = [];
  const results = await world.run(() =>
    runChecks(
      all.filter(({ id }) => ids.includes(id)),
      { ...contextIn(world, key), ...more },
      { timeoutMs, onResult: (result) => told.push(result) },
    ),
  );
  return { results, told };
}

function said(results: readonly CheckResult[]): string[] {
  return results.map(({ check, outcome, reason }) => `${outcome} ${check.id}: ${reason ?? ''}`);
}

const ended =
  'your callback: expected still running, got nothing is listening at http://callback.example anymore: the server exited during or after this check';

describe('A callback that ends by what it is sent', () => {
  const ids = ['older-shape', 'event-types', 'every-event'];

  it('fails it also where that shows only when the next is sent, which is then sent anew', async () => {
    const fragile = (world: VirtualWorld): RightHandler =>
      Object.assign(new Fragile(key, (ms) => world.wait(ms)), { endsAfterMs: 102 });
    const { results, told } = await checked(fragile, { ids: ids.slice(0, 2), more: { probe: null, kept: null } });
    assert.deepEqual(said(results), [`failed older-shape: ${ended}`, 'passed event-types: ']);
    assert.deepEqual(said(told), ['passed older-shape: ', ...said(results)]);
  });

  it('leaves the others out where it does not come back', async () => {
    const fragile = (world: VirtualWorld): RightHandler =>
      Object.assign(new Fragile(key, (ms) => world.wait(ms)), { againAfterMs: 3_600_000 });
    const { results } = await checked(fragile, { ids });
    const gone = 'the destination hasn’t answered since the check "Accepts the older notification format"';
    assert.deepEqual(said(results), [
      `failed older-shape: ${ended}`,
      `skipped event-types: ${gone}`,
      `skipped every-event: ${gone}`,
    ]);
  });
});

describe('A callback that is not there', () => {
  for (const ids of [
    ['notification', 'event-types'],
    ['every-event', 'event-types'],
  ]) {
    it(`fails nothing: nothing was sent (${ids.join(', ')})`, async () => {
      const probe = { read: () => Promise.resolve(0) };
      const { results } = await checked(() => undefined, { ids, more: { probe } });
      const reason = 'nothing is listening at http://callback.example: connect ECONNREFUSED';
      assert.deepEqual(
        said(results),
        results.map(({ check }) => `skipped ${check.id}: ${reason}`),
      );
      assert.equal(results.length, 2);
    });
  }
});

describe('A check that is not gone through to its end', () => {
  it('was not run where the time for all is up', async () => {
    const { results } = await checked((world) => new RightHandler(key, (ms) => world.wait(ms)), {
      ids: ['notification', 'slow-body'],
      timeoutMs: 2000,
    });
    assert.deepEqual(said(results), [
      'passed notification: ',
      'skipped slow-body: the time limit for all checks was reached',
    ]);
  });

  it('is undecided where its own time is up, and failed where an answer was wrong until then', async () => {
    class Slow extends RightHandler {
      status = 200;
      override async take(received: Received): Promise<number> {
        await this.wait(4000);
        await super.take(received);
        return this.status;
      }
    }
    const slow = await checked((world) => new Slow(key, (ms) => world.wait(ms)), { ids: ['large-batch'] });
    assert.deepEqual(said(slow.results), ['undecided large-batch: the time limit of 120000 ms was exceeded']);
    const wrong = await checked((world) => Object.assign(new Slow(key, (ms) => world.wait(ms)), { status: 413 }), {
      ids: ['large-batch'],
    });
    assert.match(
      said(wrong.results).join(),
      /^failed large-batch: the answers: expected 2xx, got 413 \(\d+ times\); the time limit/,
    );
  });
});
