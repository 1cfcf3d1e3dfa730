/** What of a credential is a secret by itself, and what masks it wherever it is said back. */
import { SecretMask } from './masking.ts';

/** Shorter ones would be found where they are not meant. */
const shortestSecret = 4;

/** A value that is a credential, and what of it is one: of `Bearer abc`, `abc` too; what `Basic …` holds. */
export function credentialParts(value: string): string[] {
  return [value, ...value.split(/\s+/).slice(1), ...userAndPassword(value)].filter(
    (each) => each.length >= shortestSecret,
  );
}

/** What masks keys and credentials, and their parts. */
export function maskOfCredentials(values: Iterable<string>): SecretMask {
  return new SecretMask([...values].flatMap(credentialParts));
}

/** Both together, and the password. */
function userAndPassword(value: string): string[] {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const both = Buffer.from(encoded, 'base64').toString();
  return [both, both.slice(both.indexOf(':') + 1)];
}
