import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'Elements-Webhook-Signature';

/** The header with the notification's ID; its meaning is undocumented [live]. */
export const webhookIdHeader = 'Elements-Webhook-Id';

/**
 * Signs a notification: `sha256=` and the base64 (not hex) of HMAC-SHA256 over the exact bytes [docs, live].
 * @param key the instance's `event.notification.signature.key`
 */
export function sign(body: Uint8Array, key: string): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('base64')}`;
}

/** `sha1=` is accepted, too: it was sent until 2017. @param header the value of {@link signatureHeader} */
export function verify(body: Uint8Array, header: string, keys: Iterable<string>): boolean {
  const match = /^(sha256|sha1)=([A-Za-z0-9+/]+={0,2})$/.exec(header.trim());
  const [, algorithm, digest] = match ?? [];
  if (algorithm === undefined || digest === undefined) return false;
  const given = Buffer.from(digest, 'base64');
  let fits = false;
  for (const key of keys) {
    const expected = createHmac(algorithm, key).update(body).digest();
    if (given.length === expected.length && timingSafeEqual(given, expected)) fits = true;
  }
  return fits;
}
