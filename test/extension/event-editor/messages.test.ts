import assert from 'node:assert/strict';
import { readPageMessage } from '../../../src/extension/event-editor/messages.ts';

describe('What the event editor’s page says', () => {
  it('is taken where it is something that the page can say', () => {
    for (const message of [
      { type: 'ready', chosen: 'received' },
      { type: 'ready' },
      { type: 'choose', step: 'attempt n1 1 t1' },
      { type: 'act', action: 'resend' },
      { type: 'openText', kind: 'answer' },
    ])
      assert.deepEqual(readPageMessage(message), message);
  });

  it('is passed over where it is not', () => {
    for (const message of [
      undefined,
      'ready',
      { type: 'act', action: 'stop' },
      { type: 'act', action: 'workbench.action.terminal.new' },
      { type: 'choose', step: 'x'.repeat(1001) },
      { type: 'choose', step: 1 },
      { type: 'openText', kind: '../secret' },
    ])
      assert.equal(readPageMessage(message), undefined);
  });
});
