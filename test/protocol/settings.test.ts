import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { retryPolicies } from '../../src/common/retry-policies.ts';
import type { RelayRequestError } from '../../src/protocol/errors.ts';
import { methods } from '../../src/protocol/methods.ts';
import { destinationSchema, secretsSchema, settingsChangeSchema, settingsSchema } from '../../src/protocol/settings.ts';
import { startTestRelay } from '../relay/stage.ts';

describe('The settings', () => {
  const refused: readonly [string, object, RegExp][] = [
    ['a password in a URL', { destinations: [{ url: 'https://user:s3cr3t@example.org/' }] }, /credentialsName/],
    ['a user name in a URL', { destinations: [{ url: 'https://user@example.org/' }] }, /credentialsName/],
    [
      'a credential header',
      { destinations: [{ url: 'https://a.example/', headers: { Authorization: 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'an API key header',
      { destinations: [{ url: 'https://a.example/', headers: { 'x-api-key': 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'a cookie',
      { destinations: [{ url: 'https://a.example/', headers: { COOKIE: 's3cr3t' } }] },
      /destinations\[0\]\.headers/,
    ],
    [
      'a header with a line break',
      { destinations: [{ url: 'https://a.example/', headers: { 'X-A': 'a\r\nX-B: s3cr3t' } }] },
      /not a valid header value/,
    ],
    [
      'a password in the URL of a tunnel',
      { tunnel: { kind: 'fixed', url: 'https://u:s3cr3t@example.org/' } },
      /user name or password/,
    ],
    ['a URL that is not http', { destinations: [{ url: 'file:///etc/passwd' }] }, /http:\/\/ or https/],
    ['an unknown time zone', { timeZone: 'Mars/Olympus' }, /IANA time zone/],
    ['an unknown setting', { color: 'red' }, /color/],
    ['a subdomain that is none', { tunnel: { kind: 'localtunnel', subdomain: '-x-' } }, /subdomain has 4 to 63/],
    ['parts of no event', { partSize: 0 }, /partSize/],
  ];
  for (const [what, settings, message] of refused) {
    it(`refuse ${what}, over the control channel too, and never repeat it`, async () => {
      const params = methods['relay/configure'].params.safeParse({ settings });
      assert.equal(params.success, false);
      const relay = await startTestRelay();
      await assert.rejects(relay.client.request('relay/configure', { settings }), (error: RelayRequestError) => {
        assert.equal(error.code, 'invalid-params');
        assert.match(error.message, /^relay\/configure: /);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cr3t/);
        return true;
      });
    });
  }

  for (const url of ['nowhere', '', 'ftp://example.org/', 'http://', '//example.org/']) {
    it(`refuse ${JSON.stringify(url)} as a destination in plain words`, () => {
      const { error } = destinationSchema.safeParse({ url });
      assert.match(error?.issues[0]?.message ?? '', /starts with http:\/\/ or https:\/\//);
    });
  }

  it('that a client does not give stay as they were', async () => {
    const settings = { destinations: [{ url: 'http://127.0.0.1:9/' }], timeZone: 'Europe/Berlin', partSize: 7 };
    const relay = await startTestRelay({ settings });
    const before = (await relay.client.request('relay/status', {})).settings;
    const after = (await relay.client.request('relay/configure', { settings: { retry: 'sap' } })).settings;
    assert.deepEqual(after, { ...before, retry: 'sap' });
    assert.deepEqual((await relay.client.request('relay/configure', {})).settings, after);
  });

  it('refuse secrets of another shape without repeating them', () => {
    for (const secrets of [
      { signatureKeys: 's3cr3t' },
      { credentials: { c: { 'X A': 's3cr3t' } } },
      { verifyKeys: { k: ['s3cr3t'] } },
      { other: {} },
    ]) {
      const parsed = secretsSchema.safeParse(secrets);
      assert.equal(parsed.success, false);
      assert.doesNotMatch(JSON.stringify(parsed.error.issues), /s3cr3t/);
    }
  });
});

describe('docs/forwarding.md', () => {
  const docs = readFileSync(new URL('../../docs/forwarding.md', import.meta.url), 'utf8');
  /** What stands in the first cells of the table below this head. */
  const namesBelow = (head: string): string[] => {
    const [, below = ''] = docs.split(head);
    const [table = ''] = below.split('\n\n');
    return [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name),
    );
  };

  it('tells each field of a destination, and each retry policy', () => {
    assert.deepEqual(namesBelow('| field ').sort(), Object.keys(destinationSchema.shape).sort());
    assert.deepEqual(namesBelow('| `--retry` '), retryPolicies);
  });
});

describe('The id of a destination', () => {
  const url = 'http://127.0.0.1:9/';

  it('is that of one destination, also where the settings are changed', () => {
    const destinations = [{ url, id: 'a' }, { url }, { url, id: 'b' }, { url: 'http://127.0.0.1:8/', id: 'a' }];
    for (const schema of [settingsSchema, settingsChangeSchema]) {
      const parsed = schema.safeParse({ destinations });
      assert.equal(parsed.error?.issues[0]?.message, 'two destinations have the ID "a"');
      assert.equal(schema.safeParse({ destinations: destinations.slice(0, 3) }).success, true);
    }
  });
});
