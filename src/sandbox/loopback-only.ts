import type { RequestHandler } from 'express';
import { loopbackHosts } from '../common/loopback.ts';

/**
 * Refuses, with 403, requests that don't come from this machine: those with a foreign `Host` (another domain that
 * resolves to this machine) or a foreign `Origin` (a web page in the user's browser). Without `Origin`, a request isn't
 * a cross-site one of a browser, and passes.
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
