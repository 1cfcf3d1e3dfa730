import type { RequestHandler } from 'express';
import { isProof, proofOf } from '../common/proof.ts';
import { isSecret } from './secrets.ts';
import { answerNothing, showedSecret } from './strangers.ts';

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

/**
 * Proves that this is the sandbox of a key, to whoever proves to know it and to nobody else: `GET /proof?nonce=…&proof=…`,
 * answered `{"proof":"…"}`. The key itself is sent by neither, since a port may be another program's by now.
 */
export function proveKey(key: string): RequestHandler {
  return (request, response, next) => {
    const { nonce, proof } = request.query;
    const port = request.socket.localPort ?? 0;
    const isAsked = typeof nonce === 'string' && /^[0-9a-f]{64}$/.test(nonce);
    if (!isAsked || !isProof(proof, key, { prover: 'window', port, nonce })) {
      answerNothing(request, response, next);
      return;
    }
    showedSecret(request);
    response.json({ proof: proofOf(key, { prover: 'sandbox', port, nonce }) });
  };
}
