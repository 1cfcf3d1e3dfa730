import { randomBytes } from 'node:crypto';

/** 32 hexadecimal digits: an ID or a code. */
export function randomHex(): string {
  return randomBytes(16).toString('hex');
}

/** A token that contains `+`, `/`, and `=`, as the vendor's do: a client that doesn't encode them fails. */
export function randomToken(): string {
  return `S+/${randomBytes(32).toString('base64')}`;
}
