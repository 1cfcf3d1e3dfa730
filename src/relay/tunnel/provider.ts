import type { Dispatcher } from 'undici';
import { spoken, words, type Said, type Words } from '../../common/words.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { Dispatchers } from './dispatchers.ts';

export interface OpenContext {
  readonly localPort: number;
  readonly subdomain: string;
  readonly knownHostsFile: string;
  readonly signal: AbortSignal;
  readonly dispatcherFor: (url: URL) => Dispatcher;
  readonly resolveHost: Dispatchers['resolveHost'];
}

export interface TunnelHandle {
  /** Without a slash at its end. */
  readonly url: string;
  /** The server is on the internet, so it must not name a private host. */
  readonly isOutside?: boolean;
  /** null if the requested URL was not refused, or none was requested. */
  readonly refusedUrl: string | null;
  isFreeAgain(signal: AbortSignal): Promise<boolean>;
  /**
   * How long a URL may take to respond again before the tunnel is reopened: 0 if only that helps, long if it may change
   * the URL, Infinity if it can't help.
   */
  readonly toleranceMs: number;
  /** Replaces idle connections, which other clients may block; null if the provider has none of its own. */
  readonly renew: (() => void) | null;
  explain?(status: number): Words | null;
  /** Resolves if the same tunnel has changed to another URL. */
  readonly moved?: Promise<TunnelHandle>;
  /** If false, a second URL before the first has responded is an error. */
  readonly hasSeveralNames?: boolean;
  /** Never resolves after `close`. */
  readonly lost: Promise<Said>;
  /** Resolves when none of its sockets and processes is left. */
  close(): Promise<void>;
}

export interface TunnelProvider {
  readonly name: Said;
  open(context: OpenContext): Promise<TunnelHandle>;
}

export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  readonly said: Words;
  readonly next: Words;
  /** Retrying is useless until the user has acted. */
  readonly final: boolean;
  constructor(said: Words, next: Words, options?: { final?: boolean; cause?: unknown }) {
    super(spoken(said), { cause: options?.cause });
    this.said = said;
    this.next = next;
    this.final = options?.final ?? false;
  }
}

const reset = words('connection reset');
const timedOut = words('timed out');
const spelled: Readonly<Record<string, Words>> = {
  ECONNREFUSED: words('connection refused'),
  ECONNRESET: reset,
  EPIPE: reset,
  ENOTFOUND: words('unknown host name'),
  EAI_AGAIN: words('the host name couldn’t be looked up'),
  ENETUNREACH: words('network unreachable'),
  EHOSTUNREACH: words('host unreachable'),
  ERR_NO_ADDRESS: words('no allowed address found for the host'),
  ETIMEDOUT: timedOut,
  UND_ERR_CONNECT_TIMEOUT: timedOut,
  UND_ERR_HEADERS_TIMEOUT: timedOut,
  UND_ERR_SOCKET: words('connection closed without an answer'),
};

/** Uses only error codes: a message may quote a request's path, which contains a secret. */
export function describeNetworkError(error: unknown): Said {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const code = codeOf(current) ?? (current instanceof AggregateError ? codeOf(current.errors[0]) : undefined);
    if (code === undefined) continue;
    return spelled[code] ?? code;
  }
  return words('the request failed');
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function fixed(config: Extract<TunnelConfig, { kind: 'fixed' }>): TunnelProvider {
  const { origin, pathname } = new URL(config.url);
  const url = origin + pathname.replace(/\/+$/, '');
  return {
    name: url,
    open: () =>
      Promise.resolve({
        url,
        refusedUrl: null,
        isFreeAgain: () => Promise.resolve(false),
        toleranceMs: Infinity,
        renew: null,
        lost: new Promise<never>(() => undefined),
        close: () => Promise.resolve(),
      }),
  };
}
