/** A name for the webhook endpoint's secret that doesn't reveal it, by which a URL is recognized. */
import { createHash } from 'node:crypto';

/** 32 hex digits: the beginning of the secret's SHA-256. The secret has too many bits to be guessed from it. */
export function nameOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 32);
}

export const secretNameForm = /^[0-9a-f]{32}$/;
