import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { buildInstanceBody, emptyInstanceInput, instanceBodySchema } from '../../src/open-connectors/instance-body.ts';
import { toInstanceCurl } from '../../src/open-connectors/instance-curl.ts';
import { sample, baseUrl, complete, anyInput } from './instance-inputs.ts';

describe('the curl command of an instance', () => {
  /** The words that the shell makes of a command, in place of running curl. */
  const words = (command: string): string[] =>
    execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`], { encoding: 'utf8' }).split('\0');

  it('gives the body back through a real shell, for any', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const body = buildInstanceBody(input);
        const said = words(toInstanceCurl(body, { baseUrl, withSecrets: true }));
        assert.equal(said[said.indexOf('--data-raw') + 1], JSON.stringify(body, null, 2));
        assert.equal(said[said.indexOf('--globoff') + 1], `${baseUrl}/instances`);
      }),
      { numRuns: 40 },
    );
  }).timeout(30_000);

  it('has placeholders for every secret that is given, and only for those', () => {
    const body = buildInstanceBody({
      ...complete,
      signatureKey: 'a-signature-key',
      basicUsername: 'user',
      basicPassword: 'pw',
    });
    const said = words(
      toInstanceCurl(body, {
        baseUrl,
        withSecrets: false,
        userSecret: 'user-secret',
        organizationSecret: 'org-secret',
      }),
    );
    assert.ok(said.includes('Authorization: User <USER_SECRET>, Organization <ORGANIZATION_SECRET>'));
    const { configuration, providerData } = instanceBodySchema.parse(JSON.parse(said[said.indexOf('--data-raw') + 1]!));
    assert.deepEqual(providerData, { code: '<GRANT_CODE>' });
    assert.deepEqual(configuration, {
      ...body.configuration,
      'oauth.api.key': '<OAUTH_API_KEY>',
      'oauth.api.secret': '<OAUTH_API_SECRET>',
      'event.notification.signature.key': '<SIGNATURE_KEY>',
      'event.notification.basic.username': '<CALLBACK_USERNAME>',
      'event.notification.basic.password': '<CALLBACK_PASSWORD>',
    });
    const empty = toInstanceCurl(buildInstanceBody(emptyInstanceInput), { baseUrl, withSecrets: false });
    assert.deepEqual(JSON.parse(words(empty).at(-2)!), JSON.parse(sample));
  });
});
