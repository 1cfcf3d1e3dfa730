import assert from 'node:assert/strict';
import { namedInFile, secretsOfFile, unnamedIn, neededProbes } from '../../src/check/run-probes.ts';
import { scenario, type Scenario, type ScenarioFile } from '../../src/check/scenario.ts';
import { SecretMask } from '../../src/common/masking.ts';

const all = { destination: true, probe: true, kept: true };
const none = { destination: false, probe: false, kept: false };
const mask = new SecretMask([]);

function asking(name: string, expect: object): Scenario {
  return scenario({ name, steps: [{ send: { sample: 'Subscribe' }, expect }] });
}

const file: ScenarioFile = {
  destination: { url: 'http://localhost/', credentials: { 'X-Key': { env: 'KEY' } } },
  probe: { url: 'http://localhost/count', headers: { Authorization: { env: 'COUNT' } } },
  kept: { url: 'http://localhost/kept', headers: { Authorization: { env: 'KEPT' } } },
  scenarios: [asking('counts', { probe: 1 })],
};

describe('Whom scenarios ask', () => {
  it('is who any of them expects something of', () => {
    assert.deepEqual(neededProbes(file.scenarios), { probe: true, kept: false });
    assert.deepEqual(neededProbes([asking('a', {}), asking('b', { kept: 'Ada' })]), { probe: false, kept: true });
  });

  it('has a name, or the first that asks is told', () => {
    const nobody = { probe: null, kept: null };
    assert.deepEqual(unnamedIn([asking('a', {}), ...file.scenarios], nobody), { scenario: 'counts', what: 'probe' });
    const secrets = secretsOfFile(file, all, () => 'v');
    assert.equal(unnamedIn(file.scenarios, namedInFile(file, all, '.', secrets, mask)), undefined);
    assert.deepEqual(namedInFile(file, none, '.', secrets, mask), nobody);
  });

  it('is sent the secrets of the parts that are used alone, each by its own', () => {
    const read = (variable: string, place: string): string => `${variable} at ${place}`;
    assert.deepEqual(secretsOfFile(file, all, read), {
      destination: { 'X-Key': 'KEY at credentials.X-Key' },
      probe: { Authorization: 'COUNT at probe.headers.Authorization' },
      kept: { Authorization: 'KEPT at kept.headers.Authorization' },
    });
    const unread = (): string => assert.fail('was read');
    assert.deepEqual(secretsOfFile(file, none, unread), { destination: {}, probe: {}, kept: {} });
  });
});
