import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { Client, EnvHttpProxyAgent, type buildConnector, type Dispatcher } from 'undici';
import { boundedAnswers, boundedConnector } from '../../common/bounded-answers.ts';
import { isLoopback, loopbackLookup } from '../../common/loopback.ts';
import { areTinyChunks, FloodError } from '../../common/read-bound.ts';
import type { Headers } from '../../protocol/history.ts';
import type { Destination, Settings } from '../../protocol/settings.ts';
import type { Outgoing } from './render.ts';
import { TimeLimit, type Deadline } from './time-limit.ts';

export const keptAnswerBytes = 65_536;

const mostAnswerBytes = 8_388_608;
const mostInterim = 16;

export type SendResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly body: Buffer;
      readonly truncated: boolean;
    }
  /** Nothing of the request was sent. */
  | { readonly kind: 'unreachable'; readonly error: string }
  | { readonly kind: 'broken'; readonly error: string };

type Request = Pick<Outgoing, 'headers' | 'body' | 'release'>;

export interface Connections {
  /** @returns null if the connection isn't known @throws Error if the request can't be sent at all */
  send(url: URL, request: Request, handler: Dispatcher.DispatchHandler): Connection | null;
  destroy(): Promise<void>;
}

/** Uses the settings' proxy, or HTTP_PROXY, HTTPS_PROXY and NO_PROXY, but never for loopback. @throws Error */
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
      // Plain HTTP goes through the proxy as from a browser: many refuse to tunnel to other ports than 443.
      proxyTunnel: false,
      proxyTls: making,
      requestTls: tls,
      ...(proxy && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy }),
    },
    ended,
  );
}

/** undici's own pool doesn't tell which connection a request uses, so its body may still be in use. */
class DirectConnections implements Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #connect: buildConnector.connector;
  readonly #ended: AbortController;
  readonly #connections: Connection[] = [];
  #turn = 0;

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

  #idle(): Connection {
    let connection = this.#connections.find(({ client }) => client.stats.size === 0);
    if (connection === undefined && this.#connections.length >= this.#most) {
      this.#turn += 1;
      connection = this.#connections[this.#turn % this.#most];
    }
    if (connection === undefined) {
      connection = new Connection(this.#origin, this.#connect);
      this.#connections.push(connection);
    }
    return connection;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#connections.map(({ client }) => client.destroy()));
    // The client itself would wait for their timeout, and the process would run as long.
    this.#ended.abort();
  }
}

class Connection {
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

  /** If everything was written to the system, the request's body is no longer used. */
  get isWritten(): boolean {
    return this.#socket?.destroyed === false && this.#socket.writableLength === 0;
  }
}

class ProxiedConnections implements Connections {
  readonly #agent: EnvHttpProxyAgent;
  readonly #ended: AbortController;

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

/** The whole exchange has a timeout of its own. */
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

const connectingCalls = new Set(['connect', 'getaddrinfo']);

const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Doesn't follow redirects. Never throws. @param timeoutMs includes the response's body */
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
      // A response may arrive before the request was read: then its body is still being written.
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

class Exchange implements Dispatcher.DispatchHandler {
  readonly #timeoutMs: number;
  readonly #deadline: Deadline;
  #resolve: ((result: SendResult) => void) | undefined;
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
    this.#chunks = [];
  }
}

/** Repeated headers as arrays: undici's proxy agent loses them in any other form. */
function byName(headers: Headers): Record<string, string | string[]> {
  const named = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of headers) {
    const before = named[name];
    named[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  return named;
}

function failure(error: Error & { code?: unknown; cause?: unknown }): SendResult {
  // One error for each address of a name.
  const parts = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const causes = [error, error.cause, ...parts] as (NodeJS.ErrnoException | null | undefined)[];
  const code = causes.map((each) => each?.code).find((each) => typeof each === 'string' && each !== '') ?? '';
  const message = error.message || (parts[0]?.message ?? code);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return noConnection;
  // undici only asserts this, without an explanation.
  if (message.includes('statusCode >= 100'))
    return { kind: 'broken', error: 'Response does not match the HTTP/1.1 protocol (Invalid response status)' };
  if (causes.some((each) => connectingCalls.has(each?.syscall ?? ''))) return { kind: 'unreachable', error: message };
  if (certificateCodes.has(code)) {
    // Leave out Node's own advice, which is about Node.
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
