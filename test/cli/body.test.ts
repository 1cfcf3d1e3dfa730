import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { instanceBodySchema } from '../../src/open-connectors/instance-body.ts';
import { run } from './harness.ts';

/** The sample of the platform's page "Campaign Monitor Events", step 2, as it stands there. */
const sample = readFileSync(new URL('../fixtures/open-connectors/instance-body-sample.json', import.meta.url), 'utf8');

const listIds = ['4fe1bdcf8e2d6f3a90c5b7d1a2e3f405', '96c0bbdaa54760c8d9e62a2b7ffa2e13'];

const given = [
  ...['--name', 'API Instance', '--tag', 'Docs', '--tag', "Jane's", '--code', 'xoz8AFqScK2ngM04kSSM'],
  ...listIds.flatMap((id) => ['--list', id]),
  ...['--callback-url', 'https://mine.example.org/hooks/1/open-connectors'],
  ...['--oauth-callback-url', 'https://mine.example.org/oauth?a=1&b=2'],
];
const environment = { OAUTH_API_KEY: '104821', OAUTH_API_SECRET: `se'cr"et$HOME\`id\`\\n` };

describe('cm-relay body', function () {
  this.timeout(180_000);

  it("prints the platform's sample where nothing is given, key by key and in its order", async () => {
    const { code, out, err } = await run(['instances', 'body']);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(JSON.stringify(JSON.parse(out)), JSON.stringify(JSON.parse(sample)));
  });

  it('prints what is given under the key where the sample has it', async () => {
    const { code, out, err } = await run(['instances', 'body', ...given], environment);
    assert.deepEqual([code, err], [0, '']);
    const body: unknown = JSON.parse(out);
    assert.deepEqual(body, {
      element: { key: 'campaignmonitor' },
      providerData: { code: 'xoz8AFqScK2ngM04kSSM' },
      configuration: {
        'oauth.callback.url': 'https://mine.example.org/oauth?a=1&b=2',
        'oauth.api.key': '104821',
        'oauth.api.secret': environment.OAUTH_API_SECRET,
        'event.notification.enabled': true,
        'event.notification.callback.url': 'https://mine.example.org/hooks/1/open-connectors',
        'events.list.ids': listIds.join(','),
      },
      tags: ['Docs', "Jane's"],
      name: 'API Instance',
    });
    assert.ok(instanceBodySchema.safeParse(body).success);
  });

  it('warns of a callback that the platform cannot reach, and prints the body all the same', async () => {
    const { code, out, err } = await run([
      'instances',
      'body',
      '--callback-url',
      'http://localhost:8787/hooks/1/open-connectors',
    ]);
    assert.equal(code, 0);
    assert.match(err, /^warning: --callback-url is on this machine/);
    assert.ok(instanceBodySchema.safeParse(JSON.parse(out)).success);
  });

  it('prints a curl command without a secret, and with them where asked', async () => {
    const shared = await run(['instances', 'body', '--curl', ...given], environment);
    assert.deepEqual([shared.code, shared.err], [0, '']);
    for (const secret of ['104821', "se'cr", 'xoz8AFqScK2ngM04kSSM']) assert.ok(!shared.out.includes(secret), secret);
    for (const placeholder of ['<OAUTH_API_KEY>', '<OAUTH_API_SECRET>', '<GRANT_CODE>', 'User <USER_SECRET>, Organi']) {
      assert.ok(shared.out.includes(placeholder), placeholder);
    }
    const host = 'api.openconnectors.eu10.ext.hana.ondemand.com';
    const own = await run(['instances', 'body', '--curl', '--with-secrets', '--host', host, ...given], environment);
    const words = execFileSync('sh', ['-c', `curl() { printf '%s\\0' "$@"; }; ${own.out}`], { encoding: 'utf8' }).split(
      '\0',
    );
    assert.ok(words.includes(`https://${host}/elements/api-v2/instances`));
    const { out } = await run(['instances', 'body', ...given], environment);
    assert.deepEqual(JSON.parse(words[words.indexOf('--data-raw') + 1] ?? ''), JSON.parse(out));
  });
});
