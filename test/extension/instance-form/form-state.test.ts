import assert from 'node:assert/strict';
import { emptyFields } from '../../../src/extension/instance-form/fields.ts';
import { FormState } from '../../../src/extension/instance-form/form-state.ts';
import type { FormFields } from '../../../src/extension/instance-form/messages.ts';
import { regions } from '../../../src/open-connectors/host.ts';

const [us, eu] = regions.map(({ id, host }) => ({ region: id, host }));
const empty = emptyFields(us?.host ?? '', 'http://localhost:8788/oauth/callback');
const sandbox = {
  fields: { apiKey: '100004', oauthCallbackUrl: 'http://localhost:8788/oauth/callback' },
  proposed: { name: 'Sandbox', listIds: '96c0bbdaa54760c8d9e62a2b7ffa2e13' },
  secrets: { apiSecret: 'sandbox secret', campaignMonitorApiKey: 'sandbox key' },
};
const elsewhere = (state: FormState): FormFields => ({ ...state.fields, region: eu?.region ?? '', host: '' });

describe('What the form holds', () => {
  it('has the platform’s secrets of one host alone', () => {
    const state = new FormState(empty);
    state.type('userSecret', 'user');
    assert.equal(state.platformSecrets(), undefined, 'both belong together');
    state.type('organizationSecret', ' organization ');
    const kept = { host: us?.host, userSecret: 'user', organizationSecret: 'organization' };
    assert.deepEqual(state.platformSecrets(), kept);
    assert.equal(state.change({ ...state.fields, name: 'Other' }), false);
    assert.deepEqual(state.platformSecrets(), kept);
    state.setStored(us?.host, true);
    assert.equal(state.change(elsewhere(state)), true);
    assert.deepEqual([state.typed, state.stored, state.platformSecrets()], [{}, false, undefined]);
    state.setStored(us?.host, true);
    assert.equal(state.stored, false, 'what was found out of another host');
  });

  it('keeps nobody’s secrets as the sandbox’s', () => {
    const state = new FormState(empty);
    for (const field of ['userSecret', 'organizationSecret'] as const) state.type(field, 'real');
    state.fillFromSandbox(sandbox);
    assert.deepEqual([state.host, state.typed, state.stored], ['sandbox', sandbox.secrets, true]);
    for (const field of ['userSecret', 'organizationSecret'] as const) state.type(field, 'real');
    assert.equal(state.platformSecrets(), undefined);
  });

  it('gives up what the sandbox filled in when another host is chosen, and nothing else', () => {
    const state = new FormState({ ...empty, apiKey: '7' });
    state.fillFromSandbox(sandbox);
    assert.deepEqual([state.fields.name, state.fields.apiKey], ['Sandbox', '100004']);
    state.type('campaignMonitorApiKey', 'typed');
    state.type('signatureKey', 'generated');
    state.change({ ...state.fields, name: 'Typed' });
    state.change(elsewhere(state));
    assert.deepEqual(state.fields, { ...elsewhere(state), name: 'Typed', apiKey: '7', listIds: '' });
    assert.deepEqual(state.typed, { campaignMonitorApiKey: 'typed', signatureKey: 'generated' });
  });
});
