import assert from 'node:assert/strict';
import { ListNames } from '../../../src/extension/accounts/list-names.ts';

function memory(): { get<T>(key: string, otherwise: T): T; update(key: string, value: unknown): Promise<void> } {
  const kept = new Map<string, string>();
  return {
    get: <T>(key: string, otherwise: T) => (kept.has(key) ? (JSON.parse(kept.get(key) ?? '') as T) : otherwise),
    update: (key, value) => Promise.resolve(void kept.set(key, JSON.stringify(value))),
  };
}

describe('the names of lists', () => {
  it('are known from when an account tells them until it is signed out, after a reload too', () => {
    const kept = memory();
    const names = new ListNames(kept as never);
    let changes = 0;
    names.onDidChange(() => (changes += 1));
    assert.equal(names.nameOf('a'), undefined);
    names.learn('one', [
      { listId: 'a', name: 'Newsletter' },
      { listId: 'b', name: 'Races' },
    ]);
    names.learn('two', [{ listId: 'c', name: 'Readers' }]);
    assert.deepEqual(['a', 'b', 'c', 'd'].map(names.nameOf), ['Newsletter', 'Races', 'Readers', undefined]);
    assert.equal(changes, 2);

    // The same once more is no change; another name is.
    names.learn('one', [{ listId: 'a', name: 'Newsletter' }]);
    assert.equal(changes, 2);
    names.learn('one', [{ listId: 'a', name: 'News' }]);
    assert.deepEqual(['a', 'b'].map(new ListNames(kept as never).nameOf), ['News', 'Races']);

    names.retain(['two']);
    assert.deepEqual(['a', 'b', 'c'].map(names.nameOf), [undefined, undefined, 'Readers']);
    assert.equal(changes, 4);
    names.retain(['two', 'three']);
    assert.equal(changes, 4);
  });

  it('tell a listener nothing after it has gone, and are kept in a bounded number', () => {
    const names = new ListNames(memory() as never);
    let changes = 0;
    names.onDidChange(() => (changes += 1)).dispose();
    names.learn(
      'one',
      Array.from({ length: 3000 }, (_each, n) => ({ listId: `list ${n}`, name: `${n}` })),
    );
    assert.equal(changes, 0);
    assert.equal(names.nameOf('list 2999'), '2999');
    assert.equal(names.nameOf('list 0'), undefined);
  });
});
