import assert from 'node:assert/strict';
import { say, translate } from '../../../src/common/say.ts';
import type { CheckResult } from '../../../src/check/check.ts';
import { checksFor } from '../../../src/check/suite.ts';
import { SecretMask } from '../../../src/common/masking.ts';
import { saveRun, readSavedRun, nameOfCallback } from '../../../src/extension/check/saved-results.ts';

const checks = checksFor({ answerWithinMs: 1000 });
const secret = 'correct horse battery staple';

class State {
  readonly kept = new Map<string, unknown>();
  get(key: string): unknown {
    return this.kept.get(key);
  }
  update(key: string, value: unknown): Promise<void> {
    // As VS Code keeps it.
    this.kept.set(key, JSON.parse(JSON.stringify(value)));
    return Promise.resolve();
  }
}

function failed(actual: string): CheckResult {
  const [check] = checks;
  assert.ok(check);
  const message = {
    ...{ label: 'notification', eventId: 'abc', events: 1, bytes: 2 },
    ...{ headers: [['X-Key', secret]] as [string, string][], body: Buffer.from('{}') },
  };
  const finding = { verdict: 'unmet', what: say('the answer'), expected: '2xx', actual } as const;
  const reason = say('{0}: expected {1}, got {2}', say('the answer'), '2xx', actual);
  const step = {
    ...{ title: translate('one event'), sent: 1, p50Ms: 3, p99Ms: 3 },
    ...{ examples: [{ message, attempts: [] }], findings: [finding] },
  };
  return {
    ...{ check, outcome: 'failed', reason },
    result: { name: check.title, outcome: 'failed', reason, steps: [step], ms: 12, isUnreachable: false },
  };
}

describe('What checks came to, kept for after a reload', () => {
  it('is read as it was, but for what was sent and answered', async () => {
    const state = new State();
    const result = failed('500');
    await saveRun(state, 'here', { runToken: 'abc', results: [result] }, new SecretMask([]));
    const kept = readSavedRun(state, 'here', checks);
    const steps = result.result?.steps.map((step) => ({ ...step, examples: [] }));
    assert.deepEqual(kept, { runToken: 'abc', results: [{ ...result, result: { ...result.result, steps } }] });
    assert.equal(readSavedRun(state, 'elsewhere', checks), undefined);
    assert.deepEqual(readSavedRun(state, 'here', checks.slice(1))?.results, []);
  });

  it('holds no secret that the callback said back, no header that was sent, and no text without end', async () => {
    const state = new State();
    const results = [failed(`you sent ${secret} ${'x'.repeat(100_000)}`)];
    await saveRun(state, 'here', { runToken: 'abc', results }, new SecretMask([secret]));
    const text = JSON.stringify([...state.kept]);
    assert.doesNotMatch(text, /battery staple|X-Key/);
    assert.ok(text.length < 5000, `${text.length}`);
  });

  it('is kept of the last few callbacks alone, each once, under a name that gives no URL away', async () => {
    const state = new State();
    const keep = (name: string): Promise<void> =>
      saveRun(state, name, { runToken: name, results: [failed('500')] }, new SecretMask([]));
    for (const name of ['a', 'b', 'c', 'd', 'e', 'a', 'f']) await keep(name);
    const known = ['a', 'b', 'c', 'd', 'e', 'f'].filter((name) => readSavedRun(state, name, checks) !== undefined);
    assert.deepEqual(known, ['a', 'c', 'd', 'e', 'f']);
    const [one, other] = ['planted', 'other'].map((token) =>
      nameOfCallback({ url: `http://127.0.0.1/?token=${token}` }),
    );
    assert.notEqual(one, other);
    assert.doesNotMatch(one ?? '', /planted|127/);
  });
});
