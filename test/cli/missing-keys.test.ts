import assert from 'node:assert/strict';
import { missingKeysAdvice } from '../../src/cli/missing-keys.ts';
import type { Status } from '../../src/protocol/status.ts';

describe('How a missing key is supplied', () => {
  const advice = (missingKeys: readonly string[], destination: object): string =>
    missingKeysAdvice({ missingKeys, destinations: [destination] } as unknown as Status);

  it('is by the flag, where it is the key that the flag gives', () => {
    assert.match(advice(['default'], { signatureKeyName: 'default' }), /listen --signature-key-env SIGNATURE_KEY in/);
  });

  it('is by a file, where it has another name, or may be credentials', () => {
    for (const [missing, destination] of [
      [['mine'], { signatureKeyName: 'mine' }],
      [['default', 'mine'], { signatureKeyName: 'default', credentialsName: 'mine' }],
      [['default'], { credentialsName: 'default' }],
    ] as const) {
      assert.match(advice(missing, destination), /listen --config FILE, with a file/);
      assert.doesNotMatch(advice(missing, destination), /--signature-key-env/);
    }
  });
});
