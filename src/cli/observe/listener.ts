/** Where both vendors post to while they are observed: a server on loopback that keeps what comes and answers by plan. */
import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';
import { hookPrefix } from '../../common/hook-path.ts';
import { bodyBytesReceived, boundRequests, requestStarted } from '../../common/read-bound.ts';

/** What a place answers: a status; nothing, for as long as the sender waits; or an end of the connection. */
export type Answer = { readonly kind: 'status'; readonly status: number } | { readonly kind: 'hang' | 'break' };

/** One POST that came. */
export interface Received {
  /** What its path ends with. */
  readonly place: string;
  /** When it had come whole, in milliseconds since 1970. */
  readonly at: number;
  /** Names and values, in the order and the letter case in which they came. */
  readonly headers: readonly (readonly [string, string])[];
  /** Decompressed. */
  readonly body: Buffer;
  readonly answer: Answer;
  /** How long the sender waited for an answer that did not come, in milliseconds; null: it had one, or still waits. */
  waitedMs: number | null;
}

/** Connections at once. */
const maxConnections = 200;
/** Bytes of a body, compressed or not; as the relay's default. */
const maxBodyBytes = 5_242_880;
/** What is kept: so many requests, and so many bytes of their bodies. */
const maxReceived = 2000;
const maxReceivedBytes = 16_777_216;
/** In milliseconds, as the webhook endpoint's; how often Node looks. */
const timeouts = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5000 };

/** How often what waits for something looks whether it has come, in milliseconds. */
const lookEveryMs = 20;

export interface ListenerOptions {
  /** 32 hex digits: who does not know them gets an empty 404, and is not recorded. */
  readonly secret: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly answer: (place: string, body: Buffer) => Answer;
}

/** A bounded server on 127.0.0.1. */
export class ObservationListener {
  readonly received: Received[] = [];
  readonly #options: ListenerOptions;
  readonly #waiting = new Set<() => void>();
  #looking: NodeJS.Timeout | undefined;
  #server: Server | null = null;
  #port: number;
  #bytes = 0;
  #left = 0;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  /** @throws the system's error where it cannot listen */
  static async open(options: ListenerOptions): Promise<ObservationListener> {
    const listener = new ObservationListener(options);
    await listener.resume();
    return listener;
  }

  get port(): number {
    return this.#port;
  }

  /** Requests that came and were not kept, since too much was kept already. */
  get leftOut(): number {
    return this.#left;
  }

  /** The path of a place; it holds the secret. */
  path(place: string): string {
    return `${hookPrefix}${this.#options.secret}/${place}`;
  }

  /** Listens again at the same port. @throws the system's error where another has taken it */
  async resume(): Promise<void> {
    if (this.#server !== null) return;
    const server = createServer({ ...timeouts, maxHeaderSize: 16_384 }, (request, response) => {
      requestStarted(request.socket);
      void this.#take(request, response);
    });
    server.maxConnections = maxConnections;
    server.on('connection', (socket) => boundRequests(socket, () => socket.destroy()));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** What came to a place first, and is kept no longer; undefined where nothing did. */
  take(place: string): Received | undefined {
    const at = this.received.findIndex((each) => each.place === place);
    return at === -1 ? undefined : this.received.splice(at, 1)[0];
  }

  /** Refuses connections from now on; those that are open are ended. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  /**
   * Waits until something is true of what has come.
   * @param timeoutMs how long, in milliseconds
   * @returns false where it has not become true in time, or the signal has ended the waiting
   */
  async until(test: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (test() || signal.aborted || timeoutMs <= 0) return test();
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#waiting.delete(look);
        resolve();
      };
      const look = (): void => {
        if (test()) end();
      };
      const timer = setTimeout(end, timeoutMs);
      signal.addEventListener('abort', end, { once: true });
      this.#waiting.add(look);
    });
    return test();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = this.#placeOf(request.url ?? '');
    if (place === 'health' && request.method === 'GET') {
      response.writeHead(204).end();
      return;
    }
    if (place === null || place === 'health' || request.method !== 'POST') {
      response.writeHead(404, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    const body = await bodyOf(request);
    if (body === null) {
      // With the answer, whatever of the body is still to come.
      response.writeHead(413, { connection: 'close', 'content-length': 0 }).end(() => request.socket.destroySoon());
      return;
    }
    if (this.received.length >= maxReceived || this.#bytes + body.length > maxReceivedBytes) {
      this.#left++;
      response.writeHead(503, { connection: 'close', 'content-length': 0 }).end();
      return;
    }
    this.#bytes += body.length;
    const answer = this.#options.answer(place, body);
    const at = Date.now();
    const headers = Array.from(
      { length: request.rawHeaders.length / 2 },
      (_, i) => [request.rawHeaders[2 * i] ?? '', request.rawHeaders[2 * i + 1] ?? ''] as const,
    );
    const received: Received = { place, at, headers, body, answer, waitedMs: null };
    this.received.push(received);
    switch (answer.kind) {
      case 'status':
        response.writeHead(answer.status, { 'content-length': 0 }).end();
        break;
      case 'break':
        request.socket.resetAndDestroy();
        break;
      case 'hang':
        request.socket.once('close', () => {
          // Where this listener has ended it, that says nothing about the sender.
          if (this.#server !== null) received.waitedMs = Date.now() - at;
          this.#changed();
        });
    }
    this.#changed();
  }

  /** Looks once for all that come together: each look goes through everything that has come. */
  #changed(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      for (const look of [...this.#waiting]) look();
    }, lookEveryMs);
  }

  /** What the path leads to; null for whoever does not know the secret. */
  #placeOf(path: string): string | null {
    const [, given = '', place = ''] = /^\/hooks\/([0-9a-f]{32})\/([a-z0-9-]{1,40})$/.exec(path) ?? [];
    const isRight = given !== '' && timingSafeEqual(Buffer.from(given), Buffer.from(this.#options.secret));
    return isRight ? place : null;
  }
}

/** A body, decompressed; null where it is longer than may be, did not come whole, or cannot be decompressed. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      bodyBytesReceived(request.socket, chunk.length);
      if (bytes > maxBodyBytes) return null;
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const bound = { maxOutputLength: maxBodyBytes };
    switch (request.headers['content-encoding']?.trim().toLowerCase()) {
      case 'gzip':
        return gunzipSync(body, bound);
      case 'deflate':
        return inflateSync(body, bound);
      default:
        return body;
    }
  } catch {
    return null;
  }
}
