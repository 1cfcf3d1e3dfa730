/** A destination as it stands under the settings, keys and credentials in force. */
import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from '../log/held.ts';
import type { KnownSecrets } from './render.ts';

/** All that forwarding knows of a destination: made in one place, never changed, only replaced. */
export interface Target {
  /** The store's number for it. */
  readonly id: number;
  readonly destination: Destination;
  readonly url: URL;
  /** As it stands in the log: a token may be in its query. */
  readonly place: string;
  /** Whether it is in the settings; what waits for one that no longer is, is sent all the same. */
  readonly configured: boolean;
  /** The key or credentials, by name, that it needs and nobody gave; null where it has all. */
  readonly missingName: string | null;
  /** Why nothing may be sent there yet; null where it may. */
  readonly held: DestinationHold | null;
}

/** @param secrets the keys and credentials that clients gave */
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

/** Why nothing may be sent to a destination yet; null where it may. @param secrets the keys and credentials that are there */
export function destinationHold(destination: Destination, secrets: KnownSecrets): DestinationHold | null {
  if (destination.held !== undefined) return { by: 'destination', why: destination.held };
  const missing = missingNameOf(destination, secrets);
  return missing === null ? null : { by: 'missing-key', why: missingText(missing, destination) };
}

function missingText(name: string, destination: Destination): string {
  const what = name === destination.signatureKeyName ? 'signature key' : 'credentials';
  return `the ${what} "${name}" ${what === 'credentials' ? 'have' : 'has'} not been supplied`;
}
