import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from '../log/held.ts';
import type { KnownSecrets } from './render.ts';

/** Replaced, never changed. */
export interface Target {
  readonly id: number;
  readonly destination: Destination;
  readonly url: URL;
  /** For the log: without the URL's query, which may contain a token. */
  readonly place: string;
  /** What waits for a removed destination is still sent. */
  readonly configured: boolean;
  /** A needed key or credentials that no client has provided; null if there are all. */
  readonly missingName: string | null;
  readonly held: DestinationHold | null;
}

export function targetOf(id: number, destination: Destination, configured: boolean, secrets: KnownSecrets): Target {
  const url = new URL(destination.url);
  return {
    id,
    destination,
    url,
    place: url.origin + url.pathname,
    configured,
    missingName: missingNameOf(destination, secrets),
    held: destinationHold(destination, secrets),
  };
}

function missingNameOf(destination: Destination, secrets: KnownSecrets): string | null {
  const { signatureKeyName, credentialsName } = destination;
  if (signatureKeyName !== undefined && !secrets.signatureKeys.has(signatureKeyName)) return signatureKeyName;
  if (credentialsName !== undefined && !secrets.credentials.has(credentialsName)) return credentialsName;
  return null;
}

export function destinationHold(destination: Destination, secrets: KnownSecrets): DestinationHold | null {
  if (destination.held !== undefined) return { by: 'destination', why: destination.held };
  const missing = missingNameOf(destination, secrets);
  return missing === null ? null : { by: 'missing-key', why: missingText(missing, destination) };
}

function missingText(name: string, destination: Destination): string {
  const what = name === destination.signatureKeyName ? 'signature key' : 'credentials';
  return `the ${what} "${name}" ${what === 'credentials' ? 'have' : 'has'} not been supplied`;
}
