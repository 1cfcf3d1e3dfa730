/**
 * The real parts around a relay under test: folders, callback servers, relays, samples. What a test or a `beforeEach`
 * starts is stopped after that test; what a `before` starts is stopped after the run, or by its own `stop()`.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import type { WebhookEventType } from '../../src/campaign-monitor/samples.ts';
import type { Headers } from '../../src/protocol/history.ts';
import type { Result } from '../../src/protocol/methods.ts';
import type { RelayClient } from '../../src/protocol/relay-client.ts';
import type { settingsSchema } from '../../src/protocol/settings.ts';
import { startRelay } from '../../src/relay/relay.ts';
import type { LogEntry, Relay, RelayOptions } from '../../src/relay/relay.ts';
import type { z } from 'zod';
import { patience, until } from './until.ts';

export { until };

type Settings = Partial<z.input<typeof settingsSchema>>;

// --- cleaning up ------------------------------------------------------------------------------------------------------

type Task = () => unknown;
const ofTest = new Set<Task>();
const ofRun = new Set<Task>();
let inTest = false;

async function runAll(tasks: Set<Task>): Promise<void> {
  const latestFirst = [...tasks].reverse();
  tasks.clear();
  for (const task of latestFirst) await task();
}

beforeEach(() => {
  inTest = true;
});
afterEach(async () => {
  inTest = false;
  await runAll(ofTest);
});
after(() => runAll(ofRun));

/**
 * Runs a task after the test, the latest first; after the run where a `before` asks for it.
 * @returns what takes the task back
 */
export function afterwards(task: Task): () => void {
  const tasks = inTest ? ofTest : ofRun;
  tasks.add(task);
  return () => void tasks.delete(task);
}

/** A folder of its own, removed afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cmr-'));
  afterwards(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

// --- the callback -----------------------------------------------------------------------------------------------------

/** What a receiver does with a request. */
export type Answer =
  | {
      /** 200 by default; a redirect is a 3xx with a `location` header. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Buffer;
      readonly delayMs?: number;
    }
  /** Never answers. */
  | 'hang'
  /** Resets the connection. */
  | 'reset'
  /** Answers bytes that are not HTTP. */
  | 'rubbish'
  /** Announces a body, sends half of it and resets the connection. */
  | 'half';

/** Called with the request and its number, from 1. A promise holds the answer back. */
export type Answering = Answer | ((request: ReceivedRequest, number: number) => Answer | Promise<Answer>);

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** As received, in order. */
  readonly headers: Headers;
  /** A header by its name in any case. */
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
  /** The body read as JSON. */
  json(): unknown;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** All that have come. */
  readonly requests: readonly ReceivedRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Answers so from now on. */
  answer(answering: Answering): void;
  /** Resolves when so many requests have come in all, with all that have. */
  received(total: number, deadlineMs?: number): Promise<readonly ReceivedRequest[]>;
  /** Closes the port and every connection; `startReceiver({ port })` comes back at it. */
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  readonly answer?: Answering;
  /** 0, the default: any. */
  readonly port?: number;
  /** Certificate and key, PEM: then it speaks https. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A real callback server on loopback that records each request. */
export async function startReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const watching = new Set<() => void>();
  let answering: Answering = options.answer ?? {};
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk as Buffer);
      } catch {
        return;
      }
      const received = receivedOf(request, Buffer.concat(chunks));
      requests.push(received);
      for (const check of watching) check();
      const answer = typeof answering === 'function' ? await answering(received, requests.length) : answering;
      give(answer, request, response);
    })();
  };
  const server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  server.keepAliveTimeout = 60_000;
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  const receiver: Receiver = {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/callback`,
    port,
    requests,
    get connections() {
      return connections;
    },
    answer: (next) => void (answering = next),
    received: (total, deadlineMs = patience()) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          watching.delete(check);
        };
        const timer = setTimeout(() => {
          done();
          reject(new Error(`${requests.length} of ${total} requests came within ${deadlineMs} ms`));
        }, deadlineMs);
        const check = (): void => {
          if (requests.length < total) return;
          done();
          resolve(requests);
        };
        watching.add(check);
        check();
      }),
    stop() {
      stopping ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      return stopping;
    },
  };
  afterwards(() => receiver.stop());
  return receiver;
}

function receivedOf(request: IncomingMessage, body: Buffer): ReceivedRequest {
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: pairsOf(request),
    header: (name) => {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body,
    text: body.toString('utf8'),
    json: () => JSON.parse(body.toString('utf8')) as unknown,
  };
}

function pairsOf(message: IncomingMessage): Headers {
  const pairs: Headers = [];
  for (let i = 0; i + 1 < message.rawHeaders.length; i += 2) {
    pairs.push([message.rawHeaders[i] ?? '', message.rawHeaders[i + 1] ?? '']);
  }
  return pairs;
}

function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  switch (answer) {
    case 'hang':
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'rubbish':
      socket.end('This is not HTTP.\r\n\r\n');
      return;
    case 'half':
      response.writeHead(200, { 'Content-Length': '20' });
      response.write('0123456789', () => socket.resetAndDestroy());
      return;
    default: {
      const send = (): void => {
        response.writeHead(answer.status ?? 200, answer.headers);
        response.end(answer.body);
      };
      if (answer.delayMs === undefined) send();
      else setTimeout(send, answer.delayMs).unref();
    }
  }
}

// --- requests ---------------------------------------------------------------------------------------------------------

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly text: string;
}

/** One request on a connection of its own. `headers` are sent as given; a body gets a Content-Length unless told. */
export function send(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
    readonly body?: string | Uint8Array;
  } = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', headers = {}, body } = options;
    const request = httpRequest(
      url,
      { method, headers: headers as Record<string, string | string[]>, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks))));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function answerOf(response: IncomingMessage, body: Buffer): HttpAnswer {
  return {
    status: response.statusCode ?? 0,
    headers: pairsOf(response),
    header: (name) => {
      const value = response.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body,
    text: body.toString('utf8'),
  };
}

/** An answer as its bytes came. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and headers, without the empty line. */
  readonly head: string;
  readonly body: string;
}

/** A connection by hand: what is written goes out as it is, and every answer is kept. */
export class RawConnection {
  readonly socket: Socket;
  #bytes = '';
  #error: string | null = null;
  readonly #closed: Promise<void>;
  readonly #watching = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (chunk: Buffer) => {
      this.#bytes += chunk.toString('latin1');
      for (const check of this.#watching) check();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (this.#error = error.code ?? error.message));
    socket.once('close', () => {
      for (const check of this.#watching) check();
    });
    const done = afterwards(() => socket.destroy());
    socket.once('close', done);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  write(data: string | Uint8Array): void {
    this.socket.write(data);
  }

  /** All that came. */
  get bytes(): string {
    return this.#bytes;
  }

  /** The first answers, when so many are complete; fewer where the connection ended before. */
  answers(count: number): Promise<RawAnswer[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const answers = rawAnswers(this.#bytes);
        if (answers.length < count && !this.socket.closed) return;
        this.#watching.delete(check);
        resolve(answers.slice(0, count));
      };
      this.#watching.add(check);
      check();
    });
  }

  /** Resolves when the connection has ended, with the error that ended it. */
  async closed(): Promise<string | null> {
    await this.#closed;
    return this.#error;
  }
}

/** The complete answers in a stream of bytes. An interim one (1xx), 204 and 304 have no body. */
export function rawAnswers(bytes: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end === -1) break;
    const head = bytes.slice(at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? NaN);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    const start = end + 4;
    const stop = chunked ? bytes.indexOf('0\r\n\r\n', start) + 5 : start + Number(length ?? 0);
    if (stop > bytes.length || stop < start) break;
    answers.push({ status, head, body: bytes.slice(start, stop) });
    at = stop;
  }
  return answers;
}

// --- the relay --------------------------------------------------------------------------------------------------------

export interface TestRelayOptions extends Partial<Omit<RelayOptions, 'settings'>> {
  readonly settings?: Settings;
}

/** A delivery as it is in the store, its body decoded. */
export type StoredDelivery = Omit<Result<'deliveries/get'>, 'body'> & { readonly body: Buffer };

export interface TestRelay {
  readonly relay: Relay;
  readonly client: RelayClient;
  readonly dataDir: string;
  readonly port: number;
  /** 32 hex digits. */
  readonly secret: string;
  readonly campaignMonitorUrl: string;
  readonly openConnectorsUrl: string;
  readonly healthUrl: string;
  /** What it logged. */
  readonly log: readonly LogEntry[];
  /** Posts a body to the vendor's path, as JSON unless the headers say otherwise. */
  deliver(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  /** What the store holds of a delivery; the latest where no id is given. */
  delivery(id?: string): Promise<StoredDelivery>;
  /** The bytes and headers of a notification as it is sent. */
  rendered(id: string, url?: string): Promise<{ readonly headers: Headers; readonly body: Buffer }>;
  /** Resolves when nothing waits any more. */
  drained(deadlineMs?: number): Promise<void>;
  /** Stops it; `startTestRelay({ dataDir })` goes on with the same folder. */
  stop(): Promise<void>;
}

/** A relay in this process: any port, no tunnel, a data directory of its own unless one is given. */
export async function startTestRelay(options: TestRelayOptions = {}): Promise<TestRelay> {
  const dataDir = options.dataDir ?? temporaryFolder();
  const log: LogEntry[] = [];
  const { settings, ...others } = options;
  const relay = await startRelay({
    port: 0,
    ...others,
    dataDir,
    ...(settings !== undefined && { settings }),
    log: (entry) => {
      log.push(entry);
      options.log?.(entry);
    },
  });
  afterwards(() => relay.stop());
  const { client } = relay;
  const status = await client.request('relay/status', {});
  const url = new URL(status.campaignMonitorUrl);
  return {
    relay,
    client,
    dataDir,
    port: Number(url.port),
    secret: url.pathname.split('/')[2] ?? '',
    campaignMonitorUrl: status.campaignMonitorUrl,
    openConnectorsUrl: status.openConnectorsUrl,
    healthUrl: status.campaignMonitorUrl.replace(/campaign-monitor$/, 'health'),
    log,
    deliver: (body, headers) =>
      send(status.campaignMonitorUrl, { body, headers: { 'Content-Type': 'application/json', ...headers } }),
    async delivery(id) {
      const known = id ?? (await client.request('events/query', { limit: 1 })).events[0]?.deliveryId;
      if (known === undefined) throw new Error('the store is empty');
      const { body, ...rest } = await client.request('deliveries/get', { id: known });
      return { ...rest, body: Buffer.from(body, 'base64') };
    },
    async rendered(id, to) {
      const { headers, body } = await client.request('notifications/render', {
        id,
        ...(to !== undefined && { url: to }),
      });
      return { headers, body: Buffer.from(body, 'base64') };
    },
    async drained(deadlineMs = 120_000) {
      await until(
        async () => (await client.request('relay/status', {})).counts.waiting === 0,
        deadlineMs,
        'nothing waits',
      );
    },
    stop: () => relay.stop(),
  };
}

// --- samples ----------------------------------------------------------------------------------------------------------

/** The JSON of one delivery, the same for the same options. */
export function sampleBody(
  options: {
    /** Events in it; 1 by default. */
    readonly events?: number;
    readonly type?: WebhookEventType;
    readonly list?: string;
    readonly email?: string;
    /** Another seed, other people. */
    readonly seed?: number;
  } = {},
): string {
  const { events = 1, type = 'Subscribe', list, email, seed = 1 } = options;
  const [delivery] = sampleDeliveries({
    types: [type],
    count: 1,
    batch: events,
    seed,
    ...(list !== undefined && { listId: list }),
    ...(email !== undefined && { email }),
  });
  if (delivery === undefined) throw new Error('no sample');
  return delivery.text;
}
