import assert from 'node:assert/strict';
import { scenario } from '../../../src/check/scenario.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('A scenario while its callback is debugged', () => {
  useVscodeStandIn();

  it('has time enough in each step, those that are repeated too, and is the same else', async () => {
    const { noDeadlineMs, withoutDeadline } = await import('../../../src/extension/check/scenario-run.ts');
    const hurried = scenario({
      name: 'is taken',
      timeoutMs: 1000,
      steps: [
        { send: { sample: 'Subscribe' }, timeoutMs: 300, expect: { status: 200 } },
        { wait: 5 },
        { repeat: { times: 2 }, steps: [{ send: { sample: 'Update' }, timeoutMs: 300 }, { wait: 1 }] },
      ],
    });
    const free = withoutDeadline(hurried);
    assert.equal(free.timeoutMs, noDeadlineMs);
    assert.equal(JSON.stringify(free).match(/"timeoutMs":3600000/g)?.length, 3);
    assert.equal(JSON.stringify(free).includes('"timeoutMs":300,'), false);
    const without = (each: unknown): unknown =>
      JSON.parse(JSON.stringify(each, (name, value: unknown) => (name === 'timeoutMs' ? undefined : value)));
    assert.deepEqual(without(free), without(hurried));
  });
});
