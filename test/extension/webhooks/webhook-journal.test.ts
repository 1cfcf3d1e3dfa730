import assert from 'node:assert/strict';
import { WebhookJournal, type Registration } from '../../../src/extension/webhooks/webhook-journal.ts';
import { memory } from '../relay/memory.ts';

function registration(listId: string, changes: Partial<Registration> = {}): Registration {
  return {
    ...{ accountId: 'account', listId, listName: listId, relay: 'relay', events: ['Update'], format: 'json' },
    ...{ ids: [`hook-${listId}`], base: 'https://a.example', state: 'active' },
    ...changes,
  };
}

describe('the journal of registrations', () => {
  let kept: Record<string, unknown>;
  let journal: WebhookJournal;

  beforeEach(async () => {
    kept = {};
    journal = new WebhookJournal(memory(kept));
    await journal.put(registration('one'));
    await journal.put(registration('two'));
  });

  it('keeps one for an account, a list and a relay, for whoever reads it next', async () => {
    await journal.put(registration('one', { state: 'inactive' }));
    await journal.put(registration('one', { relay: 'another' }));
    const again = new WebhookJournal(memory(kept)).all();
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

  it('keeps an interrupted change, whatever is switched or deleted by hand', async () => {
    for (const state of ['moving', 'deleting'] as const) {
      const before = registration('one', { state });
      await journal.put(before);
      await journal.switchHook('account', 'one', 'hook-one', 'off');
      await journal.switchHook('account', 'one', 'hook-one', 'active');
      assert.equal(journal.all().find(({ listId }) => listId === 'one')?.state, state);
      await journal.forgetHook('account', 'one', 'hook-one');
      // Only while moving, there may be another webhook, whose ID never arrived.
      assert.deepEqual(
        journal.all().flatMap(({ listId, ids }) => (listId === 'one' ? [ids] : [])),
        state === 'moving' ? [[]] : [],
      );
    }
  });
});
