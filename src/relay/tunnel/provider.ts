/** What every tunnel provider offers to the supervisor, and the error with which opening one fails. */
import type { Dispatcher } from 'undici';
import type { Said, Words } from '../../common/words.ts';
import { englishWords, tunnelWords } from '../../protocol/tunnel-words.ts';
import type { Dispatchers } from './dispatchers.ts';
import type { TunnelCode } from '../../protocol/tunnel-words.ts';

/** What a provider needs to open a tunnel. */
export interface OpenContext {
  /** The port on 127.0.0.1 to which the tunnel leads. */
  readonly localPort: number;
  /** The subdomain to ask for, where the provider has subdomains and its configuration names none. */
  readonly subdomain: string;
  /** Where ssh keeps the keys of servers: a file that need not exist. */
  readonly knownHostsFile: string;
  /** Ends the opening. Whatever it has begun is then undone, and `open` rejects. */
  readonly signal: AbortSignal;
  /** The dispatcher for HTTP requests to a URL. */
  readonly dispatcherFor: (url: URL) => Dispatcher;
  /** Where a host is, as these dispatchers find it. */
  readonly resolveHost: Dispatchers['resolveHost'];
}

/** An opened tunnel. Whether its URL answers is for the supervisor to find out. */
export interface TunnelHandle {
  /** The base of the public URL, without a slash at its end. */
  readonly url: string;
  /** Whether that leads to the internet alone: who named it has nothing to name inside. */
  readonly isOutside?: boolean;
  /** The URL that was asked for and not given; null where it was given, or nothing was asked for. */
  readonly refusedUrl: string | null;
  /** Asks whether `refusedUrl` could be had now. */
  isFreeAgain(signal: AbortSignal): Promise<boolean>;
  /**
   * How long a URL that has stopped answering is given to come back before the tunnel is opened anew, in
   * milliseconds. 0 where only reopening helps; long where reopening may cost the URL; Infinity where it cannot help.
   */
  readonly toleranceMs: number;
  /**
   * Replaces the connections that carry nothing, since others may hold them; null where the provider has none of its
   * own to replace.
   */
  readonly renew: (() => void) | null;
  /** What a status other than the webhook endpoint's own means at the URL, where the provider knows more than its number. */
  explain?(status: number): Words | null;
  /** Resolves with the same tunnel under another URL, when that has changed; missing where it cannot. */
  readonly moved?: Promise<TunnelHandle>;
  /** Whether it may have several URLs at a time. Else a second one, before the first has answered, is a riddle. */
  readonly hasSeveralNames?: boolean;
  /** Resolves with the reason when the provider notices that the tunnel is gone; never after `close`. */
  readonly lost: Promise<Said>;
  /** Closes the tunnel; resolves when none of its sockets and processes is left. */
  close(): Promise<void>;
}

/** A way to expose the webhook endpoint. */
export interface TunnelProvider {
  /** What is being opened, as it stands in a sentence. */
  readonly name: Said;
  /**
   * Opens the tunnel.
   * @throws TunnelError
   */
  open(context: OpenContext): Promise<TunnelHandle>;
}

/** A tunnel that could not be opened. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  /** What happened, and what the user can do, a sentence each. */
  readonly said: Words;
  readonly next: Words;
  /** Whether trying again is useless until the user has done it. */
  readonly final: boolean;
  constructor(said: Words, next: Words, options?: { final?: boolean; cause?: unknown }) {
    super(englishWords(said), { cause: options?.cause });
    this.said = said;
    this.next = next;
    this.final = options?.final ?? false;
  }
}

const spelled: Readonly<Record<string, TunnelCode>> = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'no-lookup',
  ENETUNREACH: 'network-unreachable',
  EHOSTUNREACH: 'host-unreachable',
  ERR_NO_ADDRESS: 'no-address',
  ETIMEDOUT: 'timed-out',
  UND_ERR_CONNECT_TIMEOUT: 'timed-out',
  UND_ERR_HEADERS_TIMEOUT: 'timed-out',
  UND_ERR_SOCKET: 'connection-closed',
};

/**
 * A network error in few words, from its code alone: a message may quote a request's path, which holds a secret.
 * @param error what was thrown; the codes of its causes and of an AggregateError's parts are looked at as well
 */
export function describeNetworkError(error: unknown): Said {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    const code = codeOf(current) ?? (current instanceof AggregateError ? codeOf(current.errors[0]) : undefined);
    if (code === undefined) continue;
    const words = spelled[code];
    return words === undefined ? code : tunnelWords(words);
  }
  return tunnelWords('request-failed');
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
