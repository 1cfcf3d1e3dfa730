import assert from 'node:assert/strict';
import { SharedStart } from '../../../src/extension/session/shared-start.ts';

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
});
