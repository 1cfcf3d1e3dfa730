/** An answer as it is recorded: a callback may say back what was sent to it, and credentials are never written. */
import { isCredentialHeader, maskedValue } from '../protocol.ts';
import type { Destination, Headers } from '../protocol.ts';
import type { SendResult } from './outbound.ts';
import type { KnownSecrets } from './render.ts';

/** Shorter ones would be found where they are not meant. */
const shortestSecret = 4;

/**
 * The result with credentials masked: headers that carry some, and wherever in headers or body a value stands that was
 * sent as one.
 * @param sent the request's headers
 */
export function withoutSecrets(
  result: SendResult,
  sent: Headers,
  destination: Destination,
  secrets: KnownSecrets,
): SendResult {
  if (result.kind !== 'answer') return result;
  const values = sentSecrets(sent, destination, secrets);
  const headers: Headers = result.headers.map(([name, value]) => [
    name,
    isCredentialHeader(name)
      ? maskedValue
      : values.reduce((text, secret) => text.replaceAll(secret, maskedValue), value),
  ]);
  return { ...result, headers, body: values.reduce(maskBytes, result.body) };
}

/** Values that were sent as credentials; of `Bearer abc`, `abc` too. */
function sentSecrets(sent: Headers, destination: Destination, secrets: KnownSecrets): string[] {
  const own =
    destination.credentialsName === undefined ? undefined : secrets.credentials.get(destination.credentialsName);
  const names = new Set(Object.keys(own ?? {}).map((name) => name.toLowerCase()));
  const values: string[] = [];
  for (const [name, value] of sent) {
    if (!names.has(name.toLowerCase()) && !isCredentialHeader(name)) continue;
    values.push(value, ...value.split(/\s+/).slice(1));
  }
  return values.filter((value) => value.length >= shortestSecret);
}

function maskBytes(body: Buffer, secret: string): Buffer {
  if (!body.includes(secret)) return body;
  return Buffer.from(body.toString('latin1').replaceAll(Buffer.from(secret).toString('latin1'), maskedValue), 'latin1');
}
