/** Which addresses are on the internet, and not of this machine or a private network. */
import { BlockList, isIP } from 'node:net';
import { ipv4Of } from '../../common/loopback.ts';

/** Reserved by IANA (RFC 6890 and its registries). */
const notPublic = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(net, prefix, 'ipv4');
}
for (const [net, prefix] of [
  ['2001::', 23],
  ['2002::', 16],
] as const) {
  notPublic.addSubnet(net, prefix, 'ipv6');
}
/** Global unicast, and IPv4 as networks without it write it (RFC 6052). */
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');
const translated = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/;

/** @param address as a DNS lookup returns it, in any spelling; false for any other text */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const plain = family === 6 ? canonical(address) : address;
  const [, high = '0', low] = translated.exec(plain) ?? [];
  const ipv4 = ipv4Of(low === undefined ? plain : `::ffff:${high}:${low}`);
  if (ipv4 !== undefined) return !notPublic.check(ipv4, 'ipv4');
  return unicast.check(plain, 'ipv6') && !notPublic.check(plain, 'ipv6');
}

/** Compares two addresses in any spelling. */
export function isSameAddress(a: string, b: string): boolean {
  return canonical(a) === canonical(b);
}

/** One spelling for each address: IPv4 in IPv6 as IPv4, without the zone of a link-local one. */
function canonical(address: string): string {
  const [plain = ''] = address.split('%');
  if (isIP(plain) !== 6) return plain;
  const spelled = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  return ipv4Of(spelled) ?? spelled;
}
