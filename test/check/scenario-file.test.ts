import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readScenarioBytes,
  readScenarioFile,
  readScenarioText,
  ScenarioFileError,
} from '../../src/check/scenario-file.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';

const step = { send: { sample: 'Subscribe' } };
const withSteps = (...steps: unknown[]): string => JSON.stringify({ scenarios: [{ name: 'it', steps }] });
const times = (count: number, each: unknown): unknown[] => Array.from({ length: count }, () => each);

function refusedText(text: string): string {
  try {
    readScenarioText(text);
  } catch (error) {
    assert.ok(error instanceof ScenarioFileError, String(error));
    return error.message;
  }
  return assert.fail('accepted');
}

async function refused(work: Promise<unknown>): Promise<ScenarioFileError> {
  const error: unknown = await work.then(
    () => assert.fail('accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ScenarioFileError, String(error));
  return error;
}

describe('A file of scenarios of somebody else’s', () => {
  it('is no link to a file elsewhere, whose beginning would be quoted', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'tests'));
    writeFileSync(join(folder, 'passwords'), 'a secret');
    writeFileSync(join(folder, 'config.json'), '{"a secret":1}');
    for (const target of ['passwords', 'config.json']) {
      const path = join(folder, 'tests', `${target}.cm-scenario.json`);
      symlinkSync(join(folder, target), path);
      const { message } = await refused(readScenarioFile(path));
      assert.match(message, /^is outside the scenario folder/);
    }
  });

  it('is read up to its bound, and says what to do where it is longer', async () => {
    const path = join(temporaryFolder(), 'it.cm-scenario.json');
    writeFileSync(path, withSteps(step).padEnd(1_048_576));
    assert.equal((await readScenarioFile(path)).file.scenarios.length, 1);
    writeFileSync(path, withSteps(step).padEnd(1_048_577));
    const { message, next } = await refused(readScenarioFile(path));
    assert.equal(message, 'is longer than 1048576 bytes');
    assert.match(next ?? '', /smaller files/);
    await refused(readScenarioBytes(Buffer.alloc(1_048_577)));
  });

  it('has bounds on its depth, values, keys and expressions', async () => {
    assert.match(refusedText('['.repeat(51)), /nested more than 50 levels deep/);
    assert.doesNotMatch(refusedText('['.repeat(50)), /nested/);
    // What stands in a text is no structure.
    assert.doesNotThrow(() => readScenarioText(withSteps({ ...step, name: '["\\'.repeat(20) })));
    assert.match(refusedText(`[${times(30_000, 1).join()}]`), /more than 30000 values/);
    const headers = (count: number): object =>
      Object.fromEntries(times(count, 'v').map((each, index) => [`x-${index}`, each]));
    const withHeaders = (count: number): string =>
      JSON.stringify({ destination: { headers: headers(count) }, scenarios: [{ name: 'it', steps: [step] }] });
    assert.match(refusedText(withHeaders(201)), /more than 200 keys/);
    const asking = { ...step, expect: { answer: times(20, 'answer.status == 200') } };
    const read = (count: number): Promise<unknown> =>
      readScenarioBytes(Buffer.from(withSteps(...times(count, asking))));
    await read(50);
    assert.match((await refused(read(51))).message, /more than 1000 expressions/);
  });

  it('says in plain words what is wrong, and where', () => {
    const withDestination = (destination: object): string =>
      JSON.stringify({ destination, scenarios: [{ name: 'it', steps: [step] }] });
    for (const [text, said] of [
      [
        withDestination({ headers: { authorization: 'x' } }),
        'destination.headers.authorization: contains a credential; use "credentials" instead',
      ],
      [
        withDestination({ credentials: { authorization: 'KEY' } }),
        'destination.credentials.authorization: must be an object',
      ],
      [withSteps(step, { expect: {} }), 'scenarios[0].steps[1].send: is missing'],
      [withSteps({ ...step, repeat: 2 }), 'scenarios[0].steps[0]: unknown key "repeat"'],
    ] as const) {
      assert.equal(refusedText(text), said);
    }
  });

  it('leaves others their turn while its expressions are read', async () => {
    const asking = { ...step, expect: { answer: times(20, times(45, '1>0').join('||')) } };
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 1);
    afterward(() => clearInterval(counting));
    await readScenarioBytes(Buffer.from(withSteps(...times(50, asking))));
    assert.ok(turns > 0);
  });
});
