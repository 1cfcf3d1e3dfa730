import { readText } from '../common/bounded-body.ts';

/** Like the global `fetch`. A caller with a proxy passes its own. */
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
  | { readonly kind: 'canceled' };

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: Fetch | undefined;
}

/** Redirects are not followed: a credential is sent to one host only. Never rejects. */
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
    if (signal?.aborted === true) return { kind: 'canceled' };
    if (timeout.aborted) return { kind: 'timed-out' };
    return { kind: 'unreachable', reason: reasonOf(error) };
  }
}

const longestAnswer = 16_777_216;

/** The system's words, such as `ECONNREFUSED`: the outermost message of fetch is "fetch failed". */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return code === '' || inner.message.includes(code) ? inner.message : `${code} ${inner.message}`.trim();
}
