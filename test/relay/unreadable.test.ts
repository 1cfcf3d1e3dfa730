import assert from 'node:assert/strict';
import { Unreadable } from '../../src/relay/unreadable.ts';

describe('a store that cannot be read', () => {
  it('is said once, until it worked again', () => {
    const said: string[] = [];
    const log = (_: 'error', message: string): void => void said.push(message);
    const unreadable = new Unreadable({ readAgain: () => undefined, log, delayScale: 1 });
    unreadable.failed(new Error('EIO'), 'http://x/');
    unreadable.failed(new Error('EIO'), 'http://x/');
    assert.deepEqual(said, ['the history cannot be read (EIO): what waits for http://x/ is tried every 5 s']);
    unreadable.worked();
    unreadable.failed(new Error('EIO'), 'http://x/');
    assert.equal(said.length, 2);
  });

  it('is read again after the pause, and not meanwhile', async () => {
    let again = (): void => undefined;
    const read = new Promise<void>((resolve) => (again = resolve));
    const unreadable = new Unreadable({
      readAgain: () => again(),
      log: () => undefined,
      delayScale: 0.001,
    });
    assert.equal(unreadable.pauseMs, 5);
    assert.equal(unreadable.pausing, false);
    unreadable.pause();
    assert.equal(unreadable.pausing, true);
    await read;
    assert.equal(unreadable.pausing, false);
  });
});
