import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSandbox } from '../../../src/extension/sandbox/sandbox-check.ts';
import { startHarness } from '../../sandbox/harness.ts';

const keyOf = (control: string): string => new URL(control).pathname.split('/').at(-1) ?? '';

describe('whether a sandbox is the one that was started', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** Another user's program at a port. @returns all that it was sent */
  async function impostor(port: number, answer: RequestListener): Promise<() => string> {
    let told = '';
    const server = createServer((request, response) => {
      told += `${request.method} ${request.url} ${JSON.stringify(request.rawHeaders)}\n`;
      request.on('data', (chunk: Buffer) => (told += chunk.toString()));
      answer(request, response);
    });
    servers.push(server);
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return () => told;
  }

  it('is proved by the sandbox itself, to who knows its key', async () => {
    const harness = await startHarness({ randomCredentials: true });
    const { sandbox, reports } = harness;
    try {
      assert.equal(await isSandbox(sandbox.control), true);
      assert.equal(await isSandbox(sandbox.control.replace(keyOf(sandbox.control), '0'.repeat(32))), false);
      const asked = reports.map((report) => (report.type === 'request' ? [report.status, report.stranger] : []));
      // A window that asks keeps it alive, a stranger does not.
      assert.deepEqual(asked, [
        [200, false],
        [404, true],
      ]);
      assert.ok(!JSON.stringify(reports).includes(keyOf(sandbox.control)));
    } finally {
      await harness.close();
    }
    assert.equal(await isSandbox(sandbox.control), false, 'it runs no more');
  });

  it('is not pretended by another program that has taken its port, which learns nothing that opens one', async () => {
    const harness = await startHarness({ randomCredentials: true });
    const { control, credentials, port } = harness.sandbox;
    await harness.close();
    // Of another sandbox, with which this one could be played through.
    const other = await startHarness({ randomCredentials: true });
    try {
      const answers: RequestListener[] = [
        (_request, response) => response.end(JSON.stringify({ proof: '0'.repeat(64), credentials })),
        (_request, response) => response.end(JSON.stringify(credentials)),
        // What was sent is sent back: the nonce, the proof, the whole address.
        ({ url = '' }, response) =>
          response.end(JSON.stringify({ proof: new URL(url, 'http://h').searchParams.get('proof') })),
        ({ url = '' }, response) => response.end(url),
        ({ url = '' }, response) =>
          void fetch(`http://127.0.0.1:${other.sandbox.port}${url}`).then(async (answer) =>
            response.writeHead(answer.status).end(await answer.text()),
          ),
        (_request, response) => response.end('null'),
        (_request, response) => response.end('x'.repeat(2_000_000)),
        (request) => request.socket.destroy(),
      ];
      for (const answer of answers) {
        const told = await impostor(port, answer);
        assert.equal(await isSandbox(control), false);
        assert.notEqual(told(), '');
        const { campaignMonitor, openConnectors } = credentials;
        for (const secret of [keyOf(control), ...Object.values(campaignMonitor), ...Object.values(openConnectors)]) {
          assert.ok(!told().includes(secret), told());
        }
        const server = servers.pop();
        server?.closeAllConnections();
        server?.close();
      }
    } finally {
      await other.close();
    }
  });

  it('is not believed where the key is played through to the sandbox at another port', async () => {
    const harness = await startHarness({ randomCredentials: true });
    const { sandbox } = harness;
    try {
      const free = createServer();
      await once(free.listen(0, '127.0.0.1'), 'listening');
      const { port } = free.address() as AddressInfo;
      await new Promise((resolve) => free.close(resolve));
      await impostor(port, ({ url = '' }, response) => {
        void fetch(`http://127.0.0.1:${sandbox.port}${url}`).then(async (answer) => response.end(await answer.text()));
      });
      assert.equal(await isSandbox(sandbox.control.replace(`:${sandbox.port}/`, `:${port}/`)), false);
    } finally {
      await harness.close();
    }
  });

  it('is not said of one with published credentials', async () => {
    const harness = await startHarness();
    try {
      assert.equal(await isSandbox(harness.sandbox.control), false);
    } finally {
      await harness.close();
    }
  });
});
