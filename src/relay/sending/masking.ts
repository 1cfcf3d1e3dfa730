/** A callback may repeat what was sent to it, and credentials are never written. */
import { maskedValue, maskOfCredentials, maskPlaces } from '../../common/masking.ts';
import {
  carriedByUrl,
  isCredentialHeader,
  leadsElsewhere,
  secretsIn,
  urlCredentials,
} from '../../protocol/credential-headers.ts';
import type { Headers } from '../../protocol/history.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { SendResult } from './outbound.ts';
import type { KnownSecrets } from './render.ts';

/** Masks headers with credentials, those of URLs, and each value that was sent as a credential. */
export function withoutSecrets(
  result: SendResult,
  sent: Headers,
  destination: Destination,
  secrets: KnownSecrets,
): SendResult {
  if (result.kind !== 'answer') return result;
  const mask = maskOfCredentials(sentSecrets(sent, destination, secrets), [
    ...secretsIn(new URL(destination.url)),
    ...carriedElsewhere(result.headers),
  ]);
  const headers: Headers = result.headers.map(([name, value]) => [
    mask.in(name),
    isCredentialHeader(name)
      ? maskedValue
      : maskPlaces(mask.in(value), leadsElsewhere(name) ? carriedByUrl : urlCredentials),
  ]);
  return { ...result, headers, body: mask.inBytes(result.body, { cut: result.truncated }) };
}

/** A redirect's body repeats the URLs. Masking short values would hide other words. */
function carriedElsewhere(headers: Headers): string[] {
  return headers
    .filter(([name]) => leadsElsewhere(name))
    .flatMap(([, value]) => carriedByUrl.flatMap(({ pattern }) => [...value.matchAll(pattern)]))
    .flatMap(({ groups: { secret = '' } = {} }) => [secret, new URLSearchParams(`=${secret}`).get('') ?? ''])
    .filter((secret) => secret.length >= 8);
}

function sentSecrets(sent: Headers, destination: Destination, secrets: KnownSecrets): Set<string> {
  const own =
    destination.credentialsName === undefined ? undefined : secrets.credentials.get(destination.credentialsName);
  const names = new Set(Object.keys(own ?? {}).map((name) => name.toLowerCase()));
  const values = new Set<string>();
  for (const [name, value] of sent) {
    if (!names.has(name.toLowerCase()) && !isCredentialHeader(name)) continue;
    values.add(value);
  }
  return values;
}
