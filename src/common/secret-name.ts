/** A name for the webhook endpoint's secret that does not give it away: where a URL is to be known again, it stands for it. */
import { createHash } from 'node:crypto';

/** 32 hex digits: the beginning of the secret's SHA-256. The secret has too much in it to be guessed from that. */
export function nameOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex').slice(0, 32);
}

export const secretNameForm = /^[0-9a-f]{32}$/;
