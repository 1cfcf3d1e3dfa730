import assert from 'node:assert/strict';
import { credentialParts, maskOfCredentials } from '../../src/common/credential-parts.ts';
import { maskedValue } from '../../src/common/masking.ts';

describe('The parts of a credential', () => {
  it('are what stands behind a scheme, and what Basic holds', () => {
    assert.deepEqual(credentialParts('Bearer abcd-1'), ['Bearer abcd-1', 'abcd-1']);
    const basic = `Basic ${Buffer.from('jane:horse-staple').toString('base64')}`;
    assert.deepEqual(credentialParts(basic), [basic, basic.slice(6), 'jane:horse-staple', 'horse-staple']);
    assert.deepEqual(credentialParts('User u-secret=, Organization o-secret'), [
      'User u-secret=, Organization o-secret',
      'u-secret=',
      'o-secret',
    ]);
  });

  it('are the key where Basic has one in place of a name, as Campaign Monitor takes it', () => {
    const key = '0123456789abcdef0123456789abcdef';
    for (const password of ['', 'x']) {
      const basic = `Basic ${Buffer.from(`${key}:${password}`).toString('base64')}`;
      assert.deepEqual(credentialParts(basic), [basic, basic.slice(6), `${key}:${password}`, key]);
    }
    const named = `Basic ${Buffer.from('jane:x').toString('base64')}`;
    assert.ok(!credentialParts(named).includes('jane'));
  });

  it('are no words of a key of several words, which stand in every report', () => {
    assert.deepEqual(credentialParts('the key of this test'), ['the key of this test']);
    const mask = maskOfCredentials(['the key of this test']);
    assert.equal(mask.in('a test of this key'), 'a test of this key');
    assert.ok(!mask.in('said: the key of this test').includes('this'));
  });

  it('are none of a key, which has no scheme: one of two words', () => {
    const mask = maskOfCredentials(['Bearer abcd-1'], ['contact count']);
    assert.equal(mask.in('{"count":1,"contact":"abcd-1"}'), `{"count":1,"contact":"${maskedValue}"}`);
    assert.equal(mask.in('said: contact count'), `said: ${maskedValue}`);
  });
});
