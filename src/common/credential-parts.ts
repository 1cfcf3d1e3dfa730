/** Which parts of a credential are secrets by themselves, and how all of them are masked. */
import { SecretMask } from './masking.ts';

/** A shorter text would also match elsewhere; in characters. */
const shortestSecret = 4;
/** A shorter user name is not a key; in characters. */
const shortestKey = 16;

/**
 * A credential and its secret parts: `abc` of `Bearer abc`, what `Basic …` encodes, each secret of Open Connectors'
 * `User …, Organization …`. Words of a key with spaces are no secrets: they occur in any text.
 */
export function credentialParts(value: string): string[] {
  return [value, ...behindScheme(value), ...userAndPassword(value)].filter(isLong);
}

/** The credentials of one or more schemes, separated by commas. */
function behindScheme(value: string): string[] {
  const parts = value.split(',').map((each) => /^\s*[A-Za-z][\w.-]*\s+(\S+)\s*$/.exec(each)?.[1]);
  return parts.every((each) => each !== undefined) ? parts : [];
}

/** Keys have no parts: two words are no scheme there. @param credentials values of headers */
export function maskOfCredentials(credentials: Iterable<string>, keys: Iterable<string> = []): SecretMask {
  return new SecretMask([...[...credentials].flatMap(credentialParts), ...[...keys].filter(isLong)]);
}

function isLong(secret: string): boolean {
  return secret.length >= shortestSecret;
}

/** Both together, and the password; or the name, if that is a key and there is no password. */
function userAndPassword(value: string): string[] {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const both = Buffer.from(encoded, 'base64').toString();
  const [, name = '', password = both] = /^([^:]*):([^]*)$/.exec(both) ?? [];
  return [both, isLong(password) || name.length < shortestKey ? password : name];
}
