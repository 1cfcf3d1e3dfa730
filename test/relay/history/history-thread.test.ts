import assert from 'node:assert/strict';
import { HistoryThread } from '../../../src/relay/history/history-thread.ts';
import { afterwards, temporaryFolder } from '../afterwards.ts';

describe('The thread of the history', () => {
  it('says when to ask again once it is closed', async () => {
    const thread = new HistoryThread(temporaryFolder());
    await thread.close();
    await assert.rejects(thread.calls.counts({ filter: '', mostGroups: 1 }), {
      message: 'the relay is stopping',
      advice: 'ask-when-it-runs',
      next: 'Try again when the relay is running.',
    });
  });

  it('is not started with each call where it ends before it says anything', async () => {
    let started = 0;
    const count = (): void => void (started += 1);
    process.on('worker', count);
    afterwards(() => process.off('worker', count));
    // There is no history to read.
    const thread = new HistoryThread(temporaryFolder());
    afterwards(() => thread.close());
    for (let calls = 0; calls < 10; calls++) {
      thread.tell('changed');
      await assert.rejects(thread.calls.counts({ filter: '', mostGroups: 1 }), {
        code: 'store-failed',
        advice: 'ask-again',
      });
    }
    // It may have been there by then: once it is looked at again at once.
    assert.equal(started, 2);
  });
});
