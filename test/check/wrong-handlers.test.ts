/** The suite tried on handlers each of which has one fault: the check that names it finds it, and no other blames it. */
import assert from 'node:assert/strict';
import { runChecks, type CheckResult } from '../../src/check/check.ts';
import { checksFor } from '../../src/check/suite.ts';
import { RightHandler, wrongHandlers } from './handlers.ts';
import { contextIn, VirtualWorld } from './virtual-world.ts';

const key = 'a key of this test';

async function checked(Handler: typeof RightHandler): Promise<CheckResult[]> {
  const world = new VirtualWorld();
  world.handler = new Handler(key, (ms) => world.wait(ms));
  const checks = checksFor({ answerWithinMs: 1000 });
  return world.run(() => runChecks(checks, contextIn(world, key), { timeoutMs: 600_000 }));
}

function notPassed(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ outcome }) => outcome !== 'passed')
    .map(({ check, outcome, reason }) => `${outcome} ${check.id}: ${reason ?? ''}`);
}

describe('The suite and handlers with one fault', () => {
  it('finds none in the one that they differ from', async () => {
    assert.deepEqual(notPassed(await checked(RightHandler)), []);
  });

  for (const { fault, foundBy, Handler } of wrongHandlers) {
    it(`finds one that ${fault}: ${foundBy[0] ?? ''}`, async () => {
      const results = await checked(Handler);
      const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check.id);
      assert.deepEqual(failed.toSorted(), foundBy.toSorted(), notPassed(results).join('\n'));
    });
  }
});
