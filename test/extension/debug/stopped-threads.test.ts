import assert from 'node:assert/strict';
import { StoppedThreads } from '../../../src/extension/debug/stopped-threads.ts';

const stopped = (threadId: number, allThreadsStopped?: boolean): unknown => ({
  type: 'event',
  event: 'stopped',
  body: { reason: 'breakpoint', threadId, ...(allThreadsStopped !== undefined && { allThreadsStopped }) },
});
const event = (name: string, body?: object): unknown => ({ type: 'event', event: name, body });
const request = (seq: number, command: string, given: object = {}): unknown => ({
  ...{ type: 'request', seq, command },
  arguments: given,
});
const response = (asked: number, success = true, body?: object): unknown => ({
  ...{ type: 'response', request_seq: asked, success, body },
});

describe('Whether a program stands', () => {
  it('is told by a stop and by going on', () => {
    const threads = new StoppedThreads();
    assert.equal(threads.any, false);
    threads.said(stopped(1));
    assert.equal(threads.any, true);
    threads.said(event('continued', { threadId: 1 }));
    assert.equal(threads.any, false);
  });

  for (const command of ['continue', 'next', 'stepIn', 'stepOut', 'stepBack', 'reverseContinue']) {
    it(`is told by the answer to ${command}, where no event follows`, () => {
      const threads = new StoppedThreads();
      threads.said(stopped(1, true));
      threads.asked(request(7, command, { threadId: 1 }));
      assert.equal(threads.any, true, 'not answered yet');
      threads.said(response(7));
      assert.equal(threads.any, false);
    });
  }

  it('is not changed by a request that fails, nor by one that only looks', () => {
    const threads = new StoppedThreads();
    threads.said(stopped(1));
    threads.asked(request(7, 'continue', { threadId: 1 }));
    threads.said(response(7, false));
    threads.asked(request(8, 'stackTrace', { threadId: 1 }));
    threads.said(response(8));
    assert.equal(threads.any, true);
  });

  it('lasts while one of several threads stands', () => {
    const threads = new StoppedThreads();
    threads.said(stopped(1));
    threads.said(stopped(2));
    threads.said(event('continued', { threadId: 1, allThreadsContinued: false }));
    assert.equal(threads.any, true);
    threads.asked(request(9, 'continue', { threadId: 2, singleThread: true }));
    threads.said(response(9, true, { allThreadsContinued: false }));
    assert.equal(threads.any, false);
  });

  it('lasts while a thread is stepped that stopped by itself, and another stands', () => {
    const threads = new StoppedThreads();
    threads.said(stopped(1));
    threads.said(stopped(2));
    threads.asked(request(9, 'next', { threadId: 1 }));
    threads.said(response(9));
    assert.equal(threads.any, true);
  });

  it('ends with a thread that exits and with the program', () => {
    for (const end of [event('thread', { reason: 'exited', threadId: 1 }), event('terminated'), event('exited')]) {
      const threads = new StoppedThreads();
      threads.said(stopped(1));
      threads.said(end);
      assert.equal(threads.any, false);
    }
  });
});
