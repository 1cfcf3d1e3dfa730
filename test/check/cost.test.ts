import assert from 'node:assert/strict';
import { costOf } from '../../src/check/cost.ts';
import type { CostTerms } from '../../src/check/cost.ts';
import { allChecksMs, settlingOf } from '../../src/check/defaults.ts';
import { scenario } from '../../src/check/scenario.ts';
import type { WrittenScenario } from '../../src/check/scenario.ts';
import { checksFor } from '../../src/check/suite.ts';
import type { Check } from '../../src/check/suite.ts';

const all = checksFor({ answerWithinMs: 1000 });
const settling = { mostMs: 1000, quietMs: 100 };

function terms(has: boolean): CostTerms {
  return { has: { probe: has, kept: has, key: has }, settling };
}

function checkOf(steps: WrittenScenario['steps'], needsKey = false): Check {
  const [first] = all;
  assert.ok(first);
  return { ...first, needsKey, scenario: scenario({ name: 'it', steps }) };
}

const one = { sample: 'Subscribe' } as const;

describe('What checks cost in time', () => {
  it('is what they wait for: pauses, slow bodies, the probe before and after, the page that shows what is kept', () => {
    const check = checkOf([
      { send: one, trouble: [{ slow: 3000 }] },
      { wait: 500 },
      { send: one, expect: { probe: 1, kept: 'Ada' } },
    ]);
    assert.deepEqual(costOf([check], terms(true)), { leastMs: 3700, mostMs: 5600 });
    assert.deepEqual(costOf([check], terms(false)), { leastMs: 3500, mostMs: 3500 });
    assert.deepEqual(costOf([check, check], terms(false)), { leastMs: 7000, mostMs: 7000 });
  });

  it('is as long as a repetition may take, and nothing where a check is not run', () => {
    const repeated = checkOf([{ repeat: { times: 100, atMostMs: 5000 }, steps: [{ send: one }] }]);
    assert.deepEqual(costOf([repeated], terms(true)), { leastMs: 0, mostMs: 5000 });
    const paced = checkOf([{ repeat: { times: 11, perSecond: 10 }, steps: [{ send: one }, { wait: 50 }] }]);
    assert.deepEqual(costOf([paced], terms(true)), { leastMs: 1050, mostMs: 1050 });
    assert.deepEqual(costOf([checkOf([{ wait: 500 }], true)], terms(false)), { leastMs: 0, mostMs: 0 });
  });

  it('stays below the limit of all of them, whatever is waited for', () => {
    const { leastMs, mostMs } = costOf(all, { has: { probe: true, kept: true, key: true }, settling: settlingOf() });
    assert.ok(leastMs < mostMs && mostMs < allChecksMs, `${leastMs} to ${mostMs} ms`);
  });
});
