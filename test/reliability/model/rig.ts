/**
 * The relay as a process of its own, the callbacks that it posts to, and a client at its control channel: all that the
 * model knows of it comes from here.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, request, type Agent, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Stop } from '../../../src/protocol/debug.ts';
import type { Attempt, EventRow } from '../../../src/protocol/history.ts';
import type { Params } from '../../../src/protocol/methods.ts';
import { connectToRelay, clientOverStream, type RelayClient } from '../../../src/protocol/relay-client.ts';
import { afterward, temporaryFolder } from '../../relay/afterward.ts';
import { readyRelay } from '../../relay/processes.ts';
import type { Connection } from './world.ts';

/** How a callback answers. `refused`: nothing listens; `backlog`: one listens that takes no connection any more. */
export const answerings = ['ok', 'error', 'not-found', 'hang', 'reset', 'refused', 'backlog'] as const;
export type Answering = (typeof answerings)[number];

/** What became of a request: the status that it was answered, or why it was not; null while it is not. */
export type Answered = number | 'reset' | 'cut' | null;

/** A request that came to a callback, whole. */
export interface Arrival {
  readonly body: Buffer;
  readonly header: (name: string) => string | undefined;
  answered: Answered;
}

interface Hung {
  readonly arrival: Arrival;
  readonly response: ServerResponse;
}

/** A callback on a port of its own, whatever listens there. */
export class Callback {
  readonly name: string;
  #onArrival: (arrival: Arrival) => void = () => undefined;
  #onAnswered: (arrival: Arrival) => void = () => undefined;
  #answering: Answering = 'ok';
  #port = 0;
  #server: Server | undefined;
  #full: FullListener | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #hung = new Set<Hung>();

  constructor(name: string) {
    this.name = name;
  }

  /** Whom it tells of a request before it is answered, and once it is decided what the answer is. */
  tell(onArrival: (arrival: Arrival) => void, onAnswered: (arrival: Arrival) => void): void {
    this.#onArrival = onArrival;
    this.#onAnswered = onAnswered;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/${this.name}`;
  }

  get answering(): Answering {
    return this.#answering;
  }

  /** Answers so from now on; what hangs is answered so, too. */
  async become(answering: Answering): Promise<void> {
    if (answering === this.#answering && this.#port !== 0) return;
    this.#answering = answering;
    await this.#full?.end();
    this.#full = undefined;
    if (answering === 'refused' || answering === 'backlog') {
      await this.#close();
      if (answering === 'backlog') this.#full = await FullListener.open(this.#port);
      return;
    }
    if (this.#server === undefined) await this.#listen();
    if (answering === 'hang') return;
    for (const { arrival, response } of [...this.#hung]) this.#answer(arrival, response);
  }

  /** Resolves when no connection is left: what the relay sent before it was killed has been read. */
  async quiet(): Promise<void> {
    while (this.#sockets.size > 0) {
      const [socket] = this.#sockets;
      if (socket !== undefined) await once(socket, 'close');
    }
  }

  async end(): Promise<void> {
    await this.#full?.end();
    await this.#close();
  }

  async #listen(): Promise<void> {
    const server = (this.#server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const header = (name: string): string | undefined => {
          const value = request.headers[name.toLowerCase()];
          return Array.isArray(value) ? value.join(', ') : value;
        };
        const arrival: Arrival = { body: Buffer.concat(chunks), header, answered: null };
        this.#onArrival(arrival);
        response.on('close', () => this.#cut(arrival));
        this.#answer(arrival, response);
      });
    }));
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await this.quiet();
  }

  #answer(arrival: Arrival, response: ServerResponse): void {
    const answering = this.#answering;
    for (const each of this.#hung) if (each.arrival === arrival) this.#hung.delete(each);
    if (answering === 'hang') {
      this.#hung.add({ arrival, response });
      return;
    }
    arrival.answered =
      answering === 'ok' ? 200 : answering === 'error' ? 500 : answering === 'not-found' ? 404 : 'reset';
    this.#onAnswered(arrival);
    if (arrival.answered === 'reset') response.socket?.resetAndDestroy();
    else response.writeHead(arrival.answered).end();
  }

  #cut(arrival: Arrival): void {
    if (arrival.answered !== null) return;
    for (const each of this.#hung) if (each.arrival === arrival) this.#hung.delete(each);
    arrival.answered = 'cut';
    this.#onAnswered(arrival);
  }
}

/** Listens, and is stopped: once its backlog is full, the system lets nobody connect any more. */
class FullListener {
  readonly #process: ChildProcess;
  readonly #sockets: readonly Socket[];

  private constructor(process: ChildProcess, sockets: readonly Socket[]) {
    this.#process = process;
    this.#sockets = sockets;
  }

  static async open(port: number): Promise<FullListener> {
    const script = `require('node:net').createServer().listen({ port: ${port}, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write('listening');
      process.kill(process.pid, 'SIGSTOP');
    });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    afterward(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const sockets: Socket[] = [];
    // The system takes one more than the backlog.
    for (let taken = 0; taken < 2; taken++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      sockets.push(socket);
      await once(socket, 'connect');
    }
    return new FullListener(child, sockets);
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}

/** Whom the rig tells what the relay says unasked. */
export interface RelayListener {
  onStopped(stop: Stop): void;
  onAdded(rows: readonly EventRow[]): void;
  onAttempts(attempts: readonly Attempt[]): void;
}

/** A line of the relay's log that is none of an error. */
const harmless = /^\d{4}-\S+Z (?:info|warn|debug) /;

const program = fileURLToPath(new URL('../../../src/cli/cm-relay.ts', import.meta.url));

/** The relay of a data directory, which is started and ended again and again. */
export class RelayRig {
  readonly callbacks: ReadonlyMap<string, Callback>;
  readonly #dataDir = temporaryFolder();
  readonly #listener: RelayListener;
  #process: Awaited<ReturnType<typeof readyRelay>> | undefined;
  readonly #clients = new Map<Connection, RelayClient>();
  #expectsEnd = false;
  /** What went wrong with the process itself. */
  readonly wrong: string[] = [];

  constructor(names: readonly string[], listener: RelayListener) {
    this.callbacks = new Map(names.map((name) => [name, new Callback(name)]));
    this.#listener = listener;
  }

  /** The client that is told all. */
  get client(): RelayClient {
    return this.clientOf('first');
  }

  clientOf(connection: Connection): RelayClient {
    const client = this.#clients.get(connection);
    if (client === undefined) throw new Error('the relay does not run');
    return client;
  }

  /** The second client goes, and another one comes. */
  async reconnect(): Promise<void> {
    this.clientOf('second').close();
    this.#clients.set('second', await connectToRelay(this.#dataDir));
  }

  callback(name: string): Callback {
    const callback = this.callbacks.get(name);
    if (callback === undefined) throw new Error(`there is no callback ${name}`);
    return callback;
  }

  /** Starts the relay and connects to it. */
  async start(): Promise<void> {
    const started = (this.#process = await readyRelay(['--data-dir', this.#dataDir]));
    this.#expectsEnd = false;
    void started.ended.then((code) => {
      for (const line of started.errors().split('\n')) if (line !== '' && !harmless.test(line)) this.wrong.push(line);
      if (!this.#expectsEnd) this.wrong.push(`the relay ended by itself, with ${code}`);
    });
    const client = await connectToRelay(this.#dataDir);
    this.#clients.set('first', client).set('second', await connectToRelay(this.#dataDir));
    client.on('debug/stopped', ({ stop }) => this.#listener.onStopped(stop));
    client.on('event/added', ({ deliveries }) => this.#listener.onAdded(deliveries.flatMap(({ events }) => events)));
    client.on('attempt/recorded', ({ attempts }) => this.#listener.onAttempts(attempts));
  }

  /**
   * Posts to one of the webhook endpoint's two paths.
   * @param agent whose connections it goes over; without one it has its own
   * @returns the status that is answered; null where the relay was ended meanwhile
   */
  async post(
    to: 'campaign-monitor' | 'open-connectors',
    body: string,
    headers: Readonly<Record<string, string>>,
    agent: Agent | false = false,
  ): Promise<number | null> {
    const url = (this.#process?.url ?? '').replace(/campaign-monitor$/, to);
    try {
      return await new Promise((resolve, reject) => {
        const posting = request(url, { method: 'POST', headers, agent }, (response) => {
          response.on('error', reject);
          response.on('end', () => resolve(response.statusCode ?? 0)).resume();
        });
        posting.on('error', reject).end(body);
      });
    } catch (error) {
      if (this.#expectsEnd) return null;
      throw error;
    }
  }

  /** Kills it. Resolves when all that it had sent has been read. */
  async kill(): Promise<void> {
    this.#expectsEnd = true;
    await this.#process?.kill();
    await this.#gone();
  }

  /** Ends it in order, which has to be with 0. */
  async stop(by: 'request' | 'SIGTERM' | 'SIGINT'): Promise<void> {
    this.#expectsEnd = true;
    if (by === 'request') await this.client.request('relay/stop', {} satisfies Params<'relay/stop'>);
    else this.#process?.child.kill(by);
    const code = await this.#process?.ended;
    if (code !== 0) this.wrong.push(`it ended with ${code} after ${by}: ${this.#process?.errors() ?? ''}`);
    await this.#gone();
  }

  async #gone(): Promise<void> {
    for (const client of this.#clients.values()) {
      await client.closed;
      client.close();
    }
    this.#clients.clear();
    await Promise.all([...this.callbacks.values()].map((callback) => callback.quiet()));
  }

  /** What reads the history while no relay runs, for as long as something is done with it. */
  async history<T>(read: (client: RelayClient) => Promise<T>): Promise<T> {
    const args = ['--disable-warning=ExperimentalWarning', program, 'relay-process', '--history', '--data-dir'];
    const child = spawn(process.execPath, [...args, this.#dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const client = clientOverStream(Duplex.from({ writable: child.stdin, readable: child.stdout }), this.#dataDir);
    try {
      return await read(client);
    } finally {
      client.close();
      child.stdin.end();
      await ended;
    }
  }

  /** Ends all of it, and takes the data directory away. */
  async end(): Promise<void> {
    if (this.#clients.size > 0) await this.kill();
    for (const callback of this.callbacks.values()) await callback.end();
    rmSync(this.#dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
