/**
 * The hosts that a tunnel server names in its answer: whoever has the public URL's host learns the secret path, and
 * what listens at the address gets what the relay answers. So they are the server's own, or the user has allowed them;
 * and a server on the internet leads to nothing inside, whatever its names mean.
 */
import { isIP } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { isLoopback } from '../../common/loopback.ts';
import { isPublicAddress, isSameAddress } from '../../common/public-address.ts';
import { tunnelWords } from '../../protocol/tunnel-words.ts';
import type { Dispatchers, ResolvedHost } from './dispatchers.ts';
import { TunnelError } from './provider.ts';

/** Servers that name hosts below another domain of theirs [2nd: what users post of it]. */
const pairs: ReadonlyMap<string, string> = new Map([['localtunnel.me', 'loca.lt']]);

/**
 * Whether a server may name a host unasked: its own, one below it, or one of a known pair. No list of public suffixes
 * is kept, so a sibling below one domain is asked about.
 * @param server its host, as `URL.hostname` gives it
 * @param allowed what the user has allowed beside these
 */
export function mayName(server: string, named: string, allowed: readonly string[] = []): boolean {
  const host = withoutDot(named);
  return [server, pairs.get(withoutDot(server)) ?? server, ...allowed].map(withoutDot).some((each) => {
    return host === each || (isIP(each) === 0 && host.endsWith(`.${each}`));
  });
}

function withoutDot(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/** What a server's answer names. */
export interface Named {
  readonly url: URL;
  /** The address for the tunnel's connections; null: that of the server. */
  readonly ip: string | null;
}

/** Where the tunnel's connections go, and from where the public URL is asked. */
export interface Way {
  readonly host: string;
  readonly addresses: readonly LookupAddress[];
  /** Whether the public URL may be on the internet alone. */
  readonly isOutside: boolean;
}

/**
 * The way that a server's answer names.
 * @param server what was asked
 * @param allowed the hosts and addresses that the user has allowed it
 * @throws TunnelError where it names another's, or something inside; what a look-up of the server's name says
 */
export async function wayOf(
  server: URL,
  { url, ip }: Named,
  allowed: readonly string[],
  resolveHost: Dispatchers['resolveHost'],
): Promise<Way> {
  const host = withoutBrackets(server.hostname);
  const own = await resolveHost(host);
  const isHere =
    own.isReached && own.addresses.length > 0 && !own.addresses.some(({ address }) => isPublicAddress(address));
  const isOutside = !isHere;
  const fitting = ({ addresses }: Pick<ResolvedHost, 'addresses'>): LookupAddress[] =>
    addresses.filter(({ address }) => !isOutside || isPublicAddress(address));
  const named = withoutBrackets(url.hostname);
  if (isOutside && (isLoopback(named) || (isIP(named) !== 0 && !isPublicAddress(named)))) throw inside(server, named);
  if (!mayName(host, named, allowed)) throw another(server, named);
  if (ip === null) {
    const addresses = fitting(own);
    if (addresses.length === 0) throw inside(server, host);
    return { host, addresses, isOutside };
  }
  if (isOutside && !isPublicAddress(ip)) throw inside(server, ip);
  const isKnown = ({ addresses }: Pick<ResolvedHost, 'addresses'>): boolean =>
    fitting({ addresses }).some(({ address }) => isSameAddress(address, ip));
  const isNamed = isKnown(own) || allowed.some((each) => isSameAddress(each, ip));
  // A name without an address says nothing of this one.
  if (!isNamed && !isKnown(await resolveHost(named).catch(() => ({ addresses: [] })))) throw another(server, ip);
  return { host: ip, addresses: [{ address: ip, family: isIP(ip) }], isOutside };
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** @param named as it is allowed, and asked about */
function another(server: URL, named: string): TunnelError {
  const host = withoutDot(named);
  return new TunnelError(tunnelWords('names-other-host', server.host, host), tunnelWords('allow-host', host), {
    final: true,
  });
}

function inside(server: URL, host: string): TunnelError {
  return new TunnelError(tunnelWords('leads-inside', server.host, host), tunnelWords('use-own-address'), {
    final: true,
  });
}
