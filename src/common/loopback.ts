import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/**
 * `localhost` and the names below it (RFC 6761), 127.0.0.0/8, ::1, IPv4 in IPv6, and the unspecified addresses. Secrets
 * may be sent there by plain http, and without a proxy.
 * @param hostname as `URL.hostname` gives it; an IPv6 address with or without brackets
 */
export function isLoopback(hostname: string): boolean {
  if (isLocalhostName(hostname)) return true;
  const address = hostname.replace(/^\[(.*)\]$/s, '$1');
  const ipv4 = ipv4Of(address);
  return ipv4 === undefined ? address === '::1' || address === '::' : /^127\.|^0\.0\.0\.0$/.test(ipv4);
}

function isLocalhostName(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}

/** @param address IPv4, or IPv4 in IPv6 (`::ffff:7f00:1`), without brackets @returns undefined if it is neither */
export function ipv4Of(address: string): string | undefined {
  const dotted = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [a, b] = [parseInt(high, 16), parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}

export const loopbackNames: Readonly<Record<string, readonly string[]>> = {
  localhost: ['127.0.0.1', '::1'],
  '127.0.0.1': ['127.0.0.1'],
  '[::1]': ['::1'],
};

/** The accepted `Host` headers: another name may be made to point here so that a page of its owner reads responses. */
export function loopbackHosts(port: number): string[] {
  return Object.keys(loopbackNames).flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
}

/** Resolves `localhost` and the names below it to this machine, which many systems don't (RFC 6761, 6.3). */
export const loopbackLookup: LookupFunction = (hostname, options, callback) => {
  if (!isLocalhostName(hostname)) {
    lookup(hostname, options, callback as never);
    return;
  }
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ].filter(({ family }) => [0, undefined, family, `IPv${family}`].includes(options.family));
  const [first = { address: '127.0.0.1', family: 4 }] = addresses;
  if (options.all === true) callback(null, addresses);
  else callback(null, first.address, first.family);
};

/**
 * A port, or a loopback host without a scheme, means this machine. For other hosts the user chooses the scheme.
 * @param text `3000`, `3000/path`, `localhost:3000/path`, or a URL
 */
export function wholeCallbackUrl(text: string): string | undefined {
  if (/^https?:\/\//i.test(text)) return text;
  const short = /^:?\d+(?:[/?].*)?$/.test(text) ? `http://localhost:${text.replace(/^:/, '')}` : `http://${text}`;
  const isHere = !/[@\s]|:\/\//.test(text) && URL.canParse(short) && isLoopback(new URL(short).hostname);
  return isHere ? short : undefined;
}
