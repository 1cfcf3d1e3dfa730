/**
 * Identifies the stored destination of a settings entry, which keeps its ID and waiting forwardings if its filters
 * change.
 * The URL alone is not enough: several destinations may have the same one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from './held.ts';

export interface KnownDestination {
  readonly id: number;
  readonly destination: Destination;
  /** null if it isn't in the current settings, such as the destination of a replay. */
  readonly position: number | null;
  readonly held: DestinationHold | null;
}

export type FindableDestination = Omit<KnownDestination, 'held'>;

/** The ID from the settings, or else one that no setting can have. */
export function protocolDestinationId(id: number, destination: Destination | undefined): string {
  return destination?.id ?? `t${id}`;
}

function samePlace(a: Destination, b: Destination): boolean {
  return a.url === b.url && a.mode === b.mode;
}

function sameTarget(a: Destination, b: Destination): boolean {
  return samePlace(a, b) && a.signatureKeyName === b.signatureKeyName;
}

function sameHeaders(a: Destination, b: Destination): boolean {
  return a.credentialsName === b.credentialsName && isDeepStrictEqual(a.headers ?? {}, b.headers ?? {});
}

function sameFilters(a: Destination, b: Destination): boolean {
  return isDeepStrictEqual(a.types ?? [], b.types ?? []) && isDeepStrictEqual(a.lists ?? [], b.lists ?? []);
}

/** An entry may have been given an ID, or lost it. */
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
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && sameTarget(entry, destination),
  // If its key was corrected, waiting and failed forwardings are signed with the right one.
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && samePlace(entry, destination),
  // Restored, or kept by a version before 3 of the store.
  (entry, known) => sameAsBefore(entry, known) && sameFilters(entry, known.destination),
  sameAsBefore,
];

/** @param entries without duplicates @returns the ID of each entry, null for a new destination */
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

export function findForReplay(to: Destination, known: readonly FindableDestination[]): FindableDestination | undefined {
  const same = known.filter(({ destination }) => sameTarget(to, destination) && sameHeaders(to, destination));
  const configured = same.filter(({ position }) => position !== null);
  return (
    configured.find(({ destination }) => to.id !== undefined && to.id === destination.id) ??
    configured.find(({ destination }) => sameFilters(to, destination)) ??
    configured[0] ??
    // A replay must not release what a held destination keeps waiting.
    same.find(({ destination }) => to.held === destination.held)
  );
}

/** Merges entries without IDs that send the same requests, which would be sent twice; the last one's settings apply. */
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
