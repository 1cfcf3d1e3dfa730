/**
 * The street door: HTTP on loopback, the only thing that a tunnel exposes. The tunnel is the internet: a stranger who
 * does not know the secret learns nothing, and everything has a limit.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, ServerResponse } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import express from 'express';
import type { Response } from 'express';
import type { Headers, Source } from '../protocol/history.ts';
import { decompress, headOf } from './compression.ts';
import type { Decompressed } from './compression.ts';
import { StoreError } from './database.ts';
import type { Reception, Refused } from './reception.ts';

/** Of a refused body, what is kept, in bytes. */
const keptRefusedBytes = 65_536;

/** The limits of the street door; times in milliseconds. */
export interface IngressLimits {
  /** After decompression, in bytes. */
  maxBodyBytes: number;
  /** Deliveries not yet on disk. */
  maxUncommitted: number;
  headersTimeoutMs: number;
  bodyTimeoutMs: number;
  /** How often Node looks for slow requests. */
  checkEveryMs: number;
  maxConnections: number;
}

export const defaultLimits: IngressLimits = {
  maxBodyBytes: 5_242_880,
  maxUncommitted: 1000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
  checkEveryMs: 1000,
  maxConnections: 1000,
};

export interface IngressOptions {
  /** 32 hex digits. */
  readonly secret: string;
  readonly reception: Reception;
  /** How many deliveries are not yet on disk. */
  uncommitted(): number;
  readonly limits: IngressLimits;
  log(level: 'warn' | 'debug', message: string): void;
}

/** What a path under the right secret leads to. */
type Place = Source | 'health';

const places: ReadonlyMap<string, Place> = new Map([
  ['/campaign-monitor', 'campaign-monitor'],
  ['/open-connectors', 'open-connectors'],
  ['/health', 'health'],
]);

const retryAfterSeconds = '2';

/** The street door: takes deliveries, and answers once they are on disk. */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #server: Server;
  readonly #serve: RequestListener;
  readonly #prefix = '/hooks/';
  readonly #secret: Buffer;
  #limits: IngressLimits;
  /** Bodies under way and deliveries not yet on disk. */
  #pending = 0;
  /** Requests that knew no secret. */
  strangers = 0;

  constructor(options: IngressOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#secret = Buffer.from(options.secret);
    const app = express();
    app.disable('x-powered-by');
    app.disable('etag');
    app.set('query parser', false);
    app.use((request, response: Response<unknown, { place: Place }>) =>
      this.#handle(request, response, response.locals.place),
    );
    this.#serve = (request, response) => {
      // Before Express: it answers a target that it cannot read with a page of its own.
      const place = this.#placeOf(request.url ?? '');
      if (place === undefined) this.#turnAway(request, response);
      // Express costs about as much as all the rest of taking a delivery (docs/performance.md), and adds nothing here.
      else if (place !== 'health' && request.method === 'POST') void this.#receive(request, response, place);
      else app(request, Object.assign(response, { locals: { place } }));
    };
    this.#server = createServer(
      {
        headersTimeout: options.limits.headersTimeoutMs,
        // The body has a time of its own; this is the bound on both.
        requestTimeout: options.limits.headersTimeoutMs + options.limits.bodyTimeoutMs,
        connectionsCheckingInterval: options.limits.checkEveryMs,
        keepAliveTimeout: 65_000,
      },
      this.#serve,
    );
    // Node answers 417 to an expectation that it does not know: that would lose a delivery for a header.
    this.#server.on('checkExpectation', this.#serve);
    this.#server.on('connect', (request: IncomingMessage, socket: Socket) => this.#turnAwayConnect(request, socket));
    // A sender that ends its half of the connection with its request gets its answer too. Node has it, types lack it.
    Object.assign(this.#server, { httpAllowHalfOpen: true });
    this.#server.maxConnections = options.limits.maxConnections;
  }

  /** Changes the limits that a running door can change: body size and how much may be uncommitted. */
  setLimits(limits: Pick<IngressLimits, 'maxBodyBytes' | 'maxUncommitted'>): void {
    this.#limits = { ...this.#limits, ...limits };
  }

  /**
   * Opens the door on 127.0.0.1.
   * @param port the port; 0 for any free one
   * @returns the port
   * @throws the system's error, such as EADDRINUSE
   */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  /** Closes the door: requests under way are answered, idle connections ended. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const force = setTimeout(() => this.#server.closeAllConnections(), 2000);
    await closed;
    clearTimeout(force);
  }

  #turnAway(request: IncomingMessage, response: ServerResponse): void {
    this.strangers += 1;
    answer(request, response, 404);
  }

  /** Node hands over the bare connection of a CONNECT: it gets the same 404 and ends. */
  #turnAwayConnect(request: IncomingMessage, socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    this.#turnAway(request, response);
  }

  #handle(request: IncomingMessage, response: ServerResponse, place: Place): void {
    const { method } = request;
    if (place === 'health') {
      if (method === 'GET' || method === 'HEAD') answer(request, response, 204);
      else answer(request, response, 405, { Allow: 'GET, HEAD' });
    } else answer(request, response, 405, { Allow: 'POST' });
  }

  /** Where a path leads, under the right secret; compared in constant time. */
  #placeOf(url: string): Place | undefined {
    const query = url.indexOf('?');
    const path = query === -1 ? url : url.slice(0, query);
    const end = this.#prefix.length + this.#secret.length;
    const given = Buffer.from(path.slice(this.#prefix.length, end), 'latin1');
    const right = given.length === this.#secret.length && timingSafeEqual(given, this.#secret);
    return right && path.startsWith(this.#prefix) ? places.get(path.slice(end)) : undefined;
  }

  async #receive(request: IncomingMessage, response: ServerResponse, source: Source): Promise<void> {
    if (this.#pending >= this.#limits.maxUncommitted || this.#options.uncommitted() >= this.#limits.maxUncommitted) {
      answer(request, response, 503, { 'Retry-After': retryAfterSeconds });
      return;
    }
    this.#pending += 1;
    try {
      const receivedAt = Date.now();
      const headers = headersOf(request);
      const coding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
      const read = await readBody(request, this.#limits.maxBodyBytes, this.#limits.bodyTimeoutMs);
      const incoming = { source, headers, receivedAt, injected: false };
      switch (read.kind) {
        case 'gone':
          return;
        case 'slow':
          answer(request, response, 408, { Connection: 'close' });
          request.socket.destroySoon();
          return;
        case 'long': {
          const kept =
            coding === 'identity' ? read.head : ((await headOf(read.head, coding, keptRefusedBytes)) ?? read.head);
          await this.#refuse(request, response, {
            ...incoming,
            body: kept.subarray(0, keptRefusedBytes),
            httpStatus: 413,
            reason: tooLarge(this.#limits.maxBodyBytes),
            bodyBytes: read.bytes,
            truncated: true,
          });
          return;
        }
        case 'whole': {
          const plain: Decompressed =
            coding === 'identity'
              ? { kind: 'plain', body: read.body }
              : await decompress(read.body, coding, this.#limits.maxBodyBytes);
          if (plain.kind === 'plain') {
            const { httpStatus, reason } = await this.#options.reception.receive({ ...incoming, body: plain.body });
            answer(request, response, httpStatus, undefined, reason);
            return;
          }
          const long = plain.kind === 'long';
          const body = long ? plain.head.subarray(0, keptRefusedBytes) : read.body;
          await this.#refuse(request, response, {
            ...incoming,
            body,
            httpStatus: long ? 413 : 400,
            reason: long ? tooLarge(this.#limits.maxBodyBytes) : plain.reason,
            bodyBytes: body.byteLength,
            truncated: long,
          });
        }
      }
    } catch (error) {
      // Not on disk, so not acknowledged. The store says itself why it fails.
      if (!(error instanceof StoreError)) this.#options.log('warn', `a delivery was answered 503: ${String(error)}`);
      answer(request, response, 503, { 'Retry-After': retryAfterSeconds });
    } finally {
      this.#pending -= 1;
    }
  }

  async #refuse(request: IncomingMessage, response: ServerResponse, refused: Refused): Promise<void> {
    await this.#options.reception.refuse(refused);
    answer(request, response, refused.httpStatus, undefined, refused.reason);
  }
}

function tooLarge(limit: number): string {
  return `the body is larger than ${limit} bytes`;
}

/**
 * Answers. Where the rest of the body is still to come, the answer goes out at once and ends when that has been read
 * past: a connection that is closed on a sender who still writes is reset, and the reset can overtake the answer.
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
    response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': '0' });
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

/** How much of an unwanted body is read past before its connection is cut, in bytes; Node bounds the time. */
const mostDiscardedBytes = 67_108_864;

function discard(request: IncomingMessage, done: () => void): void {
  let read = 0;
  request.on('data', (chunk: Buffer) => {
    read += chunk.length;
    if (read > mostDiscardedBytes) request.destroy();
  });
  request.once('end', done).once('close', done);
}

function headersOf(request: IncomingMessage): Headers {
  const raw = request.rawHeaders;
  const headers: Headers = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return headers;
}

type Read =
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** Over the limit: its first bytes, and its size as announced or so far. */
  | { readonly kind: 'long'; readonly head: Buffer; readonly bytes: number }
  | { readonly kind: 'slow' }
  /** The sender went away. */
  | { readonly kind: 'gone' };

function readBody(request: IncomingMessage, limit: number, timeoutMs: number): Promise<Read> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const announced = Number(request.headers['content-length'] ?? 0);
    const bound = announced > limit ? Math.min(keptRefusedBytes, limit) : limit;
    let timer: NodeJS.Timeout | undefined;
    let finished = false;
    const done = (read: Read): void => {
      finished = true;
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onGone).off('error', onGone);
      resolve(read);
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > bound) done({ kind: 'long', head: Buffer.concat(chunks), bytes: Math.max(announced, bytes) });
    };
    const onEnd = (): void => {
      const [only] = chunks;
      const body = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
      done(announced > limit ? { kind: 'long', head: body, bytes: announced } : { kind: 'whole', body });
    };
    const onGone = (): void => done({ kind: 'gone' });
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
    // Most bodies have come by the next turn and need no timer.
    setImmediate(() => {
      if (!finished) timer = setTimeout(() => done({ kind: 'slow' }), timeoutMs);
    });
  });
}
