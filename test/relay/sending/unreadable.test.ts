import assert from 'node:assert/strict';
import { Unreadable, type Read } from '../../../src/relay/sending/unreadable.ts';

describe('a store that cannot be read', () => {
  it('is said once, until it worked again', () => {
    const said: string[] = [];
    const log = (_: 'error', message: string): void => void said.push(message);
    const unreadable = new Unreadable({ readAgain: () => undefined, log, delayScale: 1 });
    unreadable.failed('waiting', new Error('EIO'), 'http://x/');
    unreadable.failed('waiting', new Error('EIO'), 'http://x/');
    assert.deepEqual(said, [
      'cannot read the history (EIO): notifications queued for http://x/ are waiting; retrying every 5 s',
    ]);
    unreadable.worked('waiting');
    unreadable.failed('waiting', new Error('EIO'), 'http://x/');
    assert.equal(said.length, 2);
  });

  it('is not said again where one thing can be read and another still cannot, until that is read or dropped', () => {
    const said: string[] = [];
    const log = (_: 'error', message: string): void => void said.push(message);
    const unreadable = new Unreadable({ readAgain: () => undefined, log, delayScale: 1 });
    const fail = (what: Read): void => unreadable.failed(what, new Error('EIO'), 'http://x/');
    fail(2);
    unreadable.worked('waiting');
    fail(2);
    fail('waiting');
    unreadable.worked('waiting');
    unreadable.worked(1);
    assert.equal(said.length, 1);
    unreadable.worked(2);
    fail(3);
    assert.equal(said.length, 2);
    unreadable.drop((id) => id === 3);
    fail(4);
    assert.equal(said.length, 3);
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
