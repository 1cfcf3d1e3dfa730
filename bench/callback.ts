/** The callback: answers every POST with 200 and counts. A process of its own; its parent asks when so many have come. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where it is, and from now on it counts from 0. */
export interface OpenOrder {
  readonly kind: 'open';
}

/** Resolves when so many have come since the last `open`. */
export interface CountOrder {
  readonly kind: 'count';
  readonly total: number;
}

let received = 0;
let waiting: { total: number; resolve: () => void } | undefined;

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'Content-Length': '0' }).end();
    received += 1;
    if (waiting !== undefined && received >= waiting.total) waiting.resolve();
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');

process.on('message', (order: OpenOrder | CountOrder) => {
  if (order.kind === 'open') {
    received = 0;
    const answer = (): void =>
      void process.send?.({ value: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback` });
    if (server.listening) answer();
    else server.once('listening', answer);
    return;
  }
  const resolve = (): void => {
    waiting = undefined;
    process.send?.({ value: received });
  };
  if (received >= order.total) resolve();
  else waiting = { total: order.total, resolve };
});
process.on('disconnect', () => process.exit());
