/** Requests to destinations: connections, proxies, time-outs, and what an answer or a failure is. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Client, EnvHttpProxyAgent } from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import { boundedAnswers, boundedConnector } from '../../common/bounded-answers.ts';
import { isLoopback, loopbackLookup } from '../../common/loopback.ts';
import { areTinyChunks, FloodError } from '../../common/read-bound.ts';
import type { Headers } from '../../protocol/history.ts';
import type { Destination, Settings } from '../../protocol/settings.ts';
import type { Outgoing } from './render.ts';
import { TimeLimit } from './time-limit.ts';
import type { Deadline } from './time-limit.ts';

/** How much of an answer is kept, in bytes. */
export const keptAnswerBytes = 65_536;

/** An answer that goes on for longer than this is cut off, in bytes. */
const mostAnswerBytes = 8_388_608;
/** More interim answers than that are a flood. */
const mostInterim = 16;

export type SendResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly body: Buffer;
      readonly truncated: boolean;
    }
  /** No connection could be made at all, or not in time, its TLS handshake included: nothing of the request was sent. */
  | { readonly kind: 'unreachable'; readonly error: string }
  /** A time-out, or a connection that broke. */
  | { readonly kind: 'broken'; readonly error: string };

/** What a request consists of. */
type Request = Pick<Outgoing, 'headers' | 'body' | 'release'>;

/** The connection that a request goes over. */
interface Connection {
  /** Whether the system has all that was written to it: nothing reads the request's body any more. */
  readonly isWritten: boolean;
}

/** Connections to one destination. */
export interface Connections {
  /**
   * Sends a request; what becomes of it is told to the handler.
   * @returns the connection, where it is known
   * @throws Error where it cannot be sent at all
   */
  send(url: URL, request: Request, handler: Dispatcher.DispatchHandler): Connection | null;
  /** Ends them; what is under way fails. */
  destroy(): Promise<void>;
}

/**
 * Connections for one destination. Proxies are honoured (the settings', else HTTP_PROXY, HTTPS_PROXY and NO_PROXY),
 * never for loopback.
 * @param most how many at once
 * @throws Error where the proxy cannot be used
 */
export function connectionsFor(destination: Destination, proxy: Settings['proxy'], most: number): Connections {
  const { origin, hostname } = new URL(destination.url);
  const ended = new AbortController();
  const making = { timeout: destination.timeoutMs, signal: ended.signal };
  const tls = { ...making, rejectUnauthorized: destination.insecureTls !== true };
  const connect = { ...tls, lookup: loopbackLookup };
  if (isLoopback(hostname)) {
    return new DirectConnections(origin, most, boundedConnector(connect, mostAnswerBytes), ended);
  }
  return new ProxiedConnections(
    {
      ...boundedAnswers(mostAnswerBytes),
      connections: most,
      pipelining: 1,
      connect,
      // Plain http is passed on by the proxy as a browser has it: many refuse to tunnel to other ports than 443.
      proxyTunnel: false,
      proxyTls: making,
      requestTls: tls,
      ...(proxy && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy }),
    },
    ended,
  );
}

/**
 * A client for each connection, and each request to one that has nothing else to do: undici's own pool does not tell
 * which connection a request takes, and so not whether its body is still being written.
 */
class DirectConnections implements Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #connect: buildConnector.connector;
  readonly #ended: AbortController;
  readonly #connections: DirectConnection[] = [];
  #turn = 0;

  /** @param ended gives up connections that are being made */
  constructor(origin: string, most: number, connect: buildConnector.connector, ended: AbortController) {
    this.#origin = origin;
    this.#most = most;
    this.#connect = connect;
    this.#ended = ended;
  }

  send(url: URL, { headers, body }: Request, handler: Dispatcher.DispatchHandler): Connection {
    const connection = this.#idle();
    connection.client.dispatch({ ...requestTo(url), headers: headers.flat(), body }, handler);
    return connection;
  }

  #idle(): DirectConnection {
    let connection = this.#connections.find(({ client }) => client.stats.size === 0);
    // One with several requests sends them one after the other.
    if (connection === undefined && this.#connections.length >= this.#most) {
      this.#turn += 1;
      connection = this.#connections[this.#turn % this.#most];
    }
    if (connection === undefined) {
      connection = new DirectConnection(this.#origin, this.#connect);
      this.#connections.push(connection);
    }
    return connection;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#connections.map(({ client }) => client.destroy()));
    // The client itself leaves them to their time-out, and the process would last as long.
    this.#ended.abort();
  }
}

/** One client, which has one socket at a time. */
class DirectConnection implements Connection {
  readonly client: Client;
  #socket: Socket | undefined;

  constructor(origin: string, connect: buildConnector.connector) {
    this.client = new Client(origin, {
      pipelining: 1,
      connect: (options, callback) =>
        connect(options, (...result) => {
          this.#socket = result[1] ?? undefined;
          callback(...result);
        }),
    });
  }

  get isWritten(): boolean {
    return this.#socket?.destroyed === false && this.#socket.writableLength === 0;
  }
}

/** Connections through a proxy where there is one for the host, else straight. */
class ProxiedConnections implements Connections {
  readonly #agent: EnvHttpProxyAgent;
  readonly #ended: AbortController;

  /** @param ended gives up connections that are being made */
  constructor(options: EnvHttpProxyAgent.Options, ended: AbortController) {
    this.#agent = new EnvHttpProxyAgent(options);
    this.#ended = ended;
  }

  send(url: URL, { headers, body }: Request, handler: Dispatcher.DispatchHandler): null {
    this.#agent.dispatch({ ...requestTo(url), headers: byName(headers), body }, handler);
    return null;
  }

  async destroy(): Promise<void> {
    await this.#agent.destroy();
    this.#ended.abort();
  }
}

/** Without undici's time-outs: the whole exchange has one. */
function requestTo(url: URL): Omit<Dispatcher.DispatchOptions, 'headers' | 'body'> {
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: 'POST',
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

const noConnection = { kind: 'unreachable', error: 'no connection in time' } as const;

/** What the system was asked for where it says that there is no connection. */
const connectingCalls = new Set(['connect', 'getaddrinfo']);

/** Certificates that no authority known here vouches for, or that are not for the host or the time. */
const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Posts a notification. Redirects are not followed. Never throws.
 * @param timeoutMs for the whole exchange, the answer's body included
 * @param limit the destination's, which may be lifted meanwhile
 */
export function post(
  connections: Connections,
  url: URL,
  request: Request,
  timeoutMs: number,
  limit = new TimeLimit(),
): Promise<SendResult> {
  return new Promise((resolve) => {
    let connection: Connection | null = null;
    const exchange = new Exchange(timeoutMs, limit, (result) => {
      // An answer may come before the request was read: then its body is still being written.
      if (result.kind === 'answer' && connection?.isWritten === true) request.release?.();
      resolve(result);
    });
    try {
      connection = connections.send(url, request, exchange);
    } catch (error) {
      exchange.onResponseError(undefined, error as Error);
    }
  });
}

const noBytes = Buffer.alloc(0);

/** A request that is under way, and what has come of its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  /** Once: undefined when it is finished. */
  #resolve: ((result: SendResult) => void) | undefined;
  /** From when there is a connection for it. */
  #controller: Dispatcher.DispatchController | undefined;
  #timedOut = false;
  #status = 0;
  #headers: Headers = [];
  #interim = 0;
  #chunks: Buffer[] = [];
  #received = 0;
  #pieces = 0;

  constructor(timeoutMs: number, limit: TimeLimit, resolve: (result: SendResult) => void) {
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#deadline = limit.begin(timeoutMs, () => this.#timeOut());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#timedOut) controller.abort(new Error('timed out'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > mostInterim)
        controller.abort(new FloodError(`it sends more than ${mostInterim} interim answers`));
      return;
    }
    this.#status = status;
    this.#headers = flatten(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#received < keptAnswerBytes) this.#chunks.push(chunk.subarray(0, keptAnswerBytes - this.#received));
    this.#received += chunk.length;
    this.#pieces += 1;
    if (this.#isTooLong) controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#finish(this.#answer());
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(this.#isTooLong ? this.#answer() : failure(error));
  }

  get #isTooLong(): boolean {
    return this.#received > mostAnswerBytes || areTinyChunks(this.#pieces, this.#received);
  }

  #answer(): SendResult {
    return {
      kind: 'answer',
      status: this.#status,
      headers: this.#headers,
      body: this.#chunks.length === 0 ? noBytes : Buffer.concat(this.#chunks),
      truncated: this.#received > keptAnswerBytes || this.#isTooLong,
    };
  }

  #timeOut(): void {
    this.#timedOut = true;
    if (this.#controller === undefined) {
      this.#finish(noConnection);
      return;
    }
    const what = this.#status === 0 ? 'no answer' : 'no complete answer';
    this.#finish({ kind: 'broken', error: `${what} within ${this.#timeoutMs} ms` });
    this.#controller.abort(new Error('timed out'));
  }

  #finish(result: SendResult): void {
    this.#deadline.clear();
    this.#resolve?.(result);
    this.#resolve = undefined;
    // Of what is cut off more may come, which is for nobody.
    this.#chunks = [];
  }
}

/** By name, the values of one that repeats together: undici's proxy agent loses them in any other form. */
function byName(headers: Headers): Record<string, string | string[]> {
  const named = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of headers) {
    const before = named[name];
    named[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  return named;
}

function failure(error: Error & { code?: unknown; cause?: unknown }): SendResult {
  // One for each address of a name.
  const parts = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const causes = [error, error.cause, ...parts] as (NodeJS.ErrnoException | null | undefined)[];
  const code = causes.map((each) => each?.code).find((each) => typeof each === 'string' && each !== '') ?? '';
  const message = error.message || (parts[0]?.message ?? code);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return noConnection;
  // undici asserts it, and says no more.
  if (message.includes('statusCode >= 100'))
    return { kind: 'broken', error: 'Response does not match the HTTP/1.1 protocol (Invalid response status)' };
  if (causes.some((each) => connectingCalls.has(each?.syscall ?? ''))) return { kind: 'unreachable', error: message };
  if (certificateCodes.has(code)) {
    // Without the runtime's own advice, which is about itself.
    const [why] = message.split(';');
    return { kind: 'broken', error: `${why}: to accept this certificate, set "insecureTls" for the destination` };
  }
  return { kind: 'broken', error: code === '' || message.includes(code) ? message : `${message} (${code})` };
}

function flatten(headers: IncomingHttpHeaders): Headers {
  const flat: Headers = [];
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const each of value) flat.push([name, each]);
    else if (value !== undefined) flat.push([name, value]);
  }
  return flat;
}
