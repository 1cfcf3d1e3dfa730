import assert from 'node:assert/strict';
import { maskedValue } from '../../src/common/masking.ts';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  buildInstanceBody,
  checkInstanceInput,
  emptyInstanceInput,
  instanceBodySchema,
  maskInstanceBody,
  maskText,
  parseListIds,
  reachOf,
  toInstanceCurl,
} from '../../src/open-connectors/instance.ts';
import type { InstanceInput } from '../../src/open-connectors/instance.ts';

const sample = readFileSync(new URL('../fixtures/open-connectors/instance-body-sample.json', import.meta.url), 'utf8');
const listId = '4fe1bdcf8e2d6f3a90c5b7d1a2e3f405';
const baseUrl = 'https://api.openconnectors.us2.ext.hana.ondemand.com/elements/api-v2';

const complete: InstanceInput = {
  name: 'API Instance',
  tags: ['Docs'],
  listIds: [listId],
  eventsEnabled: true,
  callbackUrl: 'https://mine.example.org/open-connectors',
  authentication: 'oauth',
  oauthCallbackUrl: 'http://localhost:8788/oauth/callback',
  apiKey: '104821',
  apiSecret: 'client-secret+/=',
  code: 'xoz8AFqScK2ngM04kSSM',
};

const anyText = fc.string({ unit: 'binary' });
const anyInput: fc.Arbitrary<InstanceInput> = fc.record(
  {
    name: anyText,
    tags: fc.array(anyText),
    listIds: fc.array(anyText),
    eventsEnabled: fc.boolean(),
    callbackUrl: fc.oneof(anyText, fc.webUrl()),
    authentication: fc.constantFrom('oauth' as const, 'basic' as const),
    oauthCallbackUrl: anyText,
    apiKey: anyText,
    apiSecret: anyText,
    code: anyText,
    username: anyText,
    password: anyText,
    signatureKey: anyText,
    basicUsername: anyText,
    basicPassword: anyText,
    callbackHeaders: fc.dictionary(anyText, anyText),
  },
  {
    requiredKeys: [
      'name',
      'tags',
      'listIds',
      'eventsEnabled',
      'callbackUrl',
      'authentication',
      'oauthCallbackUrl',
      'apiKey',
      'apiSecret',
      'code',
    ],
  },
);

describe('the body of an instance', () => {
  it("is the platform's sample where nothing is filled in", () => {
    assert.equal(JSON.stringify(buildInstanceBody(emptyInstanceInput)), JSON.stringify(JSON.parse(sample)));
  });

  it('has the optional keys that are given, headers as JSON text', () => {
    const { configuration } = buildInstanceBody({
      ...complete,
      signatureKey: 'a-signature-key-of-mine',
      basicUsername: 'user',
      basicPassword: 'password',
      callbackHeaders: { 'X-Mine': '1' },
    });
    assert.equal(configuration['event.notification.signature.key'], 'a-signature-key-of-mine');
    assert.equal(configuration['event.notification.basic.username'], 'user');
    assert.equal(configuration['event.notification.basic.password'], 'password');
    assert.equal(configuration['event.notification.callback.headers'], '{"X-Mine":"1"}');
  });

  it('has the API key in place of all that belongs to OAuth with basic authentication', () => {
    const body = buildInstanceBody({ ...complete, authentication: 'basic', username: 'an-api-key', companyName: '' });
    assert.deepEqual(body, {
      element: { key: 'campaignmonitor' },
      configuration: {
        username: 'an-api-key',
        'event.notification.enabled': true,
        'event.notification.callback.url': complete.callbackUrl,
        'events.list.ids': listId,
      },
      tags: ['Docs'],
      name: 'API Instance',
    });
  });

  it('is what its schema says, for any input', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const body = buildInstanceBody(input);
        assert.deepEqual(instanceBodySchema.parse(JSON.parse(JSON.stringify(body))), JSON.parse(JSON.stringify(body)));
      }),
    );
  });
});

/** What is found, in short. */
const found = (change: Partial<InstanceInput>): string[] =>
  checkInstanceInput({ ...complete, ...change }).map(({ field, severity, code }) => `${severity} ${field}: ${code}`);

describe('what was filled in for an instance', () => {
  it('is right where everything is there', () => {
    assert.deepEqual(checkInstanceInput(complete), []);
  });

  const wrong: [change: Partial<InstanceInput>, problems: string[]][] = [
    [{ name: ' ' }, ['error name: missing']],
    [{ name: 'Mine ' }, ['warning name: surrounding-space']],
    [{ apiKey: '', apiSecret: '' }, ['error apiKey: missing', 'error apiSecret: missing']],
    [{ code: '' }, []],
    [{ tags: ['a', 'a', ''] }, ['warning tags: duplicate-tag', 'error tags: empty-tag']],
    [{ callbackUrl: '' }, ['error callbackUrl: missing']],
    [{ callbackUrl: '', listIds: [], eventsEnabled: false }, []],
    [{ callbackUrl: 'mine.example.org' }, ['error callbackUrl: not-a-url']],
    [{ callbackUrl: 'ftp://mine.example.org' }, ['error callbackUrl: not-http']],
    [{ callbackUrl: 'javascript:alert(1)' }, ['error callbackUrl: not-http']],
    [{ callbackUrl: ' https://mine.example.org' }, ['error callbackUrl: surrounding-space']],
    [{ callbackUrl: 'https://mine.example.org/#a' }, ['error callbackUrl: url-with-fragment']],
    [{ callbackUrl: 'https://a:b@mine.example.org/' }, ['warning callbackUrl: url-with-credentials']],
    [{ callbackUrl: 'http://mine.example.org/' }, ['warning callbackUrl: unencrypted-url']],
    [{ callbackUrl: 'http://127.0.0.1:8787/' }, ['warning callbackUrl: loopback-url']],
    [{ callbackUrl: 'http://192.168.1.2/' }, ['warning callbackUrl: private-url']],
    [{ oauthCallbackUrl: '' }, ['error oauthCallbackUrl: missing']],
    [{ oauthCallbackUrl: 'vscode://cm-relay.campaign-monitor-relay/oauth' }, []],
    [{ oauthCallbackUrl: 'javascript://%0aalert(1)' }, ['error oauthCallbackUrl: not-http']],
    [{ oauthCallbackUrl: 'https://example.org/#a' }, ['error oauthCallbackUrl: url-with-fragment']],
    [{ listIds: [] }, ['error listIds: missing']],
    [{ listIds: [listId, '4fe1'] }, ['error listIds: not-a-list-id']],
    [{ listIds: [listId, listId.toUpperCase()] }, ['error listIds: duplicate-list-id']],
    [{ signatureKey: 'short' }, ['warning signatureKey: short-key']],
    [{ basicPassword: 'password' }, ['error basicUsername: missing']],
    [{ callbackHeaders: { 'X Mine': '1' } }, ['error callbackHeaders: not-a-header-name']],
    [{ callbackHeaders: { 'X-Mine': '1\r\nX-Other: 2' } }, ['error callbackHeaders: not-a-header-value']],
    [{ callbackHeaders: { 'X-Mine': '1', 'x-mine': '2' } }, ['error callbackHeaders: duplicate-header']],
    [{ authentication: 'basic', apiKey: '', apiSecret: '', oauthCallbackUrl: '' }, ['error username: missing']],
  ];
  for (const [change, problems] of wrong) {
    it(`is checked: ${JSON.stringify(change)}`, () => assert.deepEqual(found(change), problems));
  }

  it('is checked without an error of its own and without saying a secret, for any input', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        for (const { field, value } of checkInstanceInput(input)) {
          assert.ok(value === undefined || ['tags', 'listIds', 'callbackHeaders'].includes(field));
        }
      }),
    );
  });
});

describe('where a host can be reached from', () => {
  const hosts = {
    loopback: [
      'localhost',
      'a.localhost',
      'localhost.',
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '[::1]',
      '[::ffff:7f00:1]',
    ],
    private: [
      '0.1.2.3',
      '10.1.2.3',
      '[::ffff:10.0.0.1]',
      '172.16.0.1',
      '172.31.0.1',
      '192.168.0.1',
      '169.254.1.1',
      '100.64.0.1',
      '[fe80::1]',
      '[fd00::1]',
      'nas',
      'nas.local',
      'ci.internal',
    ],
    public: [
      'example.org',
      '172.32.0.1',
      '100.128.0.1',
      '8.8.8.8',
      '[2001:db8::1]',
      '[::ffff:808:808]',
      'fda.example.org',
      'local.example.org',
    ],
  } as const;
  for (const [reach, names] of Object.entries(hosts)) {
    it(`is told of ${reach} ones`, () => {
      for (const name of names) assert.equal(reachOf(new URL(`http://${name}/`).hostname), reach, name);
    });
  }
});

describe('list ids as they are typed', () => {
  it('may be separated by whatever people and programs put between them', () => {
    const other = listId.toUpperCase();
    for (const text of [
      `${listId},${other}`,
      ` ${listId} ,\n${other};`,
      `["${listId}", "${other}"]`,
      `'${listId}'\t'${other}'`,
    ]) {
      assert.deepEqual(parseListIds(text), [listId, other], text);
    }
    assert.deepEqual(parseListIds(' ,; '), []);
  });

  it('come back from the text that the body holds, for any', () => {
    const ids = fc.array(
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'.split('')), minLength: 32, maxLength: 32 }),
    );
    fc.assert(
      fc.property(ids, (listIds) => {
        const { configuration } = buildInstanceBody({ ...complete, listIds });
        assert.deepEqual(parseListIds(configuration['events.list.ids']), listIds);
      }),
    );
  });
});

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

  it('has the secrets of the header where they are asked for', () => {
    const options = { baseUrl, withSecrets: true, userSecret: 'u+/=', organizationSecret: "o'$x" };
    assert.ok(
      words(toInstanceCurl(buildInstanceBody(complete), options)).includes(
        "Authorization: User u+/=, Organization o'$x",
      ),
    );
  });
});

describe('secrets of an instance', () => {
  it('are masked in a body, wherever they stand', () => {
    const secret = 'client secret+/=';
    const callbackUrl = `https://mine.example.org/?a=${encodeURIComponent(secret)}&b=${new URLSearchParams({ a: secret }).toString().slice(2)}`;
    const shown = maskInstanceBody(
      buildInstanceBody({
        ...complete,
        apiSecret: secret,
        callbackUrl,
        callbackHeaders: { Authorization: `Basic ${Buffer.from('user:password').toString('base64')}`, 'X-Empty': '' },
        name: `my ${secret}`,
      }),
    );
    assert.deepEqual(shown, {
      element: { key: 'campaignmonitor' },
      providerData: { code: maskedValue },
      configuration: {
        'oauth.callback.url': complete.oauthCallbackUrl,
        'oauth.api.key': maskedValue,
        'oauth.api.secret': maskedValue,
        'event.notification.enabled': true,
        'event.notification.callback.url': `https://mine.example.org/?a=${maskedValue}&b=${maskedValue}`,
        'events.list.ids': listId,
        'event.notification.callback.headers': `{"Authorization":"${maskedValue}","X-Empty":"${maskedValue}"}`,
      },
      tags: ['Docs'],
      name: `my ${maskedValue}`,
    });
  });

  it('are masked in what the platform answers', () => {
    const answer = {
      id: 7,
      token: 'instance-token+/=',
      element: { key: 'campaignmonitor' },
      user: { id: 1 },
      configuration: {
        'oauth.user.token': 'user-token',
        'oauth.user.refresh_token': 'refresh-token',
        'oauth.api.secret': '********',
        username: 'api-key',
        'events.list.ids': listId,
        'event.metadata': '',
      },
      links: ['https://x.example.org/instance-token%2B%2F%3D', 'https://user:password@x.example.org/'],
    };
    assert.deepEqual(maskInstanceBody(answer), {
      ...answer,
      token: maskedValue,
      configuration: {
        ...answer.configuration,
        'oauth.user.token': maskedValue,
        'oauth.user.refresh_token': maskedValue,
        username: maskedValue,
      },
      links: [`https://x.example.org/${maskedValue}`, `https://${maskedValue}@x.example.org/`],
    });
  });

  it('stand nowhere in what is shown, in no usual encoding, for any', () => {
    const secret = fc.string({ unit: 'binary', minLength: 6, maxLength: 40 });
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        const hidden = maskText(
          [one, encodeURIComponent(one), JSON.stringify(other), Buffer.from(other).toString('base64')].join('\n'),
          [one, other],
        );
        // A secret that is itself a part of a mask, or is left over from two, is none worth looking for.
        for (const text of [one, other]) if (!maskedValue.includes(text)) assert.ok(!hidden.includes(text), hidden);
      }),
    );
  });
});
