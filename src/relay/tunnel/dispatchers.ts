/** The HTTP dispatchers for requests to public URLs and tunnel servers: the environment's proxy, never for loopback. */
import { Agent, EnvHttpProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { isLoopback, loopbackLookup } from '../../common/loopback.ts';

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
