import assert from 'node:assert/strict';
import { StoredJournal } from '../../../../src/extension/campaign-monitor/webhooks/journal.ts';
import type { Registration } from '../../../../src/extension/campaign-monitor/webhooks/journal.ts';
import { memory } from './memory.ts';

function registration(listId: string, changes: Partial<Registration> = {}): Registration {
  return {
    ...{ accountId: 'account', listId, listName: listId, relay: 'relay', events: ['Update'], format: 'json' },
    ...{ ids: [`hook-${listId}`], base: 'https://a.example', state: 'active', pending: null },
    ...changes,
  };
}

describe('the journal of registrations', () => {
  let kept: Record<string, unknown>;
  let journal: StoredJournal;

  beforeEach(async () => {
    kept = {};
    journal = new StoredJournal(memory(kept), 'test');
    await journal.put(registration('one'));
    await journal.put(registration('two'));
  });

  it('keeps one for an account, a list and a relay, for whoever reads it next', async () => {
    await journal.put(registration('one', { state: 'inactive' }));
    await journal.put(registration('one', { relay: 'another' }));
    const again = new StoredJournal(memory(kept), 'test').all();
    assert.deepEqual(
      again.map(({ listId, relay, state }) => [listId, relay, state]),
      [
        ['two', 'relay', 'active'],
        ['one', 'relay', 'inactive'],
        ['one', 'another', 'active'],
      ],
    );
  });

  it('forgets a webhook that was deleted, and the list with its last one', async () => {
    await journal.put(registration('two', { ids: ['hook-two', 'another'] }));
    await journal.forgetHook('account', 'two', 'hook-two');
    await journal.forgetHook('account', 'one', 'hook-one');
    await journal.forgetHook('account', 'one', 'unknown');
    assert.deepEqual(
      journal.all().map(({ listId, ids }) => [listId, ids]),
      [['two', ['another']]],
    );
  });

  it('notes what was switched by hand', async () => {
    await journal.switchHook('account', 'one', 'hook-one', 'off');
    assert.equal(journal.all().find(({ listId }) => listId === 'one')?.state, 'off');
    await journal.switchHook('account', 'one', 'hook-one', 'active');
    assert.equal(journal.all().find(({ listId }) => listId === 'one')?.state, 'active');
  });

  it('forgets an account', async () => {
    await journal.put(registration('three', { accountId: 'another' }));
    await journal.forgetAccount('account');
    assert.deepEqual(
      journal.all().map(({ listId }) => listId),
      ['three'],
    );
  });

  it('remembers where a relay was public last', async () => {
    await journal.knowRelay({ relay: 'relay', dataDir: '/one', base: 'https://a.example' });
    await journal.knowRelay({ relay: 'another', dataDir: '/two', base: null });
    await journal.knowRelay({ relay: 'relay', dataDir: '/one', base: null });
    assert.deepEqual(journal.relays(), [
      { relay: 'relay', dataDir: '/one', base: 'https://a.example' },
      { relay: 'another', dataDir: '/two', base: null },
    ]);
  });

  it('remembers where a relay listened on this machine, also of what an earlier version noted', async () => {
    const localBase = 'http://127.0.0.1:8787';
    await journal.knowRelay({ relay: 'relay', dataDir: '/one', base: 'https://a.example' });
    await journal.knowRelay({ relay: 'relay', dataDir: '/one', base: null, localBase });
    await journal.knowRelay({ relay: 'relay', dataDir: '/one', base: null });
    assert.deepEqual(journal.relays(), [{ relay: 'relay', dataDir: '/one', base: 'https://a.example', localBase }]);
  });
});
