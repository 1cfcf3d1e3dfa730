import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer, type LookupFunction, type Server as TcpServer, type Socket } from 'node:net';
import { request } from 'undici';
import type { TunnelConfig } from '../../../src/protocol/settings.ts';
import { TunnelConnections } from '../../../src/relay/tunnel/localtunnel-connections.ts';
import { Dispatchers } from '../../../src/relay/tunnel/dispatchers.ts';
import { mayName } from '../../../src/relay/tunnel/named-hosts.ts';
import { dispatcherTo, LocalEndpoint, portOf, secret, send, Watched } from './stage.ts';

/** A tunnel server that answers what it is told, or sends on. */
class HostileServer {
  readonly #server: Server;
  readonly #tunnel: TcpServer;
  readonly #sockets = new Set<Socket>();
  /** What its answer says beside what is right. */
  answer: Readonly<Record<string, unknown>> = {};
  location: string | undefined;
  /** What it does with a connection of the tunnel. */
  onConnection: (socket: Socket) => void = () => undefined;
  /** The paths that were asked for, and the connections of the tunnel. */
  readonly asked: string[] = [];
  connections = 0;

  private constructor() {
    this.#server = createHttpServer((req, res) => {
      this.asked.push(req.url ?? '');
      if (this.location !== undefined) {
        res.writeHead(302, { location: this.location }).end();
        return;
      }
      // It leads nowhere: what passes is for the tests to see.
      if (req.url?.includes('/hooks/') === true) res.writeHead(204).end();
      else res.end(JSON.stringify({ id: 'cm-relay-test', port: portOf(this.#tunnel), url: this.url, ...this.answer }));
    });
    this.#tunnel = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => this.#sockets.delete(socket));
      this.onConnection(socket);
    });
  }

  static async open(): Promise<HostileServer> {
    const server = new HostileServer();
    await once(server.#server.listen(0, '127.0.0.1'), 'listening');
    // On every address of this machine.
    await once(server.#tunnel.listen(0, '0.0.0.0'), 'listening');
    return server;
  }

  get port(): number {
    return portOf(this.#server);
  }

  get tunnelPort(): number {
    return portOf(this.#tunnel);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([this.#server, this.#tunnel].map((each) => new Promise((resolve) => each.close(resolve))));
  }
}

/** Resolves each name to what it is given, and no other. */
function resolving(names: Readonly<Record<string, string>>): LookupFunction {
  return (hostname, options, callback) => {
    const address = names[hostname];
    if (address === undefined) {
      callback(Object.assign(new Error(`no ${hostname}`), { code: 'ENOTFOUND' }), '', 4);
    } else if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
}

describe('a hostile tunnel server', () => {
  let endpoint: LocalEndpoint;
  let server: HostileServer;
  /** Another one, that ours knows nothing of. */
  let victim: HostileServer;
  let watched: Watched;

  beforeEach(async () => {
    endpoint = await LocalEndpoint.open();
    server = await HostileServer.open();
    victim = await HostileServer.open();
    watched = new Watched({ localPort: () => endpoint.port });
  });

  afterEach(async () => {
    await watched.supervisor.close();
    await server.close();
    await victim.close();
    await endpoint.close();
    assert.ok(!watched.said.includes(secret));
  });

  const config = (host = server.url, otherHosts?: string[]): TunnelConfig => ({
    kind: 'localtunnel',
    host,
    ...(otherHosts !== undefined && { otherHosts }),
  });
  const assertUntouched = (): void => {
    assert.deepEqual(victim.asked, []);
    assert.equal(victim.connections, 0);
  };

  it('sends the secret path to no other host by its url, and says which host it names', async () => {
    server.answer = { url: `http://localhost:${victim.port}` };
    watched.supervisor.open(config());
    const { reason } = await watched.until('failed');
    assert.match(
      reason,
      /^The tunnel server 127\.0\.0\.1:\d+ uses another host, localhost\. .*--tunnel-allow localhost/,
    );
    assertUntouched();
    assert.equal(server.connections, 0);
  });

  it('has no connection made to another address by its ip', async () => {
    server.answer = { ip: '127.0.0.2', port: victim.tunnelPort };
    watched.supervisor.open(config());
    assert.match((await watched.until('failed')).reason, /uses another host, 127\.0\.0\.2\./);
    assertUntouched();
  });

  it('is not followed where it sends its registration on', async () => {
    server.location = `${victim.url}/cm-relay-test`;
    watched.supervisor.open(config());
    const { reason } = await watched.until('opening', (status) => status.reason.includes('trying again'));
    assert.match(reason, /redirects to http:\/\/127\.0\.0\.1:\d+; trying again in .*set it as the tunnel server/);
    assertUntouched();
  });

  it('opens with a host that the user has allowed, and with an address', async () => {
    server.answer = { url: `http://relay.localhost:${victim.port}`, ip: '127.0.0.2' };
    watched.supervisor.open(config(server.url, ['localhost', '127.0.0.2']));
    assert.equal((await watched.until('open')).url, `http://relay.localhost:${victim.port}`);
    await watched.supervisor.close();
    watched.supervisor.open(config(server.url, ['localhost']));
    assert.match((await watched.until('failed')).reason, /127\.0\.0\.2/);
    assert.ok(victim.asked.every((path) => path.startsWith('/hooks/')));
  });

  describe('on the internet', () => {
    const inside = (name: string): Promise<unknown> =>
      watched.until('failed', ({ reason }) => reason.includes(`points to ${name}, which is on this machine`));

    beforeEach(() => {
      const dispatcher = dispatcherTo(() => server.port);
      watched = new Watched({
        localPort: () => endpoint.port,
        dispatcher,
        lookup: resolving({
          'tunnel.example': '203.0.113.9',
          'rebound.example': '127.0.0.1',
          'x.tunnel.example': '10.0.0.1',
        }),
      });
    });

    for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1']) {
      it(`leads to nothing inside, by its ip ${address}, whatever the user has allowed`, async () => {
        server.answer = { url: 'https://x.tunnel.example', ip: address, port: victim.tunnelPort };
        watched.supervisor.open(config('https://tunnel.example', [address]));
        await inside(address);
        assertUntouched();
      });
    }

    it('leads to nothing inside by its url', async () => {
      for (const host of ['localhost', '127.0.0.1', '10.0.0.1']) {
        server.answer = { url: `http://${host}:${victim.port}` };
        watched.supervisor.open(config('https://tunnel.example', [host]));
        await inside(host);
      }
      assertUntouched();
    });

    it('leads to nothing inside by what its own name means when it is asked again', async () => {
      server.answer = { url: 'https://rebound.example', port: victim.tunnelPort };
      watched.supervisor.open(config('https://rebound.example'));
      await inside('rebound.example');
      assertUntouched();
    });

    it('gets no request of a probe to what a name of its own means inside', async () => {
      const dispatchers = new Dispatchers(undefined, resolving({ 'x.tunnel.example': '127.0.0.1' }));
      const url = new URL(`http://x.tunnel.example:${victim.port}/`);
      await assert.rejects(request(url, { dispatcher: dispatchers.for(url, 'outside') }));
      assertUntouched();
      await (await request(url, { dispatcher: dispatchers.for(url) })).body.dump();
      assert.deepEqual(victim.asked, ['/']);
      await dispatchers.destroy();
    });
  });

  it('may be a server of a private network by its name, where that is where it was asked', async () => {
    watched = new Watched({
      localPort: () => endpoint.port,
      lookup: resolving({ 'tunnel.test': '127.0.0.1', 'x.tunnel.test': '127.0.0.1' }),
    });
    server.answer = { url: `http://x.tunnel.test:${server.port}` };
    watched.supervisor.open(config(`http://tunnel.test:${server.port}`));
    assert.equal((await watched.until('open')).url, `http://x.tunnel.test:${server.port}`);
    assert.ok(server.connections > 0);
  });

  it('names its own host, one below it, and those of a known pair alone', () => {
    for (const [host, named] of [
      ['tunnel.example.org', 'tunnel.example.org'],
      ['tunnel.example.org', 'a.b.tunnel.example.org'],
      ['tunnel.example.org', 'a.tunnel.example.org.'],
      ['localtunnel.me', 'abc.loca.lt'],
      ['localtunnel.me', 'abc.localtunnel.me'],
      ['10.0.0.1', '10.0.0.1'],
    ] as const) {
      assert.ok(mayName(host, named), `${host} ${named}`);
    }
    for (const [host, named] of [
      ['tunnel.example.org', 'example.org'],
      ['tunnel.example.org', 'other.example.org'],
      ['tunnel.example.org', 'eviltunnel.example.org'],
      ['tunnel.example.org', 'tunnel.example.org.evil.example'],
      ['localtunnel.me', 'loca.lt.evil.example'],
      ['localtunnel.me', 'evilloca.lt'],
      ['loca.lt', 'localtunnel.me.evil.example'],
      ['localtunnel.me.evil.example', 'abc.loca.lt'],
      ['constructor', 'abc.loca.lt'],
      ['10.0.0.1', '10.0.0.2'],
    ] as const) {
      assert.ok(!mayName(host, named), `${host} ${named}`);
    }
    assert.ok(mayName('tunnel.example.org', 'a.example.net', ['example.net']));
    assert.ok(!mayName('tunnel.example.org', 'a.10.0.0.1', ['10.0.0.1']));
  });

  for (const [what, onConnection] of [
    ['one byte and a close', (socket: Socket): void => void socket.end('G')],
    [
      'a request and a close',
      (socket: Socket): void => {
        socket.once('data', () => socket.destroy()).write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
      },
    ],
  ] as const) {
    it(`has a connection made anew so many times a second and no more: ${what}`, async () => {
      server.onConnection = onConnection;
      const started = performance.now();
      const pool = new TunnelConnections({
        ...{ host: '127.0.0.1', addresses: [{ address: '127.0.0.1', family: 4 }], port: server.tunnelPort },
        ...{ localPort: endpoint.port, count: 10 },
      });
      // What one who comes and goes does meanwhile is the clock.
      for (let i = 0; i < 500; i++) await send(`http://localhost:${endpoint.port}`, '/');
      const seconds = (performance.now() - started) / 1000;
      await pool.close();
      assert.ok(server.connections <= 10 + 200 + 100 * seconds, `${server.connections} in ${seconds} s`);
      assert.ok(server.connections >= 10);
    });
  }

  it('is not read on for long where a connection has had its last answer', async () => {
    let poured = 0;
    const ended = new Promise<void>((resolve) => {
      server.onConnection = (socket) => {
        const bytes = Buffer.alloc(262_144, '\r\n');
        const pour = (): void => {
          while (!socket.destroyed && poured < 256_000_000) {
            poured += bytes.length;
            if (!socket.write(bytes)) return void socket.once('drain', pour);
          }
          resolve();
        };
        socket.once('close', () => resolve());
        socket
          .once('data', pour)
          .write('POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      };
    });
    const pool = new TunnelConnections({
      ...{ host: '127.0.0.1', addresses: [{ address: '127.0.0.1', family: 4 }], port: server.tunnelPort },
      ...{ localPort: endpoint.port, count: 1 },
    });
    await ended;
    await pool.close();
    assert.ok(poured < 64_000_000, `${poured} bytes`);
  });

  it('that has come to that bound is connected to all the same', async () => {
    let carried = 0;
    server.onConnection = (socket) => {
      socket.once('data', () => {
        carried += 1;
        socket.destroy();
      });
      socket.write('POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n');
    };
    const pool = new TunnelConnections({
      ...{ host: '127.0.0.1', addresses: [{ address: '127.0.0.1', family: 4 }], port: server.tunnelPort },
      ...{ localPort: endpoint.port, count: 10 },
    });
    while (carried < 260) await once(endpoint.server, 'request');
    await pool.close();
  });
});
