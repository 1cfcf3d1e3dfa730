/** An answer as it is recorded: a callback may say back what was sent to it, and credentials are never written. */
import { isCredentialHeader, maskedValue } from '../protocol/credential-headers.ts';
import type { Headers } from '../protocol/history.ts';
import type { Destination } from '../protocol/settings.ts';
import type { SendResult } from './outbound.ts';
import type { KnownSecrets } from './render.ts';

/** Shorter ones would be found where they are not meant. */
const shortestSecret = 4;

/**
 * The result with credentials masked: headers that carry some, and wherever in headers or body a value stands that was
 * sent as one, plainly or encoded.
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
  const body = values.reduce(maskBytes, result.body);
  return { ...result, headers, body: result.truncated ? withoutBeginning(body, values) : body };
}

/** Values that were sent as credentials, in every form; of `Bearer abc`, `abc` too. The longest first. */
function sentSecrets(sent: Headers, destination: Destination, secrets: KnownSecrets): string[] {
  const own =
    destination.credentialsName === undefined ? undefined : secrets.credentials.get(destination.credentialsName);
  const names = new Set(Object.keys(own ?? {}).map((name) => name.toLowerCase()));
  const values = new Set<string>();
  for (const [name, value] of sent) {
    if (!names.has(name.toLowerCase()) && !isCredentialHeader(name)) continue;
    for (const each of [value, ...value.split(/\s+/).slice(1), ...userAndPassword(value)]) {
      if (each.length >= shortestSecret) for (const form of formsOf(each)) values.add(form);
    }
  }
  // One may be a part of another.
  return [...values].sort((a, b) => b.length - a.length);
}

/** What `Basic …` holds: both together, and the password. */
function userAndPassword(value: string): string[] {
  const encoded = /^basic +([\w+/=-]+)$/i.exec(value)?.[1];
  if (encoded === undefined) return [];
  const both = Buffer.from(encoded, 'base64').toString();
  return [both, both.slice(both.indexOf(':') + 1)];
}

/** A secret as it is, and as JSON, URLs, forms, HTML and base64 write it. */
function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  // Through bytes, since half a surrogate pair cannot be encoded.
  const url = encodeURIComponent(Buffer.from(secret).toString());
  const lowerUrl = url.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const html = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const base64 = Buffer.from(secret).toString('base64').replace(/=+$/, '');
  const urlBase64 = Buffer.from(secret).toString('base64url');
  return [secret, json, json.replaceAll('/', '\\/'), url, lowerUrl, form, html, base64, urlBase64];
}

function maskBytes(body: Buffer, secret: string): Buffer {
  if (!body.includes(secret)) return body;
  return Buffer.from(body.toString('latin1').replaceAll(Buffer.from(secret).toString('latin1'), maskedValue), 'latin1');
}

/** Of a body that was cut off, the end without what may be the beginning of a secret. */
function withoutBeginning(body: Buffer, values: readonly string[]): Buffer {
  let kept = body.length;
  for (const secret of values.map((value) => Buffer.from(value))) {
    for (let length = Math.min(secret.length - 1, body.length); length >= shortestSecret; length--) {
      if (!body.subarray(body.length - length).equals(secret.subarray(0, length))) continue;
      kept = Math.min(kept, body.length - length);
      break;
    }
  }
  return kept === body.length ? body : Buffer.concat([body.subarray(0, kept), Buffer.from(maskedValue)]);
}
