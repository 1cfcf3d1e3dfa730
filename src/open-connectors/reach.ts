import { ipv4Of, isLoopback } from '../common/loopback.ts';

/**
 * From where a host can be reached, judged by its name or address.
 * @param hostname as `URL.hostname` writes it: lower case, IPv6 in brackets
 */
export function reachOf(hostname: string): 'loopback' | 'private' | 'public' {
  if (isLoopback(hostname)) return 'loopback';
  const host = hostname.replace(/\.$/, '');
  if (/\.(local|internal|lan|home|intranet|corp|test|invalid)$/.test(host) || !/[.:]/.test(host)) return 'private';
  const address = host.replace(/^\[(.*)\]$/, '$1');
  const ipv4 = ipv4Of(address);
  const isPrivate = ipv4 === undefined ? /^(?:f[cd]|fe[89ab]).*:/.test(address) : isPrivateIpv4(ipv4);
  return isPrivate ? 'private' : 'public';
}

function isPrivateIpv4(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 0 ||
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  );
}
