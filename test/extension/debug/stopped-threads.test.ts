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

  it('lasts where the answer to continue says that no other thread runs', () => {
    const threads = new StoppedThreads();
    threads.said(stopped(1));
    threads.said(stopped(2));
    threads.asked(request(9, 'continue', { threadId: 1 }));
    threads.said(response(9, true, { allThreadsContinued: false }));
    assert.equal(threads.any, true, 'the second stands');
    threads.asked(request(10, 'continue', { threadId: 2 }));
    threads.said(response(10, true, { allThreadsContinued: false }));
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

  it('lasts while some of the threads run that stopped together', () => {
    const threads = new StoppedThreads();
    threads.said(stopped(1, true));
    threads.said(response(7, true, { threads: [{ id: 1 }, { id: 2 }] }));
    threads.said(event('thread', { reason: 'started', threadId: 3 }));
    for (const threadId of [1, 2, 3]) {
      assert.equal(threads.any, true, `${threadId} stands`);
      threads.asked(request(10 + threadId, 'continue', { threadId, singleThread: true }));
      threads.said(response(10 + threadId, true, { allThreadsContinued: false }));
    }
    assert.equal(threads.any, false);
  });

  it('ends with a thread that exits and with the program', () => {
    for (const end of [event('thread', { reason: 'exited', threadId: 1 }), event('terminated'), event('exited')]) {
      const threads = new StoppedThreads();
      threads.said(stopped(1));
      threads.said(end);
      assert.equal(threads.any, false);
    }
  });

  it('is not changed by what is no message of the protocol', () => {
    const threads = new StoppedThreads();
    for (const message of [null, undefined, 7, 'stopped', [], {}, { type: 'event' }, event('stopped')]) {
      threads.asked(message);
      threads.said(message);
    }
    // A stop that names no thread is one of all.
    assert.equal(threads.any, true);
    threads.said(event('continued'));
    assert.equal(threads.any, false);
  });
});
