import assert from 'node:assert/strict';
import { failedNotifications } from '../../../src/extension/event-actions/failed-notifications.ts';
import { inGroups, inWholeGroups, stepByStep } from '../../../src/extension/event-actions/step-by-step.ts';
import { startReceiver } from '../../relay/receiver.ts';
import { sampleBody, startTestRelay } from '../../relay/stage.ts';
import { until } from '../../relay/until.ts';

describe('Work on many things, step by step', () => {
  const ids = Array.from({ length: 250 }, (_each, index) => `n${index}`);

  it('takes each once, in order, and tells how far it is', async () => {
    const worked: string[] = [];
    const reports: (readonly [number, number])[] = [];
    const steps = await stepByStep(
      inGroups(ids, 100),
      new AbortController().signal,
      (some) => Promise.resolve(worked.push(...some) && some.length),
      (size, done) => reports.push([size, done]),
    );
    assert.deepEqual(steps, { done: 250, cancelled: false });
    assert.deepEqual(worked, ids);
    assert.deepEqual(reports, [
      [100, 100],
      [100, 200],
      [50, 250],
    ]);
  });

  it('ends after the step in which it is cancelled, and tells what was done', async () => {
    const abort = new AbortController();
    const worked: string[] = [];
    const steps = await stepByStep(
      inGroups(ids, 100),
      abort.signal,
      (some) => {
        worked.push(...some);
        if (worked.length === 200) abort.abort();
        return Promise.resolve(some.length);
      },
      () => undefined,
    );
    assert.deepEqual(steps, { done: 200, cancelled: true });
    assert.deepEqual(worked, ids.slice(0, 200));
  });

  it('divides no list, and leaves nothing out', () => {
    const list = (length: number): string[] => Array.from({ length }, (_each, index) => `${length}/${index}`);
    const groups = [...inWholeGroups([list(60), list(30), list(20), list(250), list(1)], 100)];
    assert.deepEqual(
      groups.map(({ length }) => length),
      [90, 20, 250, 1],
    );
    assert.deepEqual(groups.flat(), [...list(60), ...list(30), ...list(20), ...list(250), ...list(1)]);
    assert.deepEqual([...inWholeGroups([], 100)], []);
  });

  it('is whole where it is cancelled in the last step', async () => {
    const abort = new AbortController();
    const work = (some: readonly string[]): Promise<number> => {
      if (some.length < 100) abort.abort();
      return Promise.resolve(some.length);
    };
    const steps = await stepByStep(inGroups(ids, 100), abort.signal, work, () => undefined);
    assert.deepEqual(steps, { done: 250, cancelled: false });
  });

  it('leaves a replay that was cancelled half way with each notification sent again once, or not at all', async () => {
    let status = 400;
    const { url, requests } = await startReceiver({ answer: () => ({ status }) });
    const relay = await startTestRelay({ settings: { destinations: [{ url }], retry: 'none', partSize: 1 } });
    const { client } = relay;
    await relay.deliver(sampleBody({ events: 12 }));
    await relay.drained();
    assert.equal(requests.length, 12);
    status = 200;
    const abort = new AbortController();
    const steps = await stepByStep(
      failedNotifications(client, 5),
      abort.signal,
      async (some) => {
        const { replayed } = await client.request('notifications/replay', { ids: [...some] });
        if (some.includes('n5')) abort.abort();
        return replayed;
      },
      () => undefined,
    );
    assert.deepEqual(steps, { done: 10, cancelled: true });
    const { counts } = await until(async () => {
      const found = await client.request('relay/status', {});
      return found.counts.waiting === 0 ? found : undefined;
    });
    assert.equal(counts.failed, 2);
    const again = requests.slice(12).map(({ text }) => text);
    assert.equal(again.length, 10);
    assert.equal(new Set(again).size, 10);
  });
});
