/**
 * The public URL's host learns the secret path, and the program at the address receives the relay's responses. So both
 * must be the tunnel server's own, or allowed by the user; and a server on the internet can't name anything in a
 * private network.
 */
import { isIP } from 'node:net';
import type { LookupAddress } from 'node:dns';
import { isLoopback } from '../../common/loopback.ts';
import { isPublicAddress, isSameAddress } from './public-address.ts';
import { words } from '../../common/words.ts';
import { namesOtherHost } from '../../protocol/tunnel-words.ts';
import type { Dispatchers, ResolvedHost } from './dispatchers.ts';
import { TunnelError } from './provider.ts';

/** Servers that name hosts below another domain of theirs [2nd: what users post of it]. */
const pairs: ReadonlyMap<string, string> = new Map([['localtunnel.me', 'loca.lt']]);

/**
 * A server may name its own host, one below it, or one of a known pair. There is no list of public suffixes, so the
 * user is asked about a sibling in the same domain.
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

export interface Named {
  readonly url: URL;
  /** null: the server's own address. */
  readonly ip: string | null;
}

export interface Way {
  readonly host: string;
  readonly addresses: readonly LookupAddress[];
  readonly isOutside: boolean;
}

/** @throws TunnelError if the server names another's host, or a private one; the error of a look-up of its name */
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
  // A name without an address doesn't confirm this address.
  if (!isNamed && !isKnown(await resolveHost(named).catch(() => ({ addresses: [] })))) throw another(server, ip);
  return { host: ip, addresses: [{ address: ip, family: isIP(ip) }], isOutside };
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function another(server: URL, named: string): TunnelError {
  const host = withoutDot(named);
  return new TunnelError(
    namesOtherHost(server.host, host),
    words(
      'Use another tunnel server. If you trust that host, allow it: VS Code asks you; in cm-relay, use "--tunnel-allow {0}"',
      host,
    ),
    { final: true },
  );
}

function inside(server: URL, host: string): TunnelError {
  return new TunnelError(
    words('The tunnel server {0} points to {1}, which is on this machine or in a private network', server.host, host),
    words('Use another tunnel server. If you run this server, set its private address as the tunnel server'),
    { final: true },
  );
}
