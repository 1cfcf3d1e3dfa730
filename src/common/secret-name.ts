import { createHash } from 'node:crypto';

/** The beginning of the secret's SHA-256: it recognizes a URL and doesn't reveal the secret. */
export function nameOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 32);
}

export const secretNameForm = /^[0-9a-f]{32}$/;
