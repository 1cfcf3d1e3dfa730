/** The interface of tunnel providers for the supervisor, and the error if opening fails. */
import type { Dispatcher } from 'undici';
import { spoken, words } from '../../common/words.ts';
import type { Said, Words } from '../../common/words.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { Dispatchers } from './dispatchers.ts';

export interface OpenContext {
  /** The tunnel's target port on 127.0.0.1. */
  readonly localPort: number;
  /** The subdomain to request, if the provider has subdomains and its configuration has none. */
  readonly subdomain: string;
  /** ssh's file for the keys of servers, which need not exist. */
  readonly knownHostsFile: string;
  /** Cancels opening: the provider cleans up, and `open` rejects. */
  readonly signal: AbortSignal;
  readonly dispatcherFor: (url: URL) => Dispatcher;
  readonly resolveHost: Dispatchers['resolveHost'];
}

/** An opened tunnel. The supervisor checks whether its URL responds. */
export interface TunnelHandle {
  /** The base of the public URL, without a slash at its end. */
  readonly url: string;
  /** Whether it must be on the internet, because the server that named it must not name a private host. */
  readonly isOutside?: boolean;
  /** The requested URL that was refused; null if it was not, or none was requested. */
  readonly refusedUrl: string | null;
  /** Whether `refusedUrl` is available now. */
  isFreeAgain(signal: AbortSignal): Promise<boolean>;
  /**
   * How long a URL that no longer responds may take to recover before the tunnel is opened again, in milliseconds. 0 if
   * only reopening helps; long if reopening may change the URL; Infinity if it can't help.
   */
  readonly toleranceMs: number;
  /** Replaces idle connections, which others may block; null if the provider has none of its own. */
  readonly renew: (() => void) | null;
  /** The meaning of a status that isn't the webhook endpoint's own, if the provider knows it. */
  explain?(status: number): Words | null;
  /** Resolves with the same tunnel at another URL when it has changed; missing if it can't. */
  readonly moved?: Promise<TunnelHandle>;
  /** Whether it may have several URLs at a time. Otherwise, a second one before the first has responded is an error. */
  readonly hasSeveralNames?: boolean;
  /** Resolves with the reason when the provider notices that the tunnel is gone; never after `close`. */
  readonly lost: Promise<Said>;
  /** Resolves when none of its sockets and processes is left. */
  close(): Promise<void>;
}

export interface TunnelProvider {
  /** For sentences, such as "Opening …". */
  readonly name: Said;
  open(context: OpenContext): Promise<TunnelHandle>;
}

export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  /** What happened, and what the user can do, a sentence each. */
  readonly said: Words;
  readonly next: Words;
  /** Whether retrying is useless until the user has done it. */
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

/**
 * A short description of a network error, only from its code: a message may quote a request's path, which contains a
 * secret.
 * @param error also checks the codes of its causes and of an AggregateError's parts
 */
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

/** The user's own public URL. Its query and fragment are ignored. */
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
