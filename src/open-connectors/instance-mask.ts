import { maskedValue, maskPlaces, SecretMask } from '../common/masking.ts';
import { parseJson } from '../common/parse-json.ts';

const secretKey =
  /(?:^|[._-])(?:secret|password|token|code|username|credentials?|authorization|api\.?key|signature\.?key|access\.?key)$/i;

/** A shorter secret would match elsewhere. */
const shortestSecret = 6;

/**
 * Masks by key (grant code, client ID and secret, tokens, passwords, signature key), the values of callback headers,
 * user and password in URLs, and other occurrences of these values, plain or encoded. Empty values stay empty.
 */
export function maskInstanceBody<T>(body: T): T {
  const secrets = new Set<string>();
  collectSecrets(body, '', secrets);
  return maskValue(body, '', maskOf(secrets)) as T;
}

/** Those of {@link maskInstanceBody}, and possible ones in its callback URL, such as a relay's. */
export function secretsIn(part: {
  readonly providerData?: { readonly code: string } | undefined;
  readonly configuration?: Readonly<Record<string, unknown>> | undefined;
}): string[] {
  const secrets = new Set<string>();
  collectSecrets(part, '', secrets);
  const callbackUrl = part.configuration?.['event.notification.callback.url'];
  return [...secrets, ...(typeof callbackUrl === 'string' ? secretsInUrl(callbackUrl) : [])];
}

/** Long hex in the path, and the values of the query; user and password are masked in any URL. */
function secretsInUrl(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { pathname, searchParams } = new URL(text);
  return [...(pathname.match(/[0-9a-f]{32,}/gi) ?? []), ...searchParams.values()];
}

/** Deeper values are masked whole, since the walks below are recursive. No body nests deeper than five. */
const deepestShown = 100;

function collectSecrets(value: unknown, key: string, secrets: Set<string>, depth = 0): void {
  if (typeof value === 'string') {
    if (secretKey.test(key) && value !== '') secrets.add(value);
    else if (key.endsWith('callback.headers')) for (const each of headerValues(value)) secrets.add(each);
  } else if (typeof value === 'object' && value !== null && depth < deepestShown) {
    for (const [name, each] of Object.entries(value)) collectSecrets(each, name, secrets, depth + 1);
  }
}

function maskValue(value: unknown, key: string, mask: SecretMask, depth = 0): unknown {
  if (typeof value === 'string') {
    if (value === '') return value;
    if (secretKey.test(key)) return maskedValue;
    if (key.endsWith('callback.headers')) return maskHeadersText(value);
    return maskPlaces(mask.in(value), [userInfo]);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepestShown) return maskedValue;
  if (Array.isArray(value)) return value.map((each) => maskValue(each, key, mask, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, maskValue(each, name, mask, depth + 1)]),
  );
}

function parsedHeaders(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function headerValues(text: string): string[] {
  return Object.values(parsedHeaders(text) ?? {}).filter((value) => typeof value === 'string');
}

function maskHeadersText(text: string): string {
  const headers = parsedHeaders(text);
  if (headers === undefined) return maskedValue;
  return JSON.stringify(Object.fromEntries(Object.keys(headers).map((name) => [name, maskedValue])));
}

const userInfo = { pattern: /\w:\/\/(?<secret>[^\s/?#@"']+)@/dg };

export function maskText(text: string, secrets: Iterable<string>): string {
  return maskPlaces(maskOf(secrets).in(text), [userInfo]);
}

function maskOf(secrets: Iterable<string>): SecretMask {
  return new SecretMask([...secrets].filter((secret) => secret.length >= shortestSecret));
}
