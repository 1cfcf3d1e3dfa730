/**
 * Limits what is read from a connection: a parser reads blank lines, chunk extensions and interim responses without
 * end, and reports none of it.
 */
import type { Socket } from 'node:net';

/** Bytes read besides the body: far more than headers and buffered data may take. */
const mostFramingBytes = 262_144;
/** The same for responses, which servers may write in small chunks. */
const mostAnswerFramingBytes = 1_048_576;

/**
 * Calls a function after each read and write. A `data` listener would take the connection from Node's parser, so this
 * replaces the method that renews the timeout, which Node calls then.
 * @param look must not end the connection: Node continues with what it has read
 */
function afterEachRead(socket: Socket, look: () => void): void {
  const renewed = socket as Socket & { _unrefTimer(): void };
  const renew = renewed._unrefTimer.bind(socket);
  renewed._unrefTimer = () => {
    renew();
    look();
  };
}

const bounds = new WeakMap<Socket, { most: number }>();

/**
 * Limits what is read since now or the last request to {@link mostFramingBytes} and twice {@link bodyBytesReceived}.
 * @param onFlood called once
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

export function requestStarted(socket: Socket): void {
  const bound = bounds.get(socket);
  if (bound !== undefined) bound.most = socket.bytesRead + mostFramingBytes;
}

export function bodyBytesReceived(socket: Socket, bytes: number): void {
  const bound = bounds.get(socket);
  if (bound !== undefined) bound.most += 2 * bytes;
}

export class FloodError extends Error {
  override readonly name = 'FloodError';
}

/**
 * Limits what a client reads for one request to `mostBytes` and {@link mostAnswerFramingBytes}.
 * @param mostBytes maximum body of a response
 * @param onFlood called once; ends the connection by default
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
    // Nothing was read: part of a request was written.
    if (bytesRead === seen) most = bytesRead + mostBytes + mostAnswerFramingBytes;
    seen = bytesRead;
    if (bytesRead > most) {
      most = Infinity;
      const error = new FloodError(`it sends more than ${mostBytes} bytes that are not an answer`);
      process.nextTick(onFlood, error);
    }
  });
}

/** Reading such small pieces costs many times what the sender spends; no HTTP client sends a large body like that. */
export function areTinyChunks(chunks: number, bytes: number): boolean {
  return chunks > 4096 && bytes < 64 * chunks;
}
