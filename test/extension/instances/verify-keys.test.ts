import assert from 'node:assert/strict';
import type { StoredInstance, VerifyKeyParts } from '../../../src/extension/instances/instance-store.ts';
import { forgetInstance, keepVerifyKey, verifyKeyName } from '../../../src/extension/instances/instance-store.ts';
import type { SecretKind } from '../../../src/extension/secrets/secrets.ts';

const one: StoredInstance = { id: 7, name: 'Mine', host: 'a.example', createdAt: '2026-01-01T00:00:00.000Z' };

/** What is kept of instances, and the keys by kind and name. */
class Kept implements VerifyKeyParts {
  all: StoredInstance[];
  readonly keys = new Map<string, string>();

  constructor(...all: StoredInstance[]) {
    this.all = all;
  }

  readonly store: VerifyKeyParts['store'] = {
    find: (host, id) => this.all.find((each) => each.host === host && each.id === id),
    change: (host, id, part) => {
      this.all = this.all.map((each) => (each.host === host && each.id === id ? { ...each, ...part } : each));
      return Promise.resolve();
    },
    forget: (host, id) => {
      this.all = this.all.filter((each) => each.host !== host || each.id !== id);
      return Promise.resolve();
    },
  };

  readonly secrets: VerifyKeyParts['secrets'] = {
    set: (kind: SecretKind, name: string, value: string) =>
      Promise.resolve(void this.keys.set(`${kind} ${name}`, value)),
    remove: (kind: SecretKind, name: string) => Promise.resolve(void this.keys.delete(`${kind} ${name}`)),
  };
}

describe('the verify keys of instances', () => {
  it('are told apart where instances have one name, or even one id at two hosts', async () => {
    const kept = new Kept(one, { ...one, id: 8 }, { ...one, host: 'b.example' });
    for (const [index, instance] of kept.all.entries()) await keepVerifyKey(kept, instance, `key ${index}`);
    assert.deepEqual([...kept.keys.values()], ['key 0', 'key 1', 'key 2']);
  });

  it('have names that the relay takes, and that say which instance it is', () => {
    assert.equal(verifyKeyName(one), 'Mine (7, a.example)');
    const long = verifyKeyName({ id: 123_456_789_012_345, name: 'n'.repeat(300), host: 'h'.repeat(300) });
    assert.equal(long.length, 100);
    assert.match(long, /^n+ \(123456789012345, h+\)$/);
  });

  it('go with the instance, renamed meanwhile or not, and no other key does', async () => {
    const kept = new Kept(one, { ...one, id: 8 });
    for (const instance of kept.all) await keepVerifyKey(kept, instance, 'key');
    await kept.secrets.set('verifyKeys', 'Another', 'key');
    await kept.store.change('a.example', 7, { name: 'Another' });
    await forgetInstance(kept, 'a.example', 7);
    assert.deepEqual([...kept.keys.keys()], ['verifyKeys Mine (8, a.example)', 'verifyKeys Another']);
    assert.deepEqual(
      kept.all.map(({ id }) => id),
      [8],
    );
    // One without a key, and one that is not kept here.
    await forgetInstance(new Kept(one), 'a.example', 7);
    await forgetInstance(kept, 'a.example', 99);
  });
});
