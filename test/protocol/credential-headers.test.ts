import assert from 'node:assert/strict';
import { isCredentialHeader } from '../../src/protocol/credential-headers.ts';

describe('isCredentialHeader', () => {
  for (const name of [
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'X-CSRF-Token',
    'X-Api-Key',
    'X-Forwarded-Authorization',
    'X-Functions-Key',
    'Ocp-Apim-Subscription-Key',
    'X-Jwt-Assertion',
    'Api-Key',
    'apikey',
    'X-Auth-Token',
    'X-Auth',
    'X-Amz-Security-Token',
    'X-Secret',
    'Client-Secret',
    'X-Password',
    'X-Access-Key',
    'Private-Key',
    'X-Session-Id',
    'my_token',
    'X-Goog-Credential',
  ]) {
    it(`counts ${name} as one`, () => {
      for (const written of [name, name.toLowerCase(), name.toUpperCase()])
        assert.equal(isCredentialHeader(written), true);
    });
  }
  for (const name of [
    'Content-Type',
    'Elements-Webhook-Signature',
    'Elements-Webhook-Id',
    'X-Request-Id',
    'X-Author',
    'Authority',
    'Tokenizer',
    'X-Keyboard',
    'User-Agent',
    'X-Forwarded-For',
    'Accept',
    'Key',
  ]) {
    it(`does not count ${name} as one`, () => assert.equal(isCredentialHeader(name), false));
  }
});
