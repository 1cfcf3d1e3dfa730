/** A destination with the current settings, keys and credentials. */
import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from '../log/held.ts';
import type { KnownSecrets } from './render.ts';

/** All that forwarding knows of a destination: never changed, only replaced. */
export interface Target {
  /** The store's number for it. */
  readonly id: number;
  readonly destination: Destination;
  readonly url: URL;
  /** For the log: its URL without the query, which may contain a token. */
  readonly place: string;
  /** Whether it is in the settings; what waits for a removed one is still sent. */
  readonly configured: boolean;
  /** Name of a needed key or credentials that no client has provided; null if it has all. */
  readonly missingName: string | null;
  /** Why nothing may be sent there yet; null if it may. */
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
