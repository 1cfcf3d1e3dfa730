import type { RequestHandler } from 'express';
import { loopbackHosts } from '../common/loopback.ts';

/**
 * Refuses, with 403, what does not come from this machine by its own name: a foreign `Host` (a stranger's domain made
 * to point here) or a foreign `Origin` (a page of the open web in the user's browser). No `Origin` is no browser's
 * cross-site request, and passes.
 */
export const loopbackOnly: RequestHandler = (request, response, next) => {
  const port = request.socket.localPort;
  const hosts = port === undefined ? [] : loopbackHosts(port);
  const host = request.headers.host?.toLowerCase() ?? '';
  const origin = request.headers.origin?.toLowerCase();
  const refused = !hosts.includes(host)
    ? 'Host'
    : origin !== undefined && !hosts.some((own) => origin === `http://${own}`)
      ? 'Origin'
      : null;
  if (refused === null) {
    next();
    return;
  }
  response.status(403).json({
    error: `the sandbox answers only this machine; the request's ${refused} header names another address`,
    next: `Call http://127.0.0.1:${port ?? ''} from a program, not from a web page.`,
  });
};
