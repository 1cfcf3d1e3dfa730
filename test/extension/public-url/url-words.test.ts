import assert from 'node:assert/strict';
import { doneText, titleOf } from '../../../src/extension/public-url/url-words.ts';

describe('The words for a changed URL', () => {
  it('say of what was deactivated with the relay that it is activated, and of the rest that it is updated', () => {
    const says = (...of: Parameters<typeof titleOf>) => [titleOf(...of), doneText(...of, '1 webhook (Newsletter)')];
    assert.deepEqual(says('update', 'idle'), ['Activating webhooks', 'Activated: 1 webhook (Newsletter).']);
    for (const state of ['behind', 'following'] as const)
      assert.deepEqual(says('update', state), [
        'Updating webhooks and instances',
        'Updated to this relay’s URL: 1 webhook (Newsletter).',
      ]);
    assert.deepEqual(says('delete', 'idle'), ['Deleting webhooks', 'Deleted: 1 webhook (Newsletter).']);
    assert.deepEqual(says('deactivate', 'dead'), ['Deactivating webhooks', 'Deactivated: 1 webhook (Newsletter).']);
  });
});
