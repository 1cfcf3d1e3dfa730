/** Authentication and permissions for the emulated API. */
import type { Tokens } from './tokens.ts';
import { vendorErrors } from './vendor-error.ts';

/** The scopes of a token, or all of them for an API key. */
export type Access = readonly string[] | 'all';

/**
 * Reads an `Authorization` header: a bearer token, or an API key as the user name of Basic with any password.
 * @throws VendorError 100 for a wrong or missing key, 120 to 122 for an invalid token
 */
export function authenticate(header: string | undefined, apiKey: string, tokens: Tokens): Access {
  const [, scheme = '', value = ''] = /^(\S+) +(.+)$/.exec(header ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer': {
      const grant = tokens.check(value);
      if (grant === 'invalid') throw vendorErrors.invalidToken();
      if (grant === 'expired') throw vendorErrors.expiredToken();
      if (grant === 'revoked') throw vendorErrors.revokedToken();
      return grant.scopes;
    }
    case 'basic': {
      const [user = ''] = Buffer.from(value, 'base64').toString('utf8').split(':', 1);
      if (user === apiKey) return 'all';
      throw vendorErrors.invalidApiKey();
    }
    default:
      throw vendorErrors.invalidApiKey();
  }
}

/** Needs one of the scopes, or none if the list is empty. @throws VendorError 60 */
export function requireScope(access: Access, scopes: readonly string[]): void {
  if (access === 'all' || scopes.length === 0 || scopes.some((scope) => access.includes(scope))) return;
  throw vendorErrors.permissionMissing(scopes);
}
