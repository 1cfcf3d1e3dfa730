/**
 * Which stored destination an entry of the settings is. It keeps its id, and what waits for it, when its filters change;
 * no client and no station guesses by the URL, since several destinations may have one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../../protocol/settings.ts';
import type { DestinationHold } from './held.ts';

/** A destination as the store knows it. */
export interface KnownDestination {
  readonly id: number;
  /** Its settings as last known. */
  readonly destination: Destination;
  /** Its place in the settings in force; null where it is in them no more, or never was, as one of a replay. */
  readonly position: number | null;
  /** Who holds what goes there, whatever the gate says; null where nobody does. */
  readonly held: DestinationHold | null;
}

/** What of a destination tells it from others. */
export type FindableDestination = Omit<KnownDestination, 'held'>;

/** The id that clients are told: the one of the settings, else one that no setting can give. */
export function protocolDestinationId(id: number, destination: Destination | undefined): string {
  return destination?.id ?? `t${id}`;
}

/** Where it posts what: by these it is the same without an id, where one alone is there. */
function samePlace(a: Destination, b: Destination): boolean {
  return a.url === b.url && a.mode === b.mode;
}

/** And how that is signed: by these it is told from others of the same place. */
function sameTarget(a: Destination, b: Destination): boolean {
  return samePlace(a, b) && a.signatureKeyName === b.signatureKeyName;
}

/** What else decides what a receiver gets. */
function sameHeaders(a: Destination, b: Destination): boolean {
  return a.credentialsName === b.credentialsName && isDeepStrictEqual(a.headers ?? {}, b.headers ?? {});
}

function sameFilters(a: Destination, b: Destination): boolean {
  return isDeepStrictEqual(a.types ?? [], b.types ?? []) && isDeepStrictEqual(a.lists ?? [], b.lists ?? []);
}

/** One may have been given an id, or lost it; two ids are two destinations. */
function idsAgree(a: Destination, b: Destination): boolean {
  return a.id === undefined || b.id === undefined || a.id === b.id;
}

type Rule = (entry: Destination, known: FindableDestination) => boolean;

const sameAsBefore: Rule = (entry, { destination }) =>
  idsAgree(entry, destination) && sameTarget(entry, destination) && sameHeaders(entry, destination);

/** The surest first. A rule is asked for every entry before the next one is. */
const rules: readonly Rule[] = [
  (entry, { destination }) => entry.id !== undefined && entry.id === destination.id,
  (entry, known) => known.position !== null && sameAsBefore(entry, known) && sameFilters(entry, known.destination),
  // By their order: the first that is left is the first that was.
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && sameTarget(entry, destination),
  // Its key was corrected: what waits, and what failed for the wrong one, is signed with the right one.
  (entry, { position, destination }) =>
    position !== null && idsAgree(entry, destination) && samePlace(entry, destination),
  // One that has come back, or that a version before 3 of the store kept by these.
  (entry, known) => sameAsBefore(entry, known) && sameFilters(entry, known.destination),
  sameAsBefore,
];

/**
 * Which of the known destinations each entry of the settings is.
 * @param entries in their order, none twice
 * @returns for each entry the id, null where it is a new destination
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

/**
 * The known destination that a replay's means: one by which the same is sent, and of these rather one of the settings.
 * @returns undefined where there is none
 */
export function findForReplay(to: Destination, known: readonly FindableDestination[]): FindableDestination | undefined {
  const same = known.filter(({ destination }) => sameTarget(to, destination) && sameHeaders(to, destination));
  const configured = same.filter(({ position }) => position !== null);
  return (
    configured.find(({ destination }) => to.id !== undefined && to.id === destination.id) ??
    configured.find(({ destination }) => sameFilters(to, destination)) ??
    configured[0] ??
    // What waits for one that is held is let go by nobody who names another.
    same.find(({ destination }) => to.held === destination.held)
  );
}

/**
 * The destinations of the settings: entries without ids that differ in nothing that decides what is sent where are one,
 * since the second would send everything twice. Its other settings are those of the last.
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
