import assert from 'node:assert/strict';
import { say } from '../../src/common/say.ts';
import { isSaidBy, noveltyTracker, sharedCauses } from '../../src/check/causes.ts';
import type { CheckResult } from '../../src/check/check.ts';
import type { Finding, Outcome } from '../../src/check/run.ts';
import { checksFor } from '../../src/check/suite.ts';

const all = checksFor({ answerWithinMs: 1000 });
const page = say(
  '{0} is marked as JSON but is truncated or invalid',
  say('the page {0}', 'http://127.0.0.1:3000/contacts'),
);

function result(at: number, outcome: Outcome, open: readonly string[], reason: string | null = null): CheckResult {
  const check = all[at];
  assert.ok(check);
  const findings = open.map((actual): Finding => ({
    verdict: 'undecided',
    what: say('stored data'),
    expected: 'Ada',
    actual,
  }));
  const step = { title: 'one', sent: 1, examples: [], p50Ms: 1, p99Ms: 1, findings };
  return {
    ...{ check, outcome, reason },
    result:
      outcome === 'skipped' ? null : { name: check.id, outcome, reason, steps: [step], ms: 1, isUnreachable: false },
  };
}

/** One that failed for want of a text, in a page that was broken before. */
function missing(at: number): CheckResult {
  const failed = result(at, 'failed', []);
  const actual = say('a page without {0}', '"Ada"');
  const finding: Finding = { verdict: 'unmet', what: say('stored data'), expected: '"Ada"', actual, cause: page };
  const steps = failed.result?.steps.map((step) => ({ ...step, findings: [finding] })) ?? [];
  return { ...failed, result: failed.result && { ...failed.result, steps } };
}

describe('Why checks are not decided', () => {
  it('is text once where several share it, with those that it holds up', () => {
    const results = [
      result(0, 'passed', []),
      result(1, 'undecided', [page, page]),
      result(2, 'failed', [page]),
      result(3, 'undecided', [say('no contact count was set up')]),
      result(4, 'skipped', [], say('no signature key was provided')),
      result(5, 'skipped', [], say('no signature key was provided')),
    ];
    assert.deepEqual(
      sharedCauses(results).map(({ text, ids }) => [text, ids]),
      [
        [page, [all[1]?.id, all[2]?.id]],
        ['no signature key was provided', [all[4]?.id, all[5]?.id]],
      ],
    );
  });

  it('is text above one that failed, where that lies beside the callback: to be looked at first', () => {
    const one = missing(2);
    assert.deepEqual(
      sharedCauses([one]).map(({ text, ids }) => [text, ids]),
      [[page, [all[2]?.id]]],
    );
    assert.equal(isSaidBy(sharedCauses([one]), one), false);
    const newsOf = noveltyTracker();
    assert.deepEqual([newsOf(one).causes, newsOf(missing(3)).causes], [[page], []]);
  });

  it('is news once; what failed always is', () => {
    const newsOf = noveltyTracker();
    const told = [
      result(0, 'undecided', [page]),
      result(1, 'undecided', [page]),
      result(2, 'failed', [page]),
      result(3, 'undecided', [page, say('no contact count was set up')]),
      result(4, 'passed', []),
    ].map((each) => newsOf(each).isNews);
    assert.deepEqual(told, [true, false, true, true, false]);
  });
});
