import { randomBytes } from 'node:crypto';

export function randomHex(): string {
  return randomBytes(16).toString('hex');
}

/** Contains `+`, `/` and `=`, as the vendor's do: a client that doesn't encode them fails. */
export function randomToken(): string {
  return `S+/${randomBytes(32).toString('base64')}`;
}
