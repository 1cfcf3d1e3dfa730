import assert from 'node:assert/strict';
import { readCheckMessage } from '../../../src/extension/check/messages.ts';

describe('What the page of Check My Callback says', () => {
  it('is taken where it is one of its messages', () => {
    for (const message of [
      { type: 'ready' },
      { type: 'run', only: null },
      { type: 'run', only: ['notification'] },
      { type: 'stop' },
      { type: 'chooseProbe' },
      { type: 'save', format: 'junit' },
    ])
      assert.deepEqual(readCheckMessage(message), message);
  });

  it('is nothing where it is none: another type, another format, too much', () => {
    for (const message of [
      null,
      'ready',
      {},
      { type: 'send' },
      { type: 'run' },
      { type: 'run', only: 'notification' },
      { type: 'run', only: Array.from({ length: 201 }, () => 'x') },
      { type: 'run', only: ['x'.repeat(101)] },
      { type: 'save', format: 'html' },
    ])
      assert.equal(readCheckMessage(message), undefined, JSON.stringify(message));
  });
});
