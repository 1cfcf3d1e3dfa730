/** Requests use the environment's proxy, but never for loopback. */
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { boundedAnswers } from '../../common/bounded-answers.ts';
import { isLoopback, loopbackLookup } from '../../common/loopback.ts';
import { isPublicAddress } from './public-address.ts';

/** A registration has a few hundred bytes, and the response to a probe has no body. */
export const longestAnswer = 65_536;

export interface ResolvedHost {
  readonly addresses: readonly LookupAddress[];
  /** False if a proxy may resolve the name to other addresses. */
  readonly isReached: boolean;
}

export class Dispatchers {
  readonly #made = new Map<string, Dispatcher>();
  readonly #given: Dispatcher | undefined;
  readonly #resolve: LookupFunction;
  readonly #reached = new Map<string, readonly LookupAddress[]>();

  /** @param given used for every URL; the caller closes it */
  constructor(given?: Dispatcher, resolve: LookupFunction = loopbackLookup) {
    this.#given = given;
    this.#resolve = resolve;
  }

  /** @param where `outside`: refuses to connect to names of this machine or a private network */
  for({ hostname }: URL, where: 'anywhere' | 'outside' = 'anywhere'): Dispatcher {
    if (this.#given !== undefined) return this.#given;
    const kind = isLoopback(hostname) ? 'loopback' : where;
    let dispatcher = this.#made.get(kind);
    if (dispatcher === undefined) {
      const lookup = kind === 'outside' ? this.#lookUpOutside : this.#lookUp;
      const options = {
        ...boundedAnswers(longestAnswer),
        connect: { lookup },
        // An idle connection that was closed in the meantime would look like a dead tunnel.
        keepAliveTimeout: 1,
        keepAliveMaxTimeout: 1,
      };
      dispatcher = kind === 'loopback' ? new Agent(options) : new EnvHttpProxyAgent(options);
      this.#made.set(kind, dispatcher);
    }
    return dispatcher;
  }

  /**
   * Prefers the addresses of the last connection: a changing DNS response has no effect. @throws the look-up's error
   */
  async resolveHost(hostname: string): Promise<ResolvedHost> {
    const family = isIP(hostname);
    if (family !== 0) return { addresses: [{ address: hostname, family }], isReached: true };
    const reached = this.#reached.get(hostname);
    if (reached !== undefined) return { addresses: reached, isReached: true };
    return { addresses: await this.#addressesOf(hostname), isReached: isLoopback(hostname) };
  }

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
