import assert from 'node:assert/strict';
import { InstanceStore } from '../../../src/extension/instances/instance-store.ts';
import type { StoreContext, StoredInstance } from '../../../src/extension/instances/instance-store.ts';

/** VS Code's memory and its secrets, as far as the store uses them. */
class Storage {
  readonly state = new Map<string, unknown>();
  readonly secrets = new Map<string, string>();

  readonly context = {
    globalState: {
      get: (key: string, otherwise: unknown) => this.state.get(key) ?? otherwise,
      update: async (key: string, value: unknown) => {
        await Promise.resolve();
        this.state.set(key, value);
      },
    },
    secrets: {
      get: (key: string) => Promise.resolve(this.secrets.get(key)),
      store: async (key: string, value: string) => {
        await Promise.resolve();
        this.secrets.set(key, value);
      },
      delete: (key: string) => Promise.resolve(void this.secrets.delete(key)),
    },
  } as unknown as StoreContext;
}

function instance(id: number, more: Partial<StoredInstance> = {}): StoredInstance {
  return { id, name: `Instance ${id}`, host: 'host.example', createdAt: '2026-01-01T00:00:00.000Z', ...more };
}

describe('the instances that are kept', () => {
  let storage: Storage;
  let store: InstanceStore;
  beforeEach(() => {
    storage = new Storage();
    store = new InstanceStore(storage.context);
  });

  it('are there with what is known of them; their tokens are among the secrets alone', async () => {
    await store.add(instance(1), 'planted-token');
    assert.deepEqual(store.all(), [instance(1)]);
    assert.deepEqual(store.find('host.example', 1), instance(1));
    assert.equal(await store.token('host.example', 1), 'planted-token');
    assert.doesNotMatch(JSON.stringify([...storage.state]), /planted-token/);
  });

  it('are told apart by host and id', async () => {
    await store.add(instance(1), 'one');
    await store.add(instance(1, { host: 'sandbox' }), 'another');
    assert.equal(store.all().length, 2);
    assert.equal(store.all('sandbox').length, 1);
    assert.equal(await store.token('sandbox', 1), 'another');
    assert.equal(await store.token('host.example', 1), 'one');
    assert.equal(store.find('sandbox', 2), undefined);
  });

  it('are renamed, keep their token, and tell whoever listens', async () => {
    let told = 0;
    const listening = store.onDidChange(() => told++);
    await store.add(instance(1), 'token');
    await store.change('host.example', 1, { name: 'Another' });
    await store.add(instance(1, { name: 'Third' }));
    assert.equal(store.find('host.example', 1)?.name, 'Third');
    assert.equal(await store.token('host.example', 1), 'token');
    assert.equal(told, 3);
    listening.dispose();
    await store.forget('host.example', 1);
    assert.equal(told, 3);
  });
});
