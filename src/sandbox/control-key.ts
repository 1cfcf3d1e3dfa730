import type { RequestHandler } from 'express';
import { isSecret } from './secrets.ts';
import { answerNothing } from './strangers.ts';

/**
 * Lets the controls, `/sandbox/…`, be reached by `/sandbox/<key>/…` alone: they show credentials and give orders, and on
 * loopback every user of the machine may knock. Mounted at `/sandbox`.
 */
export function behindKey(key: string): RequestHandler {
  return (request, response, next) => {
    const [, given = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url) ?? [];
    if (!isSecret(given, key)) {
      answerNothing(request, response, next);
      return;
    }
    request.url = rest.startsWith('/') ? rest : `/${rest}`;
    next();
  };
}
