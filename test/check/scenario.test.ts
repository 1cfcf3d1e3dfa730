import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { publishedSchema, schemaFile } from '../../scripts/scenario-schema.ts';
import { ExpressionError } from '../../src/common/expressions/expressions.ts';
import { asks } from '../../src/check/run.ts';
import { expressionsOfFile } from '../../src/check/scenario-expressions.ts';
import { scenario, type Scenario } from '../../src/check/scenario.ts';
import { readScenarioText, ScenarioFileError } from '../../src/check/scenario-file.ts';

function refused(value: unknown): string {
  try {
    readScenarioText(typeof value === 'string' ? value : JSON.stringify(value));
  } catch (error) {
    assert.ok(error instanceof ScenarioFileError, String(error));
    return error.message;
  }
  return assert.fail('accepted');
}

const send = { send: { sample: 'Subscribe' } };

function withSteps(...steps: unknown[]): unknown {
  return { scenarios: [{ name: 'it', steps }] };
}

function readAll(scenario: Scenario): void {
  for (const read of expressionsOfFile({ scenarios: [scenario] })) read();
}

describe('A file of scenarios', () => {
  it('is read with its defaults', () => {
    const { scenarios } = readScenarioText(`\ufeff${JSON.stringify(withSteps(send, { wait: 5 }))}`);
    assert.deepEqual(scenarios[0]?.steps, [
      {
        send: { sample: 'Subscribe', events: 1, seed: 1 },
        as: 'notification',
        partSize: 20,
        trouble: [],
        atOnce: 1,
        retry: 'none',
      },
      { wait: 5 },
    ]);
  });

  it('is refused with the place of what is wrong', () => {
    assert.match(refused('{ scenarios }'), /^isn’t JSON: /);
    assert.match(refused({ scenarios: [] }), /scenarios/);
    assert.match(refused({ scenarios: [{ name: 'it', steps: [send], color: 1 }] }), /scenarios\[0\]: .*color/);
    assert.match(refused(withSteps(send, { wait: 'long' })), /scenarios\[0\]\.steps\[1\]\.wait: .*must be a number/);
    assert.match(refused(withSteps({ send: { sample: 'Bounce' } })), /steps\[0\]\.send\.sample/);
    assert.match(refused(withSteps({ ...send, trouble: ['twise'] })), /steps\[0\]\.trouble\[0\]/);
    assert.match(refused(withSteps({ ...send, expect: { status: '2yy' } })), /steps\[0\]\.expect\.status/);
    assert.match(
      refused({ destination: { url: 'ftp://x/' }, ...(withSteps(send) as object) }),
      /destination\.url: expected a URL/,
    );
    assert.match(
      refused({ destination: { signatureKey: 'in clear' }, ...(withSteps(send) as object) }),
      /destination\.signatureKey/,
    );
  });

  it('has expressions that are read before anything is sent', () => {
    const steps = (expect: object): Parameters<typeof scenario>[0] => ({
      name: 'it',
      steps: [{ repeat: { times: 2 }, steps: [{ send: { sample: 'Update' }, expect }] }],
    });
    for (const expect of [
      { answer: 'answer.stats == 200' },
      { answer: ['answer.status'] },
      { probe: 'after = before' },
      { answer: 'answer.body.matches("(a+)+$")' },
    ]) {
      assert.throws(() => readAll(scenario(steps(expect))), ExpressionError, JSON.stringify(expect));
    }
    const right = scenario(steps({ answer: 'answer.status == 200', probe: 'after - before == sent' }));
    assert.doesNotThrow(() => readAll(right));
    assert.deepEqual([asks(right, 'probe'), asks(right, 'kept')], [true, false]);
  });

  it('is described by the published schema (node scripts/scenario-schema.ts writes it)', async () => {
    assert.equal(readFileSync(schemaFile, 'utf8'), await publishedSchema());
  });

  it('is checked by the published schema as it is here', async () => {
    const check = new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(await publishedSchema()));
    assert.equal(check(withSteps(send, { repeat: { times: 3 }, steps: [send] })), true, JSON.stringify(check.errors));
    assert.equal(check(withSteps({ ...send, trouble: ['twise'] })), false);
    assert.equal(check({ scenarios: [] }), false);
  });
});
