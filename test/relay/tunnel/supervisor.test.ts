import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tunnelStatusSchema } from '../../../src/protocol/status.ts';
import { afterward } from '../afterward.ts';
import { until } from '../until.ts';
import { LocalEndpoint, portOf, secret, Watched } from './stage.ts';

describe('the tunnel supervisor, with a fixed URL', () => {
  let endpoint: LocalEndpoint;
  let watched: Watched;
  beforeEach(async () => {
    endpoint = await LocalEndpoint.open();
    watched = new Watched({ localPort: endpoint.port });
  });
  afterEach(async () => {
    await watched.supervisor.close();
    await endpoint.close();
    for (const status of watched.statuses) tunnelStatusSchema.parse(status);
    assert.ok(!watched.said.includes(secret), 'the secret path is told');
  });

  it('is closed before it is opened', () => {
    assert.equal(watched.supervisor.status.state, 'closed');
  });

  it('opens nothing for "none", and says why', () => {
    watched.supervisor.open({ kind: 'none' });
    assert.deepEqual(watched.statuses, [
      {
        state: 'closed',
        kind: 'none',
        reason: 'Reachable from this machine only.',
        said: [{ text: 'Reachable from this machine only', values: [] }],
      },
    ]);
  });

  it('is open only after a probe has come back', async () => {
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    assert.equal(watched.supervisor.status.state, 'opening');
    const status = await watched.until('open');
    assert.equal(endpoint.probes, 1);
    assert.equal(status.url, endpoint.url);
    assert.equal(status.previousUrl, null);
    assert.deepEqual(
      watched.statuses.map(({ state }) => state),
      ['opening', 'verifying', 'open'],
    );
  });

  it('leaves "open" at the first failed probe, is degraded at the second, and recovers', async () => {
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    await watched.until('open');
    endpoint.health = 502;
    const verifying = await watched.until('verifying');
    assert.match(verifying.reason, /^http:\/\/127\.0\.0\.1:\d+ isn’t answering \(502\); trying again in \d+ ms\.$/);
    const degraded = await watched.until('degraded');
    assert.match(degraded.reason, /\(502\)/);
    endpoint.health = 204;
    const open = await watched.until('open');
    assert.equal(open.previousUrl, null);
    assert.equal(watched.statuses.filter(({ state }) => state === 'opening').length, 1, 'a fixed URL is not reopened');
  });

  it('takes nothing from an answer to a path that is no more, and masks both', async () => {
    let secretNow = secret;
    const later = 'fedcba9876543210fedcba9876543210';
    const held: (() => void)[] = [];
    let hold = false;
    const front = createServer((req, res) => {
      const answer = (): void => void res.writeHead(req.url === `/hooks/${secretNow}/health` ? 204 : 404).end();
      if (hold) held.push(answer);
      else answer();
    });
    afterward(() => {
      front.closeAllConnections();
      front.close();
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    watched = new Watched({
      localPort: endpoint.port,
      healthPath: () => `/hooks/${secretNow}/health`,
      timings: { probeTimeoutMs: 20_000 },
    });
    watched.supervisor.open({ kind: 'fixed', url: `http://127.0.0.1:${portOf(front)}` });
    await watched.until('open');
    hold = true;
    await until(() => held.length > 0);
    secretNow = later;
    hold = false;
    held[0]?.();
    await new Promise((resolve) => front.once('request', resolve));
    await new Promise((resolve) => front.once('request', resolve));
    assert.deepEqual(
      watched.statuses.map(({ state }) => state),
      ['opening', 'verifying', 'open'],
    );
    assert.ok(!watched.said.includes(later));
  });

  it('does not take a reminder page for an answer', async () => {
    endpoint.health = 401;
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    const degraded = await watched.until('degraded');
    assert.match(degraded.reason, /\(401\)/);
    assert.ok(watched.statuses.every(({ state }) => state !== 'open'));
  });

  it('leaves "open" when the URL hangs', async () => {
    watched = new Watched({ localPort: endpoint.port, timings: { probeTimeoutMs: 60 } });
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    await watched.until('open');
    endpoint.health = null;
    assert.match((await watched.until('verifying')).reason, /isn’t answering \(no answer within 60 ms\)/);
    await watched.until('degraded');
  });

  it('closes the old one first when another is opened, and says that the URL changed', async () => {
    const other = await LocalEndpoint.open();
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    await watched.until('open');
    watched.supervisor.open({ kind: 'fixed', url: other.url });
    const status = await watched.until('open', ({ url }) => url === other.url);
    assert.equal(status.previousUrl, endpoint.url);
    assert.match(status.reason, new RegExp(`the old public URL, ${endpoint.url},`));
    const { probes } = endpoint;
    await other.moreProbes(3);
    assert.equal(endpoint.probes, probes, 'the old URL is no longer probed');
    await watched.supervisor.close();
    await other.close();
  });

  it('can be opened again after closing, and closed at once after opening', async () => {
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    await watched.supervisor.close();
    assert.equal(endpoint.probes, 0);
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    const closing = watched.supervisor.close();
    watched.supervisor.open({ kind: 'fixed', url: endpoint.url });
    await closing;
    await watched.until('open');
  });

  describe("with the environment's proxy", () => {
    const tunneled: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createServer((_req, res) => res.writeHead(500).end());
    const saved: Record<string, string | undefined> = {};

    before(async () => {
      proxy.on('connect', (req, client: Socket) => {
        tunneled.push(req.url ?? '');
        const server = connect(endpoint.port, '127.0.0.1', () => {
          client.write('HTTP/1.1 200 Connection established\r\n\r\n');
          client.pipe(server).pipe(client);
        });
        for (const socket of [client, server]) {
          sockets.add(socket);
          socket.on('error', () => undefined);
        }
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']) {
        saved[name] = process.env[name];
        Reflect.deleteProperty(process.env, name);
      }
      process.env['HTTP_PROXY'] = `http://127.0.0.1:${portOf(proxy)}`;
    });
    after(async () => {
      for (const [name, value] of Object.entries(saved)) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
      for (const socket of sockets) socket.destroy();
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    });

    it('never goes through it to loopback', async () => {
      tunneled.length = 0;
      for (const url of [endpoint.url, `http://localhost:${endpoint.port}`, `http://a.localhost:${endpoint.port}`]) {
        watched.supervisor.open({ kind: 'fixed', url });
        await watched.until('open', (status) => status.url === url);
      }
      assert.deepEqual(tunneled, []);
    });
  });
});
