import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkInstanceInput, reachOf } from '../../src/open-connectors/instance-check.ts';
import type { InstanceInput } from '../../src/open-connectors/instance-body.ts';
import { listId, complete, anyInput } from './instance-inputs.ts';

/** What is found, in short. */
const found = (change: Partial<InstanceInput>): string[] =>
  checkInstanceInput({ ...complete, ...change }).map(({ field, severity, code }) => `${severity} ${field}: ${code}`);

describe('what was filled in for an instance', () => {
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
