import type { Destination } from '../protocol.ts';

/** What of a delivery's part decides where it goes. */
export interface Routed {
  readonly list: string | null;
  /** The types of its events. */
  readonly types: readonly (string | null)[];
}

/**
 * Whether a notification goes to a destination: where the destination names lists or types, its list and the type of
 * at least one of its events must be among them, in any case of letters. A notification is never cut: what matches
 * goes whole, as the platform would send it.
 */
export function goesTo(destination: Destination, notification: Routed): boolean {
  return matches(destination.lists, [notification.list]) && matches(destination.types, notification.types);
}

function matches(wanted: readonly string[] | undefined, present: readonly (string | null)[]): boolean {
  if (wanted === undefined || wanted.length === 0) return true;
  return present.some((value) => value !== null && wanted.some((name) => name.toLowerCase() === value.toLowerCase()));
}
