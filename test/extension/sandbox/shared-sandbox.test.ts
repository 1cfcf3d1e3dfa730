import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isSandbox } from '../../../src/extension/sandbox/shared-sandbox.ts';
import { startHarness } from '../../sandbox/harness.ts';

describe('whether a sandbox runs', () => {
  it('is known by its controls, which only their key opens', async () => {
    const harness = await startHarness({ randomCredentials: true });
    const { control } = harness.sandbox;
    try {
      assert.equal(await isSandbox(control), true);
      assert.equal(await isSandbox(control.replace(/[^/]+$/, '0'.repeat(32))), false);
    } finally {
      await harness.close();
    }
    assert.equal(await isSandbox(control), false, 'it runs no more');
  });

  it('is not said of another program at its port', async () => {
    const answers: RequestListener[] = [
      (_request, response) => response.end('<!doctype html>'),
      (_request, response) => response.end('null'),
      (_request, response) => response.end('{}'),
      (_request, response) => response.end('x'.repeat(2_000_000)),
      (request) => request.socket.destroy(),
    ];
    for (const answer of answers) {
      const server = createServer(answer);
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      assert.equal(await isSandbox(`http://127.0.0.1:${port}/sandbox/${'0'.repeat(32)}`), false);
      server.closeAllConnections();
      server.close();
    }
  });
});
