/**
 * On loopback every user of the machine may knock. Who has not shown a secret is a stranger: answered and sent away, and
 * the first to go where there are too many connections.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Request, RequestHandler } from 'express';

/** Requests that have shown a secret, and their connections. */
const known = new WeakSet<IncomingMessage | Socket>();

/** Notes that a request has shown something that opens the sandbox; its connection may stay. */
export function showedSecret(request: Request): void {
  known.add(request);
  known.add(request.socket);
  const { res: response, httpVersion, headers } = request;
  if (response === undefined) return;
  response.shouldKeepAlive = httpVersion === '1.1' && !/\bclose\b/i.test(headers.connection ?? '');
}

/** Whether nobody has shown a secret in this request. */
export function isStranger(request: IncomingMessage): boolean {
  return !known.has(request);
}

/** Ends the connection with the answer, until the request has shown a secret. */
export const sendAway: RequestHandler = (_request, response, next) => {
  response.shouldKeepAlive = false;
  next();
};

/**
 * Bounds a server's connections: for one too many the oldest stranger's is closed, so that nobody who says little or
 * nothing keeps others out. Where there is none, the new one is closed.
 */
export function limitConnections(server: Server, max: number): void {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= max) return;
    for (const each of open) {
      if (known.has(each)) continue;
      open.delete(each);
      each.destroy();
      return;
    }
  });
}

/** The answer where there is nothing, or nothing for strangers: one for both. */
export const answerNothing: RequestHandler = (_request, response) => {
  response
    .status(404)
    .json({ error: 'the sandbox has nothing at this address', next: 'To see the controls, GET /sandbox.' });
};
