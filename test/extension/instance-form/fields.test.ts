import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  checkForm,
  emptyFields,
  hostOf,
  instanceInput,
  previewOf,
  regionOf,
} from '../../../src/extension/instance-form/fields.ts';
import { formFieldsSchema, secretFields, type FormFields } from '../../../src/extension/instance-form/messages.ts';
import { buildInstanceBody, emptyInstanceInput } from '../../../src/open-connectors/instance-body.ts';
import { regions } from '../../../src/open-connectors/host.ts';

const listId = '96c0bbdaa54760c8d9e62a2b7ffa2e13';
const filled: FormFields = {
  ...emptyFields('api.openconnectors.us2.ext.hana.ondemand.com', 'http://localhost:8788/oauth/callback'),
  name: 'Spring',
  apiKey: '100004',
  callbackUrl: 'https://relay.example/hooks/open-connectors',
  listIds: listId,
};
const secrets = { apiSecret: 'a client secret', userSecret: 'user=', organizationSecret: 'organization=' };
const problemsOf = (change: Partial<FormFields>, typed: typeof secrets | object = secrets, stored = false): string[] =>
  checkForm({ ...filled, ...change }, typed, stored).map(({ field, severity, code }) => `${severity} ${field} ${code}`);

describe('The fields of the form', () => {
  it('that are empty make the documented body with every key', () => {
    const empty = emptyFields('sandbox', '');
    assert.deepEqual(buildInstanceBody(instanceInput(empty, {})), buildInstanceBody(emptyInstanceInput));
  });

  it('name a host by its region, by its own name, or the sandbox', () => {
    for (const { id, host } of regions) {
      assert.deepEqual(regionOf(host), { region: id, host: '' });
      assert.equal(hostOf({ region: id, host: 'left over' }), host);
    }
    assert.deepEqual(regionOf('tenant.example'), { region: 'other', host: 'tenant.example' });
    assert.equal(hostOf({ region: 'other', host: ' tenant.example ' }), 'tenant.example');
    assert.equal(hostOf({ region: 'other', host: 'http://tenant.example' }), undefined);
    assert.equal(hostOf({ region: 'other', host: '' }), undefined);
    assert.equal(hostOf(regionOf('sandbox')), 'sandbox');
  });

  it('have the first problem of each said, errors before warnings', () => {
    assert.deepEqual(problemsOf({ name: '', region: 'other', host: 'http://a.example' }), [
      'error host not-a-host',
      'error name missing',
    ]);
    assert.deepEqual(problemsOf({ listIds: `abc ${listId} def` }), ['error listIds not-a-list-id']);
    assert.deepEqual(problemsOf({ callbackUrl: 'http://10.0.0.1/' }), ['warning callbackUrl private-url']);
    assert.deepEqual(problemsOf({}, { ...secrets, callbackHeaders: '["no"]' }), ['error callbackHeaders not-headers']);
    assert.deepEqual(problemsOf({ authentication: 'basic' }), ['error campaignMonitorApiKey missing']);
  });

  it('take both of the platform’s secrets, or those that are kept', () => {
    const { apiSecret } = secrets;
    assert.deepEqual(problemsOf({}, { apiSecret }), ['error userSecret missing', 'error organizationSecret missing']);
    assert.deepEqual(problemsOf({}, { apiSecret }, true), []);
    assert.deepEqual(problemsOf({}, { apiSecret, userSecret: 'new=' }, true), ['error organizationSecret missing']);
  });

  it('warn of this machine’s address unless it is the sandbox that is to reach it', () => {
    const callbackUrl = 'http://127.0.0.1:4000/hooks/open-connectors';
    assert.deepEqual(problemsOf({ callbackUrl }), ['warning callbackUrl loopback-url']);
    assert.deepEqual(problemsOf({ callbackUrl, region: 'sandbox' }, { apiSecret: 'secret' }, true), []);
  });

  it('show no secret in the preview, whatever it is', () => {
    const secret = fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme-ascii' }).map((text) => `s3cret${text}`);
    fc.assert(
      fc.property(fc.record(Object.fromEntries(secretFields.map((name) => [name, secret]))), (typed) => {
        const preview = previewOf({ ...filled, basicUsername: 'user' }, typed);
        assert.ok(!preview.includes('s3cret'), preview);
      }),
    );
  });

  it('stay what they are over every text that fits', () => {
    const fields = fc.record({ name: fc.string(), tags: fc.string(), host: fc.string(), listIds: fc.string() });
    fc.assert(
      fc.property(fields, (typed) => {
        const all = { ...filled, ...typed };
        assert.deepEqual(formFieldsSchema.parse(JSON.parse(JSON.stringify(all))), all);
        assert.doesNotThrow(() => checkForm(all, {}, false));
      }),
    );
  });
});
