/**
 * Which stored destination an entry of the settings is. It keeps its ID, and its waiting forwardings, when its filters
 * change. Never identified by the URL alone, because several destinations may have the same one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from './held.ts';

export interface KnownDestination {
  readonly id: number;
  /** Last known settings. */
  readonly destination: Destination;
  /** Its position in the current settings; null if it isn't there, such as the destination of a replay. */
  readonly position: number | null;
  /** Why nothing is sent there, independent of the gate; null if it isn't held. */
  readonly held: DestinationHold | null;
}

/** The properties that identify a destination. */
export type FindableDestination = Omit<KnownDestination, 'held'>;

/** The ID for clients: the one of the settings, or else one that no setting can have. */
export function protocolDestinationId(id: number, destination: Destination | undefined): string {
  return destination?.id ?? `t${id}`;
}

/** The URL and mode: without an ID, they identify a destination if there is only one. */
function samePlace(a: Destination, b: Destination): boolean {
  return a.url === b.url && a.mode === b.mode;
}

/** Also with the same signing, which distinguishes destinations with the same URL. */
function sameTarget(a: Destination, b: Destination): boolean {
  return samePlace(a, b) && a.signatureKeyName === b.signatureKeyName;
}

/** The other properties that change a request. */
function sameHeaders(a: Destination, b: Destination): boolean {
  return a.credentialsName === b.credentialsName && isDeepStrictEqual(a.headers ?? {}, b.headers ?? {});
}

function sameFilters(a: Destination, b: Destination): boolean {
  return isDeepStrictEqual(a.types ?? [], b.types ?? []) && isDeepStrictEqual(a.lists ?? [], b.lists ?? []);
}

/** One may have been given an ID, or lost it; two different IDs are two destinations. */
function idsAgree(a: Destination, b: Destination): boolean {
  return a.id === undefined || b.id === undefined || a.id === b.id;
}

type Rule = (entry: Destination, known: FindableDestination) => boolean;

const sameAsBefore: Rule = (entry, { destination }) =>
  idsAgree(entry, destination) && sameTarget(entry, destination) && sameHeaders(entry, destination);

/** The most certain first. A rule is tried for every entry before the next rule. */
const rules: readonly Rule[] = [
  (entry, { destination }) => entry.id !== undefined && entry.id === destination.id,
  (entry, known) => known.position !== null && sameAsBefore(entry, known) && sameFilters(entry, known.destination),
  // By their order: the first remaining one on each side.
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && sameTarget(entry, destination),
  // Its key was corrected: waiting forwardings, and those that failed with the wrong one, are signed with the right
  // one.
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && samePlace(entry, destination),
  // One that was restored, or that a version before 3 of the store kept.
  (entry, known) => sameAsBefore(entry, known) && sameFilters(entry, known.destination),
  sameAsBefore,
];

/**
 * @param entries in their order, without duplicates
 * @returns the ID of each entry, null for a new destination
 */
export function findKnown(entries: readonly Destination[], known: readonly FindableDestination[]): (number | null)[] {
  const found = entries.map((): number | null => null);
  const inOrder = [...known].sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity) || a.id - b.id);
  for (const rule of rules) {
    for (const [index, entry] of entries.entries()) {
      if (found[index] !== null) continue;
      found[index] = inOrder.find((each) => !found.includes(each.id) && rule(entry, each))?.id ?? null;
    }
  }
  return found;
}

/** The one with the same requests, preferably one of the settings. */
export function findForReplay(to: Destination, known: readonly FindableDestination[]): FindableDestination | undefined {
  const same = known.filter(({ destination }) => sameTarget(to, destination) && sameHeaders(to, destination));
  const configured = same.filter(({ position }) => position !== null);
  return (
    configured.find(({ destination }) => to.id !== undefined && to.id === destination.id) ??
    configured.find(({ destination }) => sameFilters(to, destination)) ??
    configured[0] ??
    // Naming another destination must not release what a held one keeps waiting.
    same.find(({ destination }) => to.held === destination.held)
  );
}

/**
 * The destinations of the settings: entries without IDs that send the same requests to the same place are merged,
 * because the second would send everything twice. Its other settings are those of the last one.
 */
export function distinctDestinations(entries: readonly Destination[]): Destination[] {
  const distinct: Destination[] = [];
  for (const entry of entries) {
    const index = distinct.findIndex(
      (each) =>
        entry.id === undefined &&
        each.id === undefined &&
        sameTarget(entry, each) &&
        sameHeaders(entry, each) &&
        sameFilters(entry, each),
    );
    if (index === -1) distinct.push(entry);
    else distinct[index] = entry;
  }
  return distinct;
}
