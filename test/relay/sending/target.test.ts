import assert from 'node:assert/strict';
import { destinationSchema } from '../../../src/protocol/settings.ts';
import { targetOf } from '../../../src/relay/sending/target.ts';

const destination = destinationSchema.parse({
  url: 'https://callback.test/hook?token=secret',
  signatureKeyName: 'mine',
  credentialsName: 'theirs',
});
const key = new Map([['mine', 'k']]);
const credentials = new Map([['theirs', { 'X-A': '1' }]]);

describe('a destination as it stands', () => {
  it('misses a key or credentials that nobody gave, by name', () => {
    const missing = (secrets: Parameters<typeof targetOf>[3]): unknown[] => {
      const target = targetOf(3, destination, true, secrets);
      return [target.missingName, target.held];
    };
    assert.deepEqual(missing({ signatureKeys: new Map(), credentials }), [
      'mine',
      { by: 'missing-key', why: 'the signature key "mine" has not been supplied' },
    ]);
    assert.deepEqual(missing({ signatureKeys: key, credentials: new Map() }), [
      'theirs',
      { by: 'missing-key', why: 'the credentials "theirs" have not been supplied' },
    ]);
    assert.deepEqual(missing({ signatureKeys: key, credentials }), [null, null]);
  });

  it('is held by its settings, whatever it has or misses', () => {
    for (const given of [key, new Map<string, string>()]) {
      const target = targetOf(3, { ...destination, held: 'not agreed to' }, true, {
        signatureKeys: given,
        credentials,
      });
      assert.deepEqual(target.held, { by: 'destination', why: 'not agreed to' });
    }
  });

  it('stands in the log without its query', () => {
    const target = targetOf(3, destination, false, { signatureKeys: key, credentials });
    assert.equal(target.place, 'https://callback.test/hook');
    assert.equal(target.url.href, destination.url);
    assert.equal(target.configured, false);
  });
});
