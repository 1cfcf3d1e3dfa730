/** The HTTP dispatchers for requests to public URLs and tunnel servers: the environment's proxy, never for loopback. */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, EnvHttpProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';

/**
 * Whether a URL's host means this machine: `localhost`, a name below it, 127.0.0.0/8 or ::1.
 * @param hostname as `URL.hostname` gives it
 */
export function isLoopback(hostname: string): boolean {
  return isLocalhostName(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]';
}

function isLocalhostName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

/** `localhost` and every name below it is loopback (RFC 6761 §6.3); many systems resolve only `localhost` itself. */
const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  if (!isLocalhostName(hostname)) {
    lookup(hostname, options, callback);
  } else if (options.all === true) {
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  } else {
    callback(null, '127.0.0.1', 4);
  }
};

/** Dispatchers for one tunnel, made when first needed. */
export class Dispatchers {
  #loopback: Agent | undefined;
  #public: EnvHttpProxyAgent | undefined;
  readonly #given: Dispatcher | undefined;

  /** @param given used for every URL instead; it stays the caller's to close */
  constructor(given?: Dispatcher) {
    this.#given = given;
  }

  /** The dispatcher for a URL. */
  for(url: URL): Dispatcher {
    if (this.#given !== undefined) return this.#given;
    // A probe must find its way anew: an idle connection that was closed meanwhile would look like a dead tunnel.
    const freshConnections = { keepAliveTimeout: 1, keepAliveMaxTimeout: 1 };
    if (isLoopback(url.hostname)) {
      return (this.#loopback ??= new Agent({ ...freshConnections, connect: { lookup: loopbackLookup } }));
    }
    return (this.#public ??= new EnvHttpProxyAgent(freshConnections));
  }

  /** Ends every connection. */
  async destroy(): Promise<void> {
    await Promise.all([this.#loopback?.destroy(), this.#public?.destroy()]);
    this.#loopback = this.#public = undefined;
  }
}
