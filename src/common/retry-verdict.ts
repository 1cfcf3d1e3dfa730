import { retryDelays, type RetryPolicy } from './retry-policies.ts';

type Attempted =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
    }
  /** Nothing of the request was sent, or its connection broke. */
  | { readonly kind: 'unreachable' | 'broken'; readonly error: string };

/** `detail`: the reason for people. */
export type Verdict =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'retrying'; readonly delayMs: number; readonly detail: string }
  | { readonly outcome: 'failed'; readonly detail: string }
  /** Nothing was sent and no attempt counted: the destination is down. */
  | { readonly outcome: 'down'; readonly detail: string };

const retriedStatuses = new Set([408, 425, 429]);

/** The most that a callback can ask for. */
const mostRetryAfterMs = 3_600_000;

/**
 * Timeouts, broken connections, 408, 425, 429 and 5xx are retried; other statuses than 2xx fail at once, redirects
 * included. With `fast`, a destination that cannot be reached is down.
 * @param attempt from 1 in this round
 * @param now milliseconds since the epoch
 */
export function judge(result: Attempted, policy: RetryPolicy, attempt: number, now: number): Verdict {
  if (result.kind === 'unreachable' && policy === 'fast') return { outcome: 'down', detail: result.error };
  const again = (detail: string, leastMs = 0): Verdict => {
    const delay: number | undefined = retryDelays[policy][attempt - 1];
    return delay === undefined
      ? { outcome: 'failed', detail }
      : { outcome: 'retrying', delayMs: Math.max(delay, leastMs), detail };
  };
  if (result.kind !== 'answer') return again(result.error);
  const { status } = result;
  if (status >= 200 && status < 300) return { outcome: 'sent' };
  if (status >= 500 || retriedStatuses.has(status)) return again(`answered ${status}`, retryAfter(result.headers, now));
  if (status >= 300 && status < 400) {
    const location = headerOf(result.headers, 'location');
    return {
      outcome: 'failed',
      detail: `answered ${status}, a redirect${location === undefined ? '' : ` to ${withoutQuery(location)}`}: redirects are not followed`,
    };
  }
  return { outcome: 'failed', detail: `answered ${status}` };
}

/** Without possible secrets. */
function withoutQuery(location: string): string {
  return location.replace(/[?#;].*$/su, '').replace(/^([a-z][\w+.-]*:[/\\]*|[/\\]{2,})[^/\\]*@/iu, '$1');
}

/** `Retry-After` in milliseconds (RFC 9110); 0 if absent or unreadable. */
function retryAfter(headers: readonly (readonly [string, string])[], now: number): number {
  const value = headerOf(headers, 'retry-after');
  if (value === undefined) return 0;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), mostRetryAfterMs);
}

function headerOf(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1].trim();
}
