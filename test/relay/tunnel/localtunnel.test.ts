import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import localtunnelClient from 'localtunnel';
import { tunnelStatusSchema } from '../../../src/protocol/status.ts';
import type { TunnelConfig } from '../../../src/protocol/settings.ts';
import { until } from '../until.ts';
import { LocalEndpoint, Front, LocaltunnelServer, portOf, secret, send, Watched } from './stage.ts';

describe('a tunnel through a real localtunnel server', () => {
  let endpoint: LocalEndpoint;
  let server: LocaltunnelServer;
  let watched: Watched;
  let cleanUp: (() => Promise<unknown>)[];
  before(async () => {
    // The first start bundles the server.
    await (await LocaltunnelServer.start()).kill();
  });
  beforeEach(async () => {
    cleanUp = [];
    endpoint = await LocalEndpoint.open();
    server = await LocaltunnelServer.start();
    watched = new Watched({ localPort: () => endpoint.port });
  });
  afterEach(async () => {
    await watched.supervisor.close();
    for (const step of cleanUp.reverse()) await step();
    await server.kill();
    await endpoint.close();
    for (const status of watched.statuses) tunnelStatusSchema.parse(status);
    assert.ok(!watched.said.includes(secret), 'the secret path is told');
  });
  const config = (host = server.host, subdomain?: string): TunnelConfig => ({
    kind: 'localtunnel',
    host,
    ...(subdomain !== undefined && { subdomain }),
  });

  it("opens with the relay's subdomain, without any dispatcher given, and carries requests", async () => {
    watched.supervisor.open(config());
    const status = await watched.until('open');
    assert.equal(status.url, `http://cm-relay-test.localhost:${server.port}`);
    assert.equal(status.previousUrl, null);
    const answer = await send(status.url, '/hooks/x', { body: Buffer.from('{"Events":[]}') });
    assert.deepEqual(answer, { status: 200, body: 'seen /hooks/x' });
    assert.equal(endpoint.received[0]?.body.toString(), '{"Events":[]}');
  });

  it('says why nothing is found through a server that was given no domain', async () => {
    const without = await LocaltunnelServer.start(0, null);
    cleanUp.push(() => without.kill());
    watched.supervisor.open(config(without.host));
    const { reason } = await watched.until('verifying', (status) => status.reason.includes('answered 404'));
    assert.match(
      reason,
      /isn’t answering \(the tunnel server itself answered 404: .* "--domain localhost"; otherwise, the server has/,
    );
  });

  it('takes what is no localtunnel server for none, however long it talks, and quotes it on one line', async () => {
    let sent = 0;
    const other = createHttpServer((request, response) => {
      if (request.url === '/quoted') {
        response.writeHead(403).end(JSON.stringify({ message: 'No\r\n\u001b[2J\u202e.' }));
        return;
      }
      const write = (): void => {
        while (sent < 2000 && !response.destroyed) {
          sent += 1;
          if (!response.write('x'.repeat(65_536))) return void response.once('drain', write);
        }
      };
      write();
    });
    await once(other.listen(0, '127.0.0.1'), 'listening');
    cleanUp.push(async () => {
      other.closeAllConnections();
      await new Promise((resolve) => other.close(resolve));
    });
    const host = `http://127.0.0.1:${portOf(other)}`;
    watched.supervisor.open(config(host));
    await until(() => watched.statuses.some(({ reason }) => /isn’t a localtunnel server/.test(reason)));
    assert.ok(sent < 1500);
    watched.supervisor.open(config(host, 'quoted'));
    assert.match(
      (await watched.until('failed')).reason,
      /didn’t open a tunnel for the subdomain "quoted" \(403: No \[2J \)/,
    );
  });

  it('carries a gzip body in one packet with its headers, and any binary one, byte for byte', async () => {
    watched.supervisor.open(config());
    const { url } = await watched.until('open');
    const gzip = gzipSync(randomBytes(2_000));
    const head = [
      'POST /gzip HTTP/1.1',
      `host: ${new URL(url).hostname}`,
      'content-encoding: gzip',
      `content-length: ${gzip.length}`,
      'connection: close',
    ];
    const socket = connect(server.port, '127.0.0.1');
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), gzip]));
    const answer = Buffer.concat(await socket.toArray()).toString();
    assert.match(answer, /^HTTP\/1\.1 200 /);
    const large = randomBytes(3_000_000);
    await send(url, '/large', { body: large });
    assert.ok(endpoint.received[0]?.body.equals(gzip));
    assert.equal(endpoint.received[0]?.headers.host, new URL(url).hostname, 'the Host header is as it came');
    assert.ok(endpoint.received[1]?.body.equals(large));
  });

  it('answers every request after idle time at a webhook endpoint that limits the time for headers', async () => {
    await endpoint.close();
    endpoint = await LocalEndpoint.open({ headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 20 });
    watched.supervisor.open(config());
    const { url } = await watched.until('open');
    await endpoint.moreProbes(12);
    const answers = await Promise.all(Array.from({ length: 25 }, (_, i) => send(url, `/${i}`)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(endpoint.received.length, 25);
    assert.deepEqual(
      watched.statuses.map(({ state }) => state),
      ['opening', 'verifying', 'open'],
    );
  });

  it('says 502 while the webhook endpoint is away, and recovers', async () => {
    watched.supervisor.open(config());
    const { url } = await watched.until('open');
    const { port } = endpoint;
    await endpoint.close();
    assert.match((await watched.until('verifying')).reason, /isn’t answering \(502\)/);
    endpoint = await LocalEndpoint.open({}, port);
    assert.equal((await watched.until('open')).url, url);
  });

  it('gives up waiting for a server that accepts and says nothing, and leaves no connection to it', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanUp.push(() => new Promise((resolve) => silent.close(resolve)));
    watched = new Watched({ localPort: endpoint.port, timings: { openTimeoutMs: 100 } });
    watched.supervisor.open(config(`http://localhost:${portOf(silent)}`));
    const { reason } = await watched.until('opening', (status) => status.reason.includes('trying again'));
    assert.match(reason, /^Opening a tunnel at localhost:\d+ took longer than 100 ms; trying again in/);
    await watched.supervisor.close();
    for (const socket of sockets) {
      socket.resume();
      if (!socket.closed) await once(socket, 'close');
    }
    assert.ok(sockets.length > 0);
  });

  it('fails for good with a subdomain that the server never accepts, until another is opened', async () => {
    watched.supervisor.open(config(server.host, 'ab-c'));
    const failed = await watched.until('failed');
    assert.match(
      failed.reason,
      /didn’t open a tunnel for the subdomain "ab-c" \(403: Invalid subdomain\..*Choose another subdomain/,
    );
    watched.supervisor.open(config(server.host, 'abcd'));
    await watched.until('open');
  });

  it('comes back with the same subdomain when the server is killed and started again', async () => {
    watched.supervisor.open(config());
    const { url } = await watched.until('open');
    const { port } = server;
    await server.kill();
    const away = await watched.until('opening', ({ reason }) => reason.includes('trying again'));
    assert.match(away.reason, /can’t be reached|Can’t reach/);
    assert.ok(watched.statuses.some(({ state, reason }) => state === 'degraded' && reason.includes(url)));
    server = await LocaltunnelServer.start(port);
    const again = await watched.until('open');
    assert.equal(again.url, url);
    assert.equal(again.previousUrl, null);
    assert.equal((await send(url, '/after')).status, 200);
  });

  it('keeps its subdomain when it is closed and opened at once', async () => {
    watched.supervisor.open(config());
    const { url } = await watched.until('open');
    await watched.supervisor.close();
    watched.supervisor.open(config());
    assert.equal((await watched.until('open')).url, url);
  });

  it('takes another subdomain where its own is taken, says that what is registered is wrong, and stays open', async () => {
    const stranger = await localtunnelClient({ port: endpoint.port, host: server.host, subdomain: 'cm-relay-test' });
    stranger.on('error', () => undefined);
    cleanUp.push(() => {
      stranger.close();
      return Promise.resolve();
    });
    watched = new Watched({ localPort: endpoint.port, timings: { askAgainMs: 10 } });
    watched.supervisor.open(config());
    const status = await watched.until('open');
    const wanted = `http://cm-relay-test.localhost:${server.port}`;
    assert.notEqual(status.url, wanted);
    assert.equal(status.previousUrl, wanted);
    assert.ok(status.reason.includes(`${wanted} is taken`));
    assert.ok(status.reason.includes(`register ${status.url} instead`));
    assert.equal((await send(status.url, '/elsewhere')).status, 200);
  });

  describe('with its connections cut silently', () => {
    let front: Front;
    beforeEach(async () => {
      front = await Front.before(server);
      watched = new Watched({ localPort: endpoint.port, timings: { probeTimeoutMs: 150, askAgainMs: 50 } });
    });
    afterEach(async () => {
      await watched.supervisor.close();
      await front.close();
    });

    it('notices, and comes back with the same subdomain', async () => {
      watched = new Watched({ localPort: endpoint.port, timings: { probeTimeoutMs: 150 } });
      watched.supervisor.open(config(front.host));
      const { url } = await watched.until('open');
      front.cut();
      assert.match((await watched.until('verifying')).reason, /isn’t answering \(no answer within 150 ms\)/);
      await watched.until('degraded');
      const again = await watched.until('open');
      assert.equal(again.url, url);
      assert.equal(again.previousUrl, null);
      assert.equal((await send(url, '/after')).status, 200);
    });

    it('ends all its sockets on close', async () => {
      watched.supervisor.open(config(front.host));
      await watched.until('open');
      const { clients, registered } = front;
      assert.equal(clients.length, 10);
      const before = registered.length;
      const ended = clients.map((client) => once(client, 'close'));
      await watched.supervisor.close();
      await Promise.all(ended);
      assert.equal(front.clients.length, 0);
      await Promise.all(endpoint.sockets.map((socket) => once(socket, 'close')));
      assert.equal(front.registered.length, before);
    });
  });
});
