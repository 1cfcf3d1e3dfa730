import assert from 'node:assert/strict';
import { costOf } from '../../src/check/cost.ts';
import type { CostAssumptions } from '../../src/check/cost.ts';
import { allChecksMs, settlingOf } from '../../src/check/defaults.ts';
import { scenario } from '../../src/check/scenario.ts';
import type { WrittenScenario } from '../../src/check/scenario.ts';
import { checksFor } from '../../src/check/suite.ts';
import type { Check } from '../../src/check/suite.ts';

const all = checksFor({ answerWithinMs: 1000 });
const settling = { mostMs: 1000, quietMs: 100 };

function assumptions(has: boolean): CostAssumptions {
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
    const given = { ...assumptions(true), isSettlingGiven: true };
    // In vain, two others are sent that tell whether the page shows a part only.
    assert.deepEqual(costOf([check], given), { leastMs: 3700, mostMs: 6900 });
    // The second time the number is known.
    assert.deepEqual(costOf([check, check], given), { leastMs: 7300, mostMs: 13_700 });
    // Behind each there is a short time to end by it.
    assert.deepEqual(costOf([check], assumptions(false)), { leastMs: 3600, mostMs: 3600 });
    assert.deepEqual(costOf([check, check], assumptions(false)), { leastMs: 7200, mostMs: 7200 });
  });

  it('is what is sent first, too, to find how long the callback works behind its answer', () => {
    const shows = checkOf([{ send: one, expect: { probe: 1 } }]);
    assert.deepEqual(costOf([shows], assumptions(true)), { leastMs: 200, mostMs: 10_100 });
    assert.deepEqual(costOf([shows], { ...assumptions(true), isSettlingGiven: true }), { leastMs: 200, mostMs: 1100 });
    const first = checkOf([{ send: one }]);
    // Of the one that shows nothing it is waited for longer: it may be worked off one by one.
    assert.deepEqual(costOf([first, shows], assumptions(true)), { leastMs: 400, mostMs: 11_500 });
  });

  it('is as long as a repetition may take, and nothing where a check is not run', () => {
    const repeated = checkOf([{ repeat: { times: 100, atMostMs: 5000 }, steps: [{ send: one }] }]);
    assert.deepEqual(costOf([repeated], assumptions(true)), { leastMs: 100, mostMs: 5300 });
    const paced = checkOf([{ repeat: { times: 11, perSecond: 10 }, steps: [{ send: one }, { wait: 50 }] }]);
    assert.deepEqual(costOf([paced], assumptions(true)), { leastMs: 1150, mostMs: 1350 });
    assert.deepEqual(costOf([checkOf([{ wait: 500 }], true)], assumptions(false)), { leastMs: 0, mostMs: 0 });
  });

  it('stays below the limit of all of them, whatever is waited for', () => {
    const { leastMs, mostMs } = costOf(all, { has: { probe: true, kept: true, key: true }, settling: settlingOf() });
    assert.ok(leastMs < mostMs && mostMs < allChecksMs, `${leastMs} to ${mostMs} ms`);
  });
});
