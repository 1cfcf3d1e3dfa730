/**
 * The only thing that a tunnel exposes: a client without the secret learns nothing, and everything has a limit. The
 * secret is checked before anything else.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { hookPrefix } from '../../common/hook-path.ts';
import { areTinyChunks, bodyBytesReceived } from '../../common/read-bound.ts';
import { sources } from '../../protocol/event-filter.ts';
import type { Headers, Source } from '../../protocol/history.ts';
import { decompress, headOf } from './compression.ts';
import { StoreError } from '../log/database.ts';
import { keptRefusedBytes } from '../../normalizer/delivery-limits.ts';
import type { AnswerOnPurpose, Purpose } from './answer-on-purpose.ts';
import { Connections } from './connections.ts';
import type { Incoming, Received } from './reception.ts';
import { Bodies, type BodyShare } from './request-body.ts';

export interface IngressLimits {
  maxBodyBytes: number;
  /** All bodies in progress or not yet on disk. */
  maxBodiesBytes: number;
  maxUncommitted: number;
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
  /** How long an unauthenticated connection may be silent. */
  quietMs: number;
  /** How long a connection without traffic is kept, such as one whose client doesn't read its responses. */
  stuckMs: number;
  checkEveryMs: number;
  maxConnections: number;
  closeMs: number;
}

export const defaultLimits: IngressLimits = {
  maxBodyBytes: 5_242_880,
  maxBodiesBytes: 268_435_456,
  maxUncommitted: 1000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  quietMs: 2000,
  stuckMs: 60_000,
  checkEveryMs: 1000,
  maxConnections: 1000,
  closeMs: 2000,
};

export interface IngressOptions {
  readonly secret: string;
  receive(incoming: Incoming): Promise<Received>;
  readonly onPurpose: AnswerOnPurpose;
  /** Called when the sender has the response, or will get a delayed one. Does not throw. */
  onAnswered(received: Received): void;
  readonly limits: IngressLimits;
  log(level: 'warn' | 'debug', message: string): void;
}

export interface IngressLoad {
  readonly known: number;
  readonly strangers: number;
  readonly pending: number;
  readonly bodyBytes: number;
}

/** Express accepts other spellings too, such as with `\\` or `#`. */
const plainPath = /^\/[\w/-]*$/;

type Body = Pick<Incoming, 'body' | 'refusal'> | 'gone' | 'tinyChunks' | 'crowded';

const noContent: Record<string, string> = { 'Content-Length': '0' };

const retryLater = { 'Retry-After': '2' };

const keepAliveMs = 65_000;
/** More than Node's 511. */
const backlog = 2048;

export class Ingress {
  readonly #options: IngressOptions;
  readonly #server: Server;
  readonly #serve: RequestListener;
  #secret: Buffer;
  readonly #connections: Connections;
  readonly #bodies: Bodies;
  #limits: IngressLimits;
  /** Their senders wait for "100 Continue". */
  readonly #expectant = new WeakSet<IncomingMessage>();
  #lookTimer: NodeJS.Timeout | undefined;
  #pending = 0;
  strangers = 0;

  constructor(options: IngressOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#secret = Buffer.from(options.secret);
    this.#bodies = new Bodies(options.limits);
    // An Express application would give each request its own prototypes, which costs more than the routing itself.
    const routes = this.#routes();
    this.#serve = (request, response) => {
      const path = this.#pathBehindSecret(request.url ?? '');
      if (path === undefined || !plainPath.test(path)) this.#turnAway(request, response);
      else {
        request.url = path;
        routes(request as Request, response as Response, (error?: unknown) => {
          if (error === undefined || error === null) this.#turnAway(request, response);
          else this.#failed(request, response, error);
        });
      }
    };
    this.#server = createServer(
      {
        headersTimeout: options.limits.headersTimeoutMs,
        requestTimeout: options.limits.headersTimeoutMs + options.limits.bodyTimeoutMs,
        connectionsCheckingInterval: options.limits.checkEveryMs,
        keepAliveTimeout: keepAliveMs,
      },
      this.#serve,
    );
    this.#server.timeout = options.limits.stuckMs;
    this.#connections = new Connections(this.#server, options.limits);
    this.#server.on('checkContinue', (request, response) => {
      this.#expectant.add(request);
      this.#serve(request, response);
    });
    // Node responds with 417 to an unknown expectation: a delivery would be lost because of a header.
    this.#server.on('checkExpectation', this.#serve);
    this.#server.on('connect', (request: IncomingMessage, socket: Socket) => this.#turnAwayConnect(request, socket));
    // Respond to a sender that ends its half of the connection with its request. Node's types lack this option.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
  }

  setLimits(limits: Pick<IngressLimits, 'maxBodyBytes' | 'maxBodiesBytes' | 'maxUncommitted'>): void {
    this.#limits = { ...this.#limits, ...limits };
    this.#bodies.setLimits(this.#limits);
  }

  /** Requests in progress are served, and then their connection ends. */
  useSecret(secret: string): void {
    this.#secret = Buffer.from(secret);
    this.#server.closeIdleConnections();
  }

  get load(): IngressLoad {
    const { known, strangers } = this.#connections.counts;
    return {
      known,
      strangers,
      pending: this.#pending,
      bodyBytes: this.#bodies.budget.held,
    };
  }

  /** For a tunnel without free connections, closes those that make no progress. */
  relieve(): void {
    this.#connections.relieve();
    this.#options.onPurpose.hurry();
  }

  /** @param port 0 for any free one @throws the system's error, such as EADDRINUSE */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host: '127.0.0.1', backlog }, () => {
        this.#server.off('error', reject);
        this.#lookTimer ??= setInterval(() => this.#connections.look(), this.#limits.checkEveryMs).unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#options.onPurpose.hurry();
    this.#server.closeIdleConnections();
    const force = setTimeout(() => this.#server.closeAllConnections(), this.#limits.closeMs);
    await closed;
    clearTimeout(force);
    // Until then, the timer cuts connections after their last response.
    clearInterval(this.#lookTimer);
  }

  /** Any other path, also in another case, counts as unauthenticated. */
  #routes(): Router {
    const routes = Router({ strict: true, caseSensitive: true });
    // Without the secret and the path, "100 Continue" is not sent.
    const admit: RequestHandler = (request, response, next) => {
      if (!this.#admits(request, response)) return;
      if (this.#expectant.has(request)) response.writeContinue();
      next();
    };
    const answerAlways =
      (status: 204 | 405, headers?: Record<string, string>): RequestHandler =>
      (request, response) => {
        answer(request, response, status, headers);
      };
    for (const source of sources) {
      routes
        .route(`/${source}`)
        .all(admit)
        .post((request, response) => this.#deliver(request, response, source))
        .all(answerAlways(405, { Allow: 'POST' }));
    }
    routes
      .route('/health')
      .all(admit)
      .get(answerAlways(204))
      .all(answerAlways(405, { Allow: 'GET, HEAD' }));
    return routes;
  }

  #turnAway(request: IncomingMessage, response: ServerResponse): void {
    // Don't read the body: that takes time, above all one byte at a time.
    if (!this.#connections.dismiss(request.socket, () => request.complete)) return;
    this.strangers += 1;
    answerAndClose(response, 404);
  }

  #turnAwayConnect(request: IncomingMessage, socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (!this.#connections.dismiss(socket, () => false)) return;
    this.strangers += 1;
    const response = new ServerResponse(request);
    response.once('finish', () => socket.destroySoon());
    try {
      response.assignSocket(socket);
    } catch {
      // An earlier request on this connection is still in progress: the connection ends with its response.
      return;
    }
    answerAndClose(response, 404);
  }

  #admits(request: IncomingMessage, response: ServerResponse): boolean {
    const standing = this.#connections.showed(request.socket);
    if (standing === 'full') this.#sendAway(request, response, 503);
    return standing === 'served';
  }

  #sendAway(request: IncomingMessage, response: ServerResponse, status: 408 | 503): void {
    const reads = status === 503;
    if (!this.#connections.dismiss(request.socket, () => reads || request.complete)) return;
    if (reads && !request.complete) readPast(request, this.#limits.maxBodyBytes);
    answerAndClose(response, status, reads ? retryLater : {});
  }

  /** The path without a query; undefined without the right secret, which is compared in constant time. */
  #pathBehindSecret(url: string): string | undefined {
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const end = hookPrefix.length + this.#secret.length;
    const given = Buffer.from(path.slice(hookPrefix.length, end), 'latin1');
    const right = given.length === this.#secret.length && timingSafeEqual(given, this.#secret);
    return right && path.startsWith(hookPrefix) ? path.slice(end) : undefined;
  }

  async #deliver(request: IncomingMessage, response: ServerResponse, source: Source): Promise<void> {
    if (this.#pending >= this.#limits.maxUncommitted) {
      answer(request, response, 503, retryLater);
      return;
    }
    this.#pending += 1;
    const secret = this.#secret;
    const share = this.#bodies.budget.share();
    const { onPurpose } = this.#options;
    let purpose: Purpose | null = null;
    let received: Received | undefined;
    const endIfLast = (): void => {
      if (secret !== this.#secret || !this.#server.listening) response.shouldKeepAlive = false;
    };
    try {
      const receivedAt = Date.now();
      const headers = headersOf(request);
      const read = await this.#bodyOf(request, share);
      if (read === 'gone') return;
      if (read === 'tinyChunks' || read === 'crowded') {
        this.#sendAway(request, response, read === 'tinyChunks' ? 408 : 503);
        return;
      }
      const incoming = { source, headers, receivedAt, injected: false, ...read };
      if (onPurpose.current !== null) purpose = onPurpose.take();
      received = await this.#options.receive(purpose === null ? incoming : { ...incoming, onPurpose: purpose.status });
      if (purpose === null) {
        endIfLast();
        answer(request, response, received.delivery.httpStatus, undefined, received.delivery.reason);
      }
    } catch (error) {
      if (purpose !== null) onPurpose.giveBack(purpose);
      endIfLast();
      this.#failed(request, response, error);
    } finally {
      share.release();
      this.#pending -= 1;
    }
    if (received === undefined) return;
    if (purpose !== null) void this.#answerOnPurpose(request, response, purpose, endIfLast);
    this.#options.onAnswered(received);
  }

  async #answerOnPurpose(
    request: IncomingMessage,
    response: ServerResponse,
    { status, delayMs }: Purpose,
    before: () => void,
  ): Promise<void> {
    // Don't delay a refusal if the body has not fully arrived.
    const waits = request.complete && this.#server.listening;
    const due = waits ? this.#options.onPurpose.due(response, delayMs) : undefined;
    if (due !== undefined) {
      // The connection is silent during the delay. Node sets its own timeout again with the next request.
      request.socket.setTimeout(delayMs + this.#limits.stuckMs);
      await due;
    }
    before();
    answer(request, response, status);
  }

  async #bodyOf(request: IncomingMessage, share: BodyShare): Promise<Body> {
    const read = await this.#bodies.read(request, share);
    if (read.kind !== 'whole' && read.kind !== 'long') return read.kind;
    const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    const { maxBodyBytes } = this.#limits;
    if (read.kind === 'long') {
      const { head, bytes } = read;
      const plain =
        coding === 'identity'
          ? head
          : ((await this.#bodies.unfold(() => headOf(head, coding, keptRefusedBytes))) ?? head);
      return tooLarge(plain, bytes, maxBodyBytes);
    }
    if (coding === 'identity') return { body: read.body, refusal: null };
    const plain = await this.#bodies.unfold(() => decompress(read.body, coding, maxBodyBytes));
    if (plain.kind === 'long') return tooLarge(plain.head, undefined, maxBodyBytes);
    if (plain.kind !== 'plain') {
      const bodyBytes = read.body.byteLength;
      return { body: read.body, refusal: { httpStatus: 400, reason: plain.reason, bodyBytes, truncated: false } };
    }
    const { body } = plain;
    if (body !== read.body && !share.grow(body.length, body.length)) return 'crowded';
    return { body, refusal: null };
  }

  #failed(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // The store reports its own failures.
    if (!(error instanceof StoreError)) this.#options.log('warn', `answered a delivery with 503: ${String(error)}`);
    answer(request, response, 503, retryLater);
  }
}

function tooLarge(head: Buffer, bytes: number | undefined, limit: number): Body {
  const body = head.subarray(0, keptRefusedBytes);
  const reason = `the body is larger than ${limit} bytes`;
  return { body, refusal: { httpStatus: 413, reason, bodyBytes: bytes ?? body.byteLength, truncated: true } };
}

/**
 * If the body has not fully arrived, responds at once, but reads on: closing a connection while the sender still writes
 * resets it, and the reset can overtake the response.
 */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers?: Record<string, string>,
  text?: string | null,
): void {
  if (response.headersSent || response.destroyed) return;
  if (text === undefined || text === null) {
    response.writeHead(status, status === 204 ? headers : headers ? { ...headers, ...noContent } : noContent);
    if (request.complete) response.end();
    else response.flushHeaders();
  } else {
    const line = Buffer.from(`${text}\n`);
    response.writeHead(status, {
      ...headers,
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': String(line.length),
    });
    if (request.complete) response.end(line);
    else response.write(line);
  }
  if (!request.complete) discard(request, () => response.end());
}

function answerAndClose(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, ...noContent }).end();
}

/** Read past before the connection is cut; Node limits the time. */
const mostDiscardedBytes = 67_108_864;

function discard(request: IncomingMessage, done: () => void): void {
  readPast(request, mostDiscardedBytes);
  request.once('end', done).once('close', done);
}

function readPast(request: IncomingMessage, mostBytes: number): void {
  let bytes = 0;
  let chunks = 0;
  request.on('data', (chunk: Buffer) => {
    bodyBytesReceived(request.socket, chunk.length);
    bytes += chunk.length;
    chunks += 1;
    if (bytes > mostBytes || areTinyChunks(chunks, bytes)) request.destroy();
  });
}

function headersOf(request: IncomingMessage): Headers {
  const raw = request.rawHeaders;
  const headers: Headers = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return headers;
}
