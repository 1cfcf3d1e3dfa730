/**
 * The connections of the webhook endpoint. One that has not shown the secret is a stranger's until it does: it is
 * closed when it says nothing, and gives its place up for whoever comes. All the same for senders who come through a
 * tunnel, where everybody has the tunnel's address.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { boundRequests, requestStarted } from '../../common/read-bound.ts';

export interface ConnectionLimits {
  /** Beyond it, the oldest that has not shown the secret gives way to a new one. */
  readonly maxConnections: number;
  /** How long a connection that has not shown the secret may say nothing, in milliseconds. */
  readonly quietMs: number;
  /** How often they are looked at, in milliseconds. */
  readonly checkEveryMs: number;
}

/** A connection that has not shown the secret, or that has been answered for the last time. */
interface Stranger {
  /** On the monotonic clock, in milliseconds. */
  readonly since: number;
  /** The bytes that had come when it was last looked at. */
  bytes: number;
  /** How often in a row it was found to have said nothing more, or to be there still. */
  looks: number;
  /** Its last answer is on its way. */
  leaving: boolean;
}

/** In place of the bytes of one that has not been looked at yet: the first look finds news. */
const unseen = -1;

/** How long a new connection stays in a flood of others, which are up to twice `maxConnections` then, in milliseconds. */
const leastStayMs = 500;

/** How often one that is to leave is found to be there before it is cut. */
const leavingLooks = 2;

const requestTimeout = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

/** Counts the connections of a server, and closes those that cost more than they are worth. */
export class Connections {
  readonly #server: Server;
  readonly #limits: ConnectionLimits;
  /** The oldest first. */
  readonly #strangers = new Map<Socket, Stranger>();
  readonly #known = new Set<Socket>();
  readonly #mostKnown: number;
  readonly #quietLooks: number;

  constructor(server: Server, limits: ConnectionLimits) {
    this.#server = server;
    this.#limits = limits;
    // A tenth stays open to those who have not shown the secret yet: else nobody could come to show it.
    this.#mostKnown = Math.max(1, Math.floor(limits.maxConnections * 0.9));
    this.#quietLooks = Math.ceil(limits.quietMs / limits.checkEveryMs);
    server.on('connection', (socket) => this.#opened(socket));
  }

  /** How many there are of each kind. */
  get counts(): { readonly known: number; readonly strangers: number } {
    return { known: this.#known.size, strangers: this.#strangers.size };
  }

  /**
   * A request with the secret came on a connection.
   * @returns whether it is to be served: not where the connection has had its last answer (`leaving`), or where as many
   *   as may have shown the secret already (`full`)
   */
  showed(socket: Socket): 'served' | 'leaving' | 'full' {
    requestStarted(socket);
    if (this.#known.has(socket)) return 'served';
    if (this.#strangers.get(socket)?.leaving === true) {
      cutOnceAnswered(socket);
      return 'leaving';
    }
    if (this.#known.size >= this.#mostKnown) {
      this.#server.closeIdleConnections();
      this.#forgetDestroyed();
      if (this.#known.size >= this.#mostKnown) return 'full';
    }
    // One that was destroyed while its last bytes were being read is counted no more.
    if (this.#strangers.delete(socket)) this.#known.add(socket);
    return 'served';
  }

  /**
   * The next answer is the last on this connection. When it is out, this half of the connection is ended, and the rest
   * is cut a moment later: a connection that is cut on a sender who still writes is reset, and the reset can overtake
   * the answer.
   * @param reads whether what still comes is read then: asked when the answer is out
   * @returns false where that was so already: what came is not answered any more
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
    // What Node calls when the last answer is out; its own cuts at once.
    socket.destroySoon = () => {
      socket.end();
      // After Node, which has just resumed it to read past the request.
      setImmediate(() => {
        if (!reads()) socket.pause();
      });
    };
    return true;
  }

  /**
   * Closes those that have said nothing more for too long. Called every `checkEveryMs`: it counts calls rather than
   * time, so that one whose bytes wait because this process was busy is not taken for a quiet one.
   */
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

  /** Makes room where a tunnel has no connection left: closes those that wait for a request, be it half-way. */
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

  /** Drops the oldest strangers beyond `maxConnections`, but lets each say something first while there is any room. */
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
    // One that has begun is told; to one that has said nothing, a tunnel would take it for the answer to the next.
    if (!stranger.leaving && socket.bytesRead > 0 && socket.writable) socket.write(requestTimeout);
    socket.destroy();
  }

  #forgetDestroyed(): void {
    for (const socket of this.#known) if (socket.destroyed) this.#known.delete(socket);
  }
}

/** One who sends further requests behind its last one is not waited for, once it has its answers. */
function cutOnceAnswered(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
}
