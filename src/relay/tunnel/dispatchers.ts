/** The HTTP dispatchers for requests to public URLs and tunnel servers: the environment's proxy, never for loopback. */
import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { Agent, EnvHttpProxyAgent } from 'undici';
import type { Dispatcher } from 'undici';
import { boundedAnswers } from '../../common/bounded-answers.ts';
import { isLoopback, loopbackLookup } from '../../common/loopback.ts';
import { isPublicAddress } from '../../common/public-address.ts';

/** A registration is a few hundred bytes, and the answer to a probe has no body: more is not read, in bytes. */
export const longestAnswer = 65_536;

/** Where a host is. */
export interface ResolvedHost {
  readonly addresses: readonly LookupAddress[];
  /** Whether these are where a request from here has gone, or would go: not known where a proxy takes it there. */
  readonly isReached: boolean;
}

/** Dispatchers for one tunnel, made when first needed. */
export class Dispatchers {
  readonly #made = new Map<string, Dispatcher>();
  readonly #given: Dispatcher | undefined;
  readonly #resolve: LookupFunction;
  /** What the names meant for the last connection that was made straight to them. */
  readonly #reached = new Map<string, readonly LookupAddress[]>();

  /**
   * @param given used for every URL instead; it stays the caller's to close
   * @param resolve what says which addresses a name has
   */
  constructor(given?: Dispatcher, resolve: LookupFunction = loopbackLookup) {
    this.#given = given;
    this.#resolve = resolve;
  }

  /**
   * The dispatcher for a URL.
   * @param where `outside`: a name that means this machine or a private network is not connected to
   */
  for({ hostname }: URL, where: 'anywhere' | 'outside' = 'anywhere'): Dispatcher {
    if (this.#given !== undefined) return this.#given;
    const kind = isLoopback(hostname) ? 'loopback' : where;
    let dispatcher = this.#made.get(kind);
    if (dispatcher === undefined) {
      const lookup = kind === 'outside' ? this.#lookUpOutside : this.#lookUp;
      const options = {
        ...boundedAnswers(longestAnswer),
        connect: { lookup },
        // A probe must find its way anew: an idle connection that was closed meanwhile would look like a dead tunnel.
        keepAliveTimeout: 1,
        keepAliveMaxTimeout: 1,
      };
      dispatcher = kind === 'loopback' ? new Agent(options) : new EnvHttpProxyAgent(options);
      this.#made.set(kind, dispatcher);
    }
    return dispatcher;
  }

  /**
   * Where a host is: what its name meant when it was last connected to, so that it cannot mean something else from one
   * moment to the next; else what it means now.
   * @param hostname without brackets
   * @throws what the look-up says
   */
  async resolveHost(hostname: string): Promise<ResolvedHost> {
    const family = isIP(hostname);
    if (family !== 0) return { addresses: [{ address: hostname, family }], isReached: true };
    const reached = this.#reached.get(hostname);
    if (reached !== undefined) return { addresses: reached, isReached: true };
    return { addresses: await this.#addressesOf(hostname), isReached: isLoopback(hostname) };
  }

  /** Ends every connection. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#made.values()].map((each) => each.destroy()));
    this.#made.clear();
  }

  #addressesOf(hostname: string): Promise<readonly LookupAddress[]> {
    return new Promise((resolve, reject) => {
      this.#resolve(hostname, { all: true }, (error, addresses) => {
        if (error === null) resolve(addresses as unknown as LookupAddress[]);
        else reject(error);
      });
    });
  }

  readonly #lookUp: LookupFunction = (hostname, options, callback) => {
    this.#addressesOf(hostname).then(
      (addresses) => {
        this.#reached.set(hostname, addresses);
        lookupIn(addresses)(hostname, options, callback);
      },
      (error: unknown) => callback(error as Error, ''),
    );
  };

  readonly #lookUpOutside: LookupFunction = (hostname, options, callback) => {
    this.#addressesOf(hostname).then(
      (addresses) => lookupIn(addresses.filter(({ address }) => isPublicAddress(address)))(hostname, options, callback),
      (error: unknown) => callback(error as Error, ''),
    );
  };
}

/** Answers any name with some of these addresses. */
export function lookupIn(addresses: readonly LookupAddress[]): LookupFunction {
  return (hostname, { all, family }, callback) => {
    const fitting = addresses.filter((each) => [0, undefined, each.family, `IPv${each.family}`].includes(family));
    const [first] = fitting;
    if (first === undefined) {
      const message = `${hostname} has no address that the relay may connect to`;
      callback(Object.assign(new Error(message), { code: 'ERR_NO_ADDRESS' }), '');
    } else if (all === true) callback(null, fitting);
    else callback(null, first.address, first.family);
  };
}
