import type { SecretPlace } from '../common/masking.ts';

/** Headers that carry credentials are never written to disk, shown, or exported. */
const credentialHeader =
  /^(?:(?:proxy-)?authorization|cookie2?|set-cookie2?|x-csrf-token|x-xsrf-token)$|(?:^|[-_])(?:token|secret|password|passwd|credentials?|session|auth|authorization|jwt|apikey|(?:api|private|access|auth|functions|subscription)[-_]key)(?:[-_]|$)/;

/** Requests repeat their names. Long names aren't cached. */
const known = new Map<string, boolean>();
const knownLimit = 1024;
const longestKnown = 100;

export function isCredentialHeader(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const is = credentialHeader.test(name.toLowerCase());
  if (name.length <= longestKnown) {
    if (known.size >= knownLimit) known.clear();
    known.set(name, is);
  }
  return is;
}

export function isCredentialParameter(name: string): boolean {
  let decoded = name;
  try {
    decoded = decodeURIComponent(name);
  } catch {
    // Use it undecoded.
  }
  return (
    isCredentialHeader(decoded.replace(/([a-z])([A-Z])/g, '$1-$2')) ||
    /^(?:key|sig|signature|code|pwd|pass)$/i.test(decoded)
  );
}

export function secretsIn({ searchParams }: URL): string[] {
  return [...searchParams].filter(([name]) => isCredentialParameter(name)).map(([, value]) => value);
}

/** A URL's password, and the values of query parameters with names of credentials. */
export const urlCredentials: readonly SecretPlace[] = [
  { pattern: /https?:\/\/[^\s/?#:@]*:(?<secret>[^\s/?#@]*)@/dgi },
  {
    // No "?" in the name: otherwise each of a long row of them would be searched to the end.
    pattern: /[?&;#](?<name>[^=?&;#\s"']+)=(?<secret>[^&;#\s"'<>]*)/dg,
    isSecret: ({ groups }) => isCredentialParameter(groups?.['name'] ?? ''),
  },
];

const leadingHeaders = new Set(['location', 'content-location', 'refresh', 'link']);

export function leadsElsewhere(header: string): boolean {
  return leadingHeaders.has(header.toLowerCase());
}

export const carriedByUrl: readonly SecretPlace[] = [
  { pattern: /[/\\]{2}(?<secret>[^\s/\\?#@]+)@/dg },
  { pattern: /[?&;#](?!url=)(?:[^=?&;#\s<>]+=)?(?<secret>[^&;#\s<>]+)/dgi },
];
