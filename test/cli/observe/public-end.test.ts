import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ObservationListener } from '../../../src/cli/observe/listener.ts';
import { passageOf } from '../../../src/cli/observe/public-end.ts';

describe('the way of an observation through a tunnel', () => {
  it('is known by the headers that a request of our own gains, and keeps nothing of that request', async () => {
    const listener = await ObservationListener.open({
      secret: '0123456789abcdef0123456789abcdef',
      port: 0,
      answer: () => ({ kind: 'status', status: 200 }),
    });
    const proxy = createServer((incoming, outgoing) => {
      const headers = { ...incoming.headers, 'x-request-id': 'a', via: '1.1 tunnel' };
      const { method, url: path } = incoming;
      const onward = request({ port: listener.port, host: '127.0.0.1', method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502);
        answer.pipe(outgoing);
      });
      incoming.pipe(onward);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const base = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { signal } = new AbortController();
    try {
      const through = await passageOf(listener, base, signal);
      assert.deepEqual([...(through.headers ?? [])].sort(), ['via', 'x-request-id']);
      const direct = await passageOf(listener, `http://127.0.0.1:${listener.port}`, signal);
      assert.deepEqual(direct.headers, []);
      assert.deepEqual(listener.received, []);
    } finally {
      proxy.close();
      proxy.closeAllConnections();
      await listener.close();
    }
    assert.deepEqual(await passageOf(listener, base, signal), { headers: null });
  });
});
