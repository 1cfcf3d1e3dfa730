/**
 * Bounds on what is read from a connection. A parser of HTTP reads blank lines, zeros before a chunk's size, extensions
 * of chunks and interim answers for as long as they come, and hands over none of it: a core's time for no byte of
 * meaning.
 */
import type { Socket } from 'node:net';

/** So much is read beside what means something, in bytes: far more than headers may be, and what waits in buffers. */
const mostFramingBytes = 262_144;
/** The same of an answer, which others than browsers and vendors may write in small chunks. */
const mostAnswerFramingBytes = 1_048_576;

/**
 * Calls something after each read, and each write, of a connection. Without a listener for its data, which would take
 * the connection from Node's parser, and be called with a copy: it stands in for what renews the connection's time-out,
 * which Node calls then. Node has it, types lack it.
 * @param look does not end the connection itself: Node goes on with what it has read
 */
function afterEachRead(socket: Socket, look: () => void): void {
  const renewed = socket as Socket & { _unrefTimer(): void };
  const renew = renewed._unrefTimer.bind(socket);
  renewed._unrefTimer = () => {
    renew();
    look();
  };
}

interface Bound {
  /** The connection's `bytesRead` beyond which it is ended. */
  most: number;
}

/** Of connections that came. */
const bounds = new WeakMap<Socket, Bound>();

/**
 * Bounds what a server reads from a connection, from now or the last request on, to {@link mostFramingBytes} and twice
 * what {@link bodyBytesReceived} is told.
 * @param onFlood called when more has come, once
 */
export function boundRequests(socket: Socket, onFlood: () => void): void {
  const bound = { most: socket.bytesRead + mostFramingBytes };
  bounds.set(socket, bound);
  afterEachRead(socket, () => {
    if (socket.bytesRead <= bound.most) return;
    bound.most = Infinity;
    process.nextTick(onFlood);
  });
}

/** A request has come on a connection. */
export function requestStarted(socket: Socket): void {
  const bound = bounds.get(socket);
  if (bound !== undefined) bound.most = socket.bytesRead + mostFramingBytes;
}

/** A piece of a request's body has come. @param bytes its length */
export function bodyBytesReceived(socket: Socket, bytes: number): void {
  const bound = bounds.get(socket);
  if (bound !== undefined) bound.most += 2 * bytes;
}

/** A connection that was ended for what came on it. */
export class FloodError extends Error {
  override readonly name = 'FloodError';
}

/**
 * Bounds what a client reads from a connection: an answer of `mostBytes` and {@link mostAnswerFramingBytes}, between
 * one request and the next.
 * @param mostBytes what the body of an answer may come to
 * @param onFlood called when more has come, once; ends the connection
 */
export function boundAnswers(
  socket: Socket,
  mostBytes: number,
  onFlood: (error: FloodError) => void = (error) => void socket.destroy(error),
): void {
  let seen = 0;
  let most = mostBytes + mostAnswerFramingBytes;
  afterEachRead(socket, () => {
    const { bytesRead } = socket;
    // Nothing has come: something of a request was written.
    if (bytesRead === seen) most = bytesRead + mostBytes + mostAnswerFramingBytes;
    seen = bytesRead;
    if (bytesRead > most) {
      most = Infinity;
      const error = new FloodError(`it sends more than ${mostBytes} bytes that are not an answer`);
      process.nextTick(onFlood, error);
    }
  });
}

/**
 * Whether a body comes in pieces so small that reading them costs many times what the sender spends: no HTTP client
 * does that to a body of some size.
 */
export function areTinyChunks(chunks: number, bytes: number): boolean {
  return chunks > 4096 && bytes < 64 * chunks;
}
