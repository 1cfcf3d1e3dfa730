/** Headers that end with a connection or describe the bytes on the wire: a new sender sets its own. */
const ofOneHop: ReadonlySet<string> = new Set([
  // RFC 9110, 7.6.1, and what went before it.
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // Of the request itself: another host, bodies that are kept decoded, and responses that the new sender must read.
  'accept-encoding',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  // Skips the warning page of a localtunnel server.
  'bypass-tunnel-reminder',
]);

export function isHopHeader(name: string): boolean {
  return ofOneHop.has(name.toLowerCase());
}
