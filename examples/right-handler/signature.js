import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether `Elements-Webhook-Signature` is that of the bytes: `sha256=` and the base64 of their HMAC-SHA256.
 * @param {Uint8Array} body the bytes as they came
 * @param {string | undefined} header the header's value
 * @param {string} key the instance's `event.notification.signature.key`
 */
export function isSigned(body, header, key) {
  const expected = Buffer.from(`sha256=${createHmac('sha256', key).update(body).digest('base64')}`);
  const given = Buffer.from(header ?? '');
  // In constant time: how long it takes does not tell how much of a guess is right.
  return given.length === expected.length && timingSafeEqual(given, expected);
}
