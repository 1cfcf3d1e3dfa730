import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/**
 * Lets the controls, `/sandbox/…`, be reached by `/sandbox/<key>/…` alone: they show credentials and give orders, and on
 * loopback every user of the machine may knock. Mounted at `/sandbox`.
 */
export function behindKey(key: string): RequestHandler {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const right = digest(key);
  return (request, response, next) => {
    const [, given = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url) ?? [];
    if (!timingSafeEqual(digest(given), right)) {
      response
        .status(404)
        .json({ error: 'the sandbox has nothing here', next: 'Its own first line names its controls.' });
      return;
    }
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    next();
  };
}
