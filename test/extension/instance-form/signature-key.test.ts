import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

const instance = { id: 7, name: 'n'.repeat(120), host: 'a.example' };

/** @param broken the kinds of keys that cannot be stored */
async function storing(signDirect: boolean, ...broken: readonly string[]) {
  const { storeSignatureKey } = await import('../../../src/extension/instance-form/interactive-creation.ts');
  const kept: string[] = [];
  const parts = {
    log: { error: () => undefined },
    store: { find: () => undefined, change: () => Promise.resolve(), forget: () => Promise.resolve() },
    secrets: {
      set: (kind: string, name: string) =>
        broken.includes(kind) ? Promise.reject(new Error(`no ${kind}`)) : Promise.resolve(void kept.push(kind, name)),
      remove: () => Promise.resolve(),
    },
  };
  return { kept, said: await storeSignatureKey(parts, instance, 'key', signDirect) };
}

const verifying =
  'Couldn’t store the instance’s signature key: no verifyKeys. Add the key as a verify key with “Manage Keys and Secrets…”.';
const signing =
  'Couldn’t store the key for signing notifications that the relay creates: no signatureKeys. Add the key as a signature key with “Manage Keys and Secrets…”.';

describe('The signature key of a new instance', () => {
  useVscodeStandIn();

  it('is kept for verifying, and for signing where that is wanted', async () => {
    assert.deepEqual((await storing(false)).kept.length, 2);
    const { kept, said } = await storing(true);
    assert.deepEqual([kept[0], kept[2], kept[3], said], ['verifyKeys', 'signatureKeys', 'n'.repeat(100), []]);
  });

  it('is said to be missing where it is missing alone', async () => {
    assert.deepEqual((await storing(true, 'verifyKeys')).said, [verifying]);
    assert.deepEqual((await storing(true, 'verifyKeys')).kept[0], 'signatureKeys');
    assert.deepEqual((await storing(true, 'signatureKeys')).said, [signing]);
    assert.deepEqual((await storing(true, 'verifyKeys', 'signatureKeys')).said, [verifying, signing]);
  });
});
