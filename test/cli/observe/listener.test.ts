import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { ObservationListener } from '../../../src/cli/observe/listener.ts';
import type { Answer } from '../../../src/cli/observe/listener.ts';

const secret = '0123456789abcdef0123456789abcdef';

describe('the end that an observation listens at', () => {
  let listener: ObservationListener;
  const answers: Record<string, Answer> = {
    fine: { kind: 'status', status: 200 },
    failing: { kind: 'status', status: 500 },
    silent: { kind: 'hang' },
    broken: { kind: 'break' },
  };
  beforeEach(async () => {
    listener = await ObservationListener.open({
      secret,
      port: 0,
      answer: (place) => answers[place] ?? { kind: 'status', status: 204 },
    });
  });
  afterEach(() => listener.close());

  const url = (path: string): string => `http://127.0.0.1:${listener.port}${path}`;
  const post = (path: string, body: string | Uint8Array = '{}', headers = {}): Promise<Response> =>
    fetch(url(path), { method: 'POST', body: typeof body === 'string' ? body : Buffer.from(body), headers });

  it('answers by plan, and keeps what came with its headers', async () => {
    assert.equal((await post(listener.path('fine'), '{"a":1}', { 'User-Agent': 'Vendor' })).status, 200);
    assert.equal((await post(listener.path('failing'))).status, 500);
    await assert.rejects(post(listener.path('broken')));
    assert.deepEqual(
      listener.received.map(({ place, body }) => [place, body.toString()]),
      [
        ['fine', '{"a":1}'],
        ['failing', '{}'],
        ['broken', '{}'],
      ],
    );
    assert.ok(listener.received[0]?.headers.some(([name, value]) => name === 'User-Agent' && value === 'Vendor'));
    assert.equal((await fetch(url(listener.path('health')))).status, 204);
  });

  it('gives strangers the same empty 404, whatever they ask, and keeps nothing of it', async () => {
    const asked = [
      [`/hooks/${'f'.repeat(32)}/fine`, 'POST'],
      ['/', 'GET'],
      [`${listener.path('fine')}?x`, 'POST'],
      [listener.path('fine'), 'GET'],
      [`/hooks/${secret.toUpperCase()}/fine`, 'POST'],
    ] as const;
    for (const [path, method] of asked) {
      const answer = await fetch(url(path), { method });
      assert.deepEqual([answer.status, await answer.text(), answer.headers.get('connection')], [404, '', 'close']);
    }
    assert.equal(listener.received.length, 0);
  });

  it('keeps no body beyond 5 MiB, compressed or not, and says so', async () => {
    const large = Buffer.alloc(5_242_881, 'a');
    assert.equal((await post(listener.path('fine'), gzipSync(large), { 'Content-Encoding': 'gzip' })).status, 413);
    const outcome = await post(listener.path('fine'), large).then(
      ({ status }) => status,
      () => 'ended',
    );
    assert.ok(outcome === 413 || outcome === 'ended', `${outcome}`);
    assert.equal((await post(listener.path('fine'), gzipSync('{"a":2}'), { 'Content-Encoding': 'gzip' })).status, 200);
    assert.deepEqual(
      listener.received.map(({ body }) => body.toString()),
      ['{"a":2}'],
    );
  });

  it('ends a connection that brings nothing but framing', async () => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const flood = Buffer.from('\r\n'.repeat(32_768));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const write = (): void => {
      if (!socket.destroyed) socket.write(flood, write);
    };
    write();
    await closed;
    assert.equal(listener.received.length, 0);
  });

  it('notes how long a sender waited for an answer that never came', async () => {
    const signal = AbortSignal.timeout(100);
    await assert.rejects(fetch(url(listener.path('silent')), { method: 'POST', body: '{}', signal }));
    const never = new AbortController().signal;
    assert.ok(await listener.until(() => listener.received[0]?.waitedMs != null, 5000, never));
    assert.ok((listener.received[0]?.waitedMs ?? 0) >= 50);
  });

  it('refuses connections while it is closed, and takes them at the same port again', async () => {
    const { port } = listener;
    await listener.close();
    await assert.rejects(post(listener.path('fine')), /fetch failed/);
    await listener.resume();
    assert.equal(listener.port, port);
    assert.equal((await post(listener.path('fine'))).status, 200);
  });

  it('waits no longer than until its signal', async () => {
    const stop = new AbortController();
    const waiting = listener.until(() => false, 60_000, stop.signal);
    stop.abort();
    assert.equal(await waiting, false);
  });
});
