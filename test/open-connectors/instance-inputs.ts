/** What the tests of an instance's body fill in. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { InstanceInput } from '../../src/open-connectors/instance-body.ts';

export const sample = readFileSync(
  new URL('../fixtures/open-connectors/instance-body-sample.json', import.meta.url),
  'utf8',
);
export const listId = '4fe1bdcf8e2d6f3a90c5b7d1a2e3f405';
export const baseUrl = 'https://api.openconnectors.us2.ext.hana.ondemand.com/elements/api-v2';

export const complete: InstanceInput = {
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

export const anyText = fc.string({ unit: 'binary' });
export const anyInput: fc.Arbitrary<InstanceInput> = fc.record(
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
