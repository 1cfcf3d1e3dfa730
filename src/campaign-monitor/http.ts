/** One request to Campaign Monitor, with a time-out, and what can become of it. */
import { readText } from '../common/bounded-body.ts';

/** Like the global `fetch`. A caller that has a proxy brings its own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type Exchange =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'cancelled' };

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: Fetch | undefined;
}

/**
 * Sends a request and reads the whole answer. Redirects are not followed: a credential goes to one host alone.
 * @returns what came of it; never rejects
 */
export async function exchange(url: string, init: RequestInit, options: ExchangeOptions): Promise<Exchange> {
  const { timeoutMs, signal, fetch: send = globalThis.fetch } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(url, {
      ...init,
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
    });
    const answer = {
      status: response.status,
      headers: response.headers,
      text: await readText(response.body, longestAnswer),
    };
    return { kind: 'answered', answer };
  } catch (error) {
    if (signal?.aborted === true) return { kind: 'cancelled' };
    if (timeout.aborted) return { kind: 'timed-out' };
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

/** A longer answer is none of this API's, in bytes. */
const longestAnswer = 16_777_216;

/** What the system says, such as `ECONNREFUSED`: the outermost message of fetch is "fetch failed". */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return code === '' || inner.message.includes(code) ? inner.message : `${code} ${inner.message}`.trim();
}
