import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { HistoryThread } from '../../../src/relay/history/history-thread.ts';
import type { IndexNews } from '../../../src/relay/history/history-worker.ts';
import type { Progress } from '../../../src/relay/log/held.ts';
import { afterward, ownDirectory, temporaryFolder } from '../afterward.ts';
import { deliveryRecord, destinationId } from '../records.ts';
import { until } from '../until.ts';
import { openStore } from './stores.ts';

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

  it('passes on errors with their code and advice, and is asked again after them', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    await store.add(deliveryRecord(store));
    const thread = new HistoryThread(dataDir);
    afterward(() => thread.close());
    await assert.rejects(thread.calls.event('e7'), {
      name: 'HistoryError',
      message: 'there is no event e7 in the history',
      code: 'not-found',
      advice: 'list-events',
    });
    await assert.rejects(thread.calls.query({ filter: 'state:lost', limit: 1 }), { code: 'invalid-params' });
    assert.equal((await thread.calls.event('e1')).event.id, 'e1');
    assert.deepEqual(await thread.calls.notificationIds('subscribe', undefined, ['e9']), []);
  });

  it('knows with each call what is being sent, and tells how far the text is indexed', async () => {
    const dataDir = ownDirectory();
    const store = openStore(dataDir);
    const to = destinationId(store, 'http://127.0.0.1:9/held', {}, { by: 'missing-key', why: 'no key' });
    await store.add(deliveryRecord(store, { to: [to] }));
    const news: IndexNews[] = [];
    let underWay: Progress['underWay'] = [];
    const thread = new HistoryThread(dataDir, {
      progress: () => ({ underWay }),
      onNews: (each) => void news.push(each),
    });
    afterward(() => thread.close());
    const held = async (): Promise<number> =>
      (await thread.calls.counts({ filter: 'state:held', mostGroups: 1 })).total;
    assert.equal(await held(), 1);
    underWay = [{ notificationId: 1, destinationId: to }];
    assert.equal(await held(), 0);
    thread.tell('changed');
    await until(() => news.at(-1)?.index.events === 1);
    assert.deepEqual(news.at(-1), { index: { events: 1, of: 1, bytes: 0 }, failure: null });
  });

  it('answers no call of a thread that ends, says so, and is started again', async () => {
    const dataDir = ownDirectory();
    openStore(dataDir);
    const workers: Worker[] = [];
    const collect = (worker: Worker): void => void workers.push(worker);
    process.on('worker', collect);
    afterward(() => process.off('worker', collect));
    const thread = new HistoryThread(dataDir);
    afterward(() => thread.close());
    const count = async (): Promise<number> => (await thread.calls.counts({ filter: '', mostGroups: 1 })).total;
    assert.equal(await count(), 0);
    const pending = assert.rejects(count(), {
      message: 'reading the history was interrupted',
      code: 'store-failed',
      advice: 'ask-again',
    });
    await workers[0]!.terminate();
    await pending;
    assert.equal(await count(), 0);
    assert.equal(workers.length, 2);
  });

  it('is not started with each call where it ends before it says anything', async () => {
    let started = 0;
    const count = (): void => void (started += 1);
    process.on('worker', count);
    afterward(() => process.off('worker', count));
    // There is no history to read.
    const thread = new HistoryThread(temporaryFolder());
    afterward(() => thread.close());
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
