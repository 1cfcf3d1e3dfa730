/**
 * A connection is unauthenticated until it sends a request with the secret: it is closed if it is silent, and gives way
 * to new ones. Senders that come through a tunnel all have the tunnel's address.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { boundRequests, requestStarted } from '../../common/read-bound.ts';

export interface ConnectionLimits {
  /** Beyond it, the oldest unauthenticated connection gives way to a new one. */
  readonly maxConnections: number;
  readonly quietMs: number;
  readonly checkEveryMs: number;
}

/** An unauthenticated connection, or one that has received its last response. */
interface Stranger {
  readonly since: number;
  bytes: number;
  /** Checks in a row without new bytes, or since its last response. */
  looks: number;
  leaving: boolean;
}

/** So that the first check finds a change. */
const unseen = -1;

/** Minimum time that a new connection stays while others arrive; up to twice `maxConnections` may be open then. */
const leastStayMs = 500;

const leavingLooks = 2;

const requestTimeout = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

export class Connections {
  readonly #server: Server;
  readonly #limits: ConnectionLimits;
  readonly #strangers = new Map<Socket, Stranger>();
  readonly #known = new Set<Socket>();
  readonly #mostKnown: number;
  readonly #quietLooks: number;

  constructor(server: Server, limits: ConnectionLimits) {
    this.#server = server;
    this.#limits = limits;
    // Reserve a tenth for unauthenticated connections: otherwise no new sender could authenticate.
    this.#mostKnown = Math.max(1, Math.floor(limits.maxConnections * 0.9));
    this.#quietLooks = Math.ceil(limits.quietMs / limits.checkEveryMs);
    server.on('connection', (socket) => this.#opened(socket));
  }

  get counts(): { readonly known: number; readonly strangers: number } {
    return { known: this.#known.size, strangers: this.#strangers.size };
  }

  /** `leaving`: the connection has received its last response. `full`: too many are authenticated. */
  showed(socket: Socket): 'served' | 'leaving' | 'full' {
    requestStarted(socket);
    if (this.#known.has(socket)) return 'served';
    if (this.#strangers.get(socket)?.leaving === true) {
      cutOnceAnswered(socket);
      return 'leaving';
    }
    if (this.#known.size >= this.#mostKnown) {
      this.#server.closeIdleConnections();
      for (const each of this.#known) if (each.destroyed) this.#known.delete(each);
      if (this.#known.size >= this.#mostKnown) return 'full';
    }
    // Don't count a connection that was destroyed while its last bytes were being read.
    if (this.#strangers.delete(socket)) this.#known.add(socket);
    return 'served';
  }

  /**
   * Makes the next response the last one, then ends this half, and cuts the rest a moment later: closing a connection
   * while the sender still writes resets it, and the reset can overtake the response.
   * @returns false if it was already the last: the request gets no response
   */
  dismiss(socket: Socket, reads: () => boolean): boolean {
    const stranger = this.#strangers.get(socket);
    if (stranger?.leaving === true) {
      cutOnceAnswered(socket);
      return false;
    }
    if (stranger !== undefined) Object.assign(stranger, { leaving: true, looks: 0 });
    else if (this.#known.delete(socket)) {
      this.#strangers.set(socket, { since: performance.now(), bytes: 0, looks: 0, leaving: true });
    }
    // Node calls this after the last response; its own version cuts at once.
    socket.destroySoon = () => {
      socket.end();
      // After Node has resumed the socket to read past the request.
      setImmediate(() => {
        if (!reads()) socket.pause();
      });
    };
    return true;
  }

  /** Counts calls rather than time, so that a connection isn't silent because this process was too busy to read. */
  look(): void {
    this.#makeRoom();
    for (const [socket, stranger] of this.#strangers) {
      if (!stranger.leaving && stranger.bytes !== socket.bytesRead) {
        stranger.bytes = socket.bytesRead;
        stranger.looks = 0;
        continue;
      }
      stranger.looks += 1;
      if (stranger.looks >= (stranger.leaving ? leavingLooks : this.#quietLooks)) this.#close(socket, stranger);
    }
  }

  /** Frees connections for a tunnel that has none left. */
  relieve(): void {
    this.#server.closeIdleConnections();
    for (const [socket, stranger] of this.#strangers) {
      if (!stranger.leaving && stranger.bytes !== unseen) this.#close(socket, stranger);
    }
  }

  #opened(socket: Socket): void {
    this.#strangers.set(socket, { since: performance.now(), bytes: unseen, looks: 0, leaving: false });
    boundRequests(socket, () => socket.destroy());
    socket.once('close', () => {
      this.#strangers.delete(socket);
      this.#known.delete(socket);
    });
    this.#makeRoom();
  }

  /** Beyond `maxConnections`, closes the oldest ones, but lets each send something first while there is capacity. */
  #makeRoom(): void {
    const { maxConnections } = this.#limits;
    const longAgo = performance.now() - leastStayMs;
    for (const [socket, stranger] of this.#strangers) {
      const count = this.#known.size + this.#strangers.size;
      if (count <= maxConnections || (stranger.since > longAgo && count <= 2 * maxConnections)) return;
      this.#strangers.delete(socket);
      socket.destroy();
    }
  }

  #close(socket: Socket, stranger: Stranger): void {
    this.#strangers.delete(socket);
    // Respond if a request has begun; otherwise, a tunnel would take this for the response to its next request.
    if (!stranger.leaving && socket.bytesRead > 0 && socket.writable) socket.write(requestTimeout);
    socket.destroy();
  }
}

function cutOnceAnswered(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
}
