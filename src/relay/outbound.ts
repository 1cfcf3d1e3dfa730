/** Requests to destinations: connections, proxies, time-outs, and what an answer or a failure is. */
import { Agent, EnvHttpProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { isLoopback, loopbackLookup } from '../common/loopback.ts';
import type { Headers } from '../protocol/history.ts';
import type { Destination, Settings } from '../protocol/settings.ts';
import type { Outgoing } from './render.ts';

/** How much of an answer is kept, in bytes. */
export const keptAnswerBytes = 65_536;

/** An answer that goes on for longer than this is cut off, in bytes. */
const mostAnswerBytes = 8_388_608;

export type SendResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Headers;
      readonly body: Buffer;
      readonly truncated: boolean;
    }
  /** No connection could be made at all: nothing of the request was sent. */
  | { readonly kind: 'unreachable'; readonly error: string }
  /** A time-out, or a connection that broke. */
  | { readonly kind: 'broken'; readonly error: string };

/**
 * A pool of connections for one destination. Proxies are honoured (the settings', else HTTP_PROXY, HTTPS_PROXY and
 * NO_PROXY), never for loopback.
 * @param connections at most
 */
export function dispatcherFor(destination: Destination, proxy: Settings['proxy'], connections: number): Dispatcher {
  const tls = { rejectUnauthorized: destination.insecureTls !== true };
  const options = {
    connections,
    pipelining: 1,
    connect: { ...tls, lookup: loopbackLookup, timeout: destination.timeoutMs },
  };
  if (isLoopback(new URL(destination.url).hostname)) return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    // Plain http is passed on by the proxy as a browser has it: many refuse to tunnel to other ports than 443.
    proxyTunnel: false,
    requestTls: tls,
    ...(proxy && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy }),
  });
}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOENT',
]);

/** Certificates that no authority known here vouches for, or that are not for the host or the time. */
const certificateCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Posts a notification. Redirects are not followed. Never throws.
 * @param timeoutMs for the whole exchange, the answer's body included
 */
export function post(
  dispatcher: Dispatcher,
  url: URL,
  outgoing: Pick<Outgoing, 'headers' | 'body'>,
  timeoutMs: number,
): Promise<SendResult> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let received = 0;
    let status = 0;
    let answerHeaders: Headers = [];
    let controller: Dispatcher.DispatchController | undefined;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      finish({ kind: 'broken', error: `no ${status === 0 ? '' : 'complete '}answer within ${timeoutMs} ms` });
      controller?.abort(new Error('timed out'));
    }, timeoutMs);
    let finished = false;
    const finish = (result: SendResult): void => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      resolve(result);
    };
    const answer = (): SendResult => ({
      kind: 'answer',
      status,
      headers: answerHeaders,
      body: Buffer.concat(chunks),
      truncated: received > keptAnswerBytes,
    });
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: 'POST',
          headers: byName(outgoing.headers),
          body: outgoing.body,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        {
          onRequestStart(started) {
            controller = started;
            if (timedOut) started.abort(new Error('timed out'));
          },
          onResponseStart(_controller, code, received) {
            if (code < 200) return;
            status = code;
            answerHeaders = flatten(received);
          },
          onResponseData(current, chunk) {
            if (received < keptAnswerBytes) chunks.push(chunk.subarray(0, keptAnswerBytes - received));
            received += chunk.length;
            if (received > mostAnswerBytes) current.abort(new Error('the answer is too long'));
          },
          onResponseEnd: () => finish(answer()),
          onResponseError(_controller, error) {
            if (received > mostAnswerBytes) finish(answer());
            else finish(failure(error));
          },
        },
      );
    } catch (error) {
      finish(failure(error as Error));
    }
  });
}

/** By name, the values of one that repeats together: undici's proxies lose them in any other form. */
function byName(headers: Headers): Record<string, string | string[]> {
  const named = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of headers) {
    const before = named[name];
    named[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  return named;
}

function failure(error: Error & { code?: unknown; cause?: unknown }): SendResult {
  // One for each address of a name.
  const parts = error instanceof AggregateError ? (error.errors as Error[]) : [];
  const causes: unknown[] = [error, error.cause, ...parts];
  const codes = causes.map((each) => {
    const value = (each as { code?: unknown } | null | undefined)?.code;
    return typeof value === 'string' ? value : '';
  });
  const code = codes.find((each) => each !== '') ?? '';
  const message = error.message || (parts[0]?.message ?? code);
  if (codes.some((each) => unreachableCodes.has(each))) return { kind: 'unreachable', error: message };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return { kind: 'unreachable', error: 'no connection in time' };
  if (certificateCodes.has(code)) {
    // Without the runtime's own advice, which is about itself.
    const [why] = message.split(';');
    return { kind: 'broken', error: `${why}: to accept the certificate, set "insecureTls" on the destination` };
  }
  return { kind: 'broken', error: code === '' || message.includes(code) ? message : `${message} (${code})` };
}

function flatten(headers: Record<string, string | string[] | undefined>): Headers {
  const flat: Headers = [];
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const each of value) flat.push([name, each]);
    else if (value !== undefined) flat.push([name, value]);
  }
  return flat;
}
