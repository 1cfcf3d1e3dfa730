/** What of a credential is a secret by itself, and what masks it wherever it is said back. */
import { SecretMask } from './masking.ts';

/** Shorter ones would be found where they are not meant. */
const shortestSecret = 4;
/** A shorter name is one. */
const shortestKey = 16;

/**
 * A value that is a credential, and what of it is one: of `Bearer abc`, `abc` too; what `Basic …` holds; each secret of
 * Open Connectors' `User …, Organization …`. Words of a key of several are none: they stand in any text.
 */
export function credentialParts(value: string): string[] {
  return [value, ...behindScheme(value), ...userAndPassword(value)].filter(isLong);
}

/** One or more of a scheme and what stands behind it, parted by commas. */
function behindScheme(value: string): string[] {
  const parts = value.split(',').map((each) => /^\s*[A-Za-z][\w.-]*\s+(\S+)\s*$/.exec(each)?.[1]);
  return parts.every((each) => each !== undefined) ? parts : [];
}

/**
 * What masks credentials with their parts, and keys, which have none: two words are no scheme there.
 * @param credentials values of headers
 */
export function maskOfCredentials(credentials: Iterable<string>, keys: Iterable<string> = []): SecretMask {
  return new SecretMask([...[...credentials].flatMap(credentialParts), ...[...keys].filter(isLong)]);
}

function isLong(secret: string): boolean {
  return secret.length >= shortestSecret;
}

/** Both together, and the password; or the name, where that is a key and the password nothing. */
function userAndPassword(value: string): string[] {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const both = Buffer.from(encoded, 'base64').toString();
  const [, name = '', password = both] = /^([^:]*):([^]*)$/.exec(both) ?? [];
  return [both, isLong(password) || name.length < shortestKey ? password : name];
}
