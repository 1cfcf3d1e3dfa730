import assert from 'node:assert/strict';
import { once } from 'node:events';
import { SharedStart } from '../../../src/extension/session/shared-start.ts';
import { until } from '../../relay/until.ts';

/** A start that the test ends, of which it is known how often it was begun and whether it was told to end. */
class Stage {
  readonly signals: AbortSignal[] = [];
  end: (value: string) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  readonly start = new SharedStart<string>(
    (signal) =>
      new Promise((resolve, reject) => {
        this.signals.push(signal);
        this.end = resolve;
        this.fail = reject;
        signal.addEventListener('abort', () => reject(new Error('undone')));
      }),
  );
}

describe('A start that several wait for', () => {
  it('is one, for all of them', async () => {
    const stage = new Stage();
    const all = [stage.start.join(), stage.start.join(new AbortController().signal), stage.start.underWay];
    assert.equal(stage.signals.length, 1);
    stage.end('it');
    for (const each of all) assert.equal(await each, 'it');
  });

  it('goes on where one of them gives up, who need not wait', async () => {
    const stage = new Stage();
    const one = new AbortController();
    const given = stage.start.join(one.signal);
    const other = stage.start.join(new AbortController().signal);
    one.abort();
    await assert.rejects(given, { name: 'AbortError' });
    assert.equal(stage.signals[0]?.aborted, false);
    stage.end('it');
    assert.equal(await other, 'it');
  });

  it('is ended by the last who gives up, and is another one after that', async () => {
    const stage = new Stage();
    const [one, two] = [new AbortController(), new AbortController()];
    const all = [stage.start.join(one.signal), stage.start.join(two.signal)];
    one.abort();
    two.abort();
    for (const each of all) await assert.rejects(each, { name: 'AbortError' });
    assert.equal(stage.signals[0]?.aborted, true);
    assert.equal(stage.start.underWay, undefined);
    const again = stage.start.join();
    stage.end('it');
    assert.equal(await again, 'it');
    assert.equal(stage.signals.length, 2);
  });

  it('is another one for who asks while the one before is being given up', async () => {
    const ends: (() => void)[] = [];
    const signals: AbortSignal[] = [];
    const start = new SharedStart<number>(async (signal) => {
      const number = signals.push(signal);
      await new Promise<void>((resolve) => ends.push(resolve));
      signal.throwIfAborted();
      return number;
    });
    const one = new AbortController();
    const given = start.join(one.signal);
    const whenAborted = once(signals[0] ?? one.signal, 'abort');
    one.abort();
    await whenAborted;
    const two = new AbortController();
    const [again, impatient] = [start.join(), start.join(two.signal)];
    two.abort();
    await assert.rejects(impatient, { name: 'AbortError' });
    assert.equal(signals.length, 1);
    ends[0]?.();
    await assert.rejects(given, { name: 'AbortError' });
    await Promise.race([again, until(() => ends[1])]);
    ends[1]?.();
    assert.equal(await again, 2);
    assert.equal(signals[1]?.aborted, false);
  });

  it('is not given up for who cannot', async () => {
    const stage = new Stage();
    const one = new AbortController();
    const all = [stage.start.join(), stage.start.join(one.signal)];
    one.abort();
    await assert.rejects(all[1] ?? Promise.resolve(), { name: 'AbortError' });
    assert.equal(stage.signals[0]?.aborted, false);
    stage.end('it');
    assert.equal(await all[0], 'it');
  });

  it('fails for all of them, and may be begun again', async () => {
    const stage = new Stage();
    const all = [stage.start.join(), stage.start.join(new AbortController().signal)];
    stage.fail(new Error('no room'));
    for (const each of all) await assert.rejects(each, /no room/);
    const again = stage.start.join();
    stage.end('it');
    assert.equal(await again, 'it');
  });

  it('is ended at once where who asks has given up already', async () => {
    const stage = new Stage();
    await assert.rejects(stage.start.join(AbortSignal.abort()), { name: 'AbortError' });
    assert.equal(stage.start.underWay, undefined);
  });
});
