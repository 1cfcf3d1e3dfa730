import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { createMessageConnection } from 'vscode-jsonrpc/node';
import { controlChannelOf, prepareFolder } from '../../src/protocol/control-channel.ts';
import { isRefusal, NoRelayError, RelayRequestError } from '../../src/protocol/errors.ts';
import { connectToRelay, unconnected } from '../../src/protocol/relay-client.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';
import { startTestRelay } from '../relay/stage.ts';

describe('A connection to the relay', () => {
  it('is refused with what to do where none runs', async () => {
    const dataDir = temporaryFolder();
    await assert.rejects(connectToRelay(dataDir), (error: unknown) => {
      assert.ok(error instanceof NoRelayError);
      assert.match(error.message, new RegExp(dataDir));
      assert.match(error.next, /cm-relay listen/);
      return true;
    });
  });

  it('that is not allowed names the folder of the socket, and no folder of a named pipe', () => {
    const denied = (path: string): Error & { next?: string } =>
      unconnected('/data', path, Object.assign(new Error(`connect EACCES ${path}`), { code: 'EACCES' }));
    const socket = denied('/run/cm-relay-1/a.sock');
    assert.equal(
      socket.message,
      'cannot connect to the relay for /data: no access to the socket in the folder /run/cm-relay-1: connect EACCES /run/cm-relay-1/a.sock',
    );
    assert.match(socket.next ?? '', /^Check who created the folder/);
    const pipe = denied(String.raw`\\.\pipe\cm-relay-a`);
    assert.equal(pipe.message, String.raw`cannot connect to the relay for /data: connect EACCES \\.\pipe\cm-relay-a`);
    assert.equal(pipe.next, undefined);
  });

  it('says that it has ended when the relay ends, and refuses further requests', async () => {
    const relay = await startTestRelay();
    const client = await connectToRelay(relay.dataDir);
    await relay.stop();
    await client.closed;
    await assert.rejects(client.request('relay/status', {}), { code: 'connection-lost' });
  });

  it('tells the version of a relay whose status is of another form', async () => {
    const dataDir = temporaryFolder();
    const endpoint = controlChannelOf(dataDir);
    prepareFolder(endpoint);
    const server = createServer((socket) => {
      const connection = createMessageConnection(socket, socket);
      connection.onRequest('relay/status', () => ({ version: '0.0.1' }));
      connection.listen();
      afterward(() => connection.dispose());
    }).listen(endpoint.path);
    await once(server, 'listening');
    afterward(() => server.close());
    const client = await connectToRelay(dataDir);
    afterward(() => client.close());
    assert.equal(await client.version(), '0.0.1');
    await assert.rejects(client.request('relay/status', {}), isRefusal);
  });

  it('refuses an answer that is not of this version', async () => {
    const dataDir = temporaryFolder();
    const endpoint = controlChannelOf(dataDir);
    prepareFolder(endpoint);
    const server = createServer((socket) => {
      const connection = createMessageConnection(socket, socket);
      connection.onRequest('relay/status', () => ({ pid: 'not a number' }));
      connection.listen();
      socket.on('error', () => undefined);
    });
    server.listen(endpoint.path);
    await once(server, 'listening');
    const client = await connectToRelay(dataDir);
    afterward(() => {
      client.close();
      server.close();
    });
    await assert.rejects(client.request('relay/status', {}), (error: unknown) => {
      assert.ok(error instanceof RelayRequestError);
      assert.match(error.message, /not what this version expects/);
      assert.match(error.next ?? '', /Restart the relay/);
      return true;
    });
  });
});
