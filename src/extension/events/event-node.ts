/** What stands in the events view. */
import type { EventRow } from '../../protocol/history.ts';

export interface EventNode {
  readonly kind: 'event';
  /** As it is known now: replaced when an attempt was recorded. */
  readonly row: EventRow;
  /** It was chosen elsewhere than in the tree, whose folded groups hide nothing of it. */
  readonly isElsewhere?: true;
}

export interface GroupNode {
  readonly kind: 'group';
  /** Stable while the grouping stays, so that what is unfolded stays so. */
  readonly id: string;
  readonly label: string;
}

/** Loads the next page when chosen. */
export interface MoreNode {
  readonly kind: 'more';
}

/** Stands in a group of which the history has more than is loaded: shows all of it by a filter, or loads older events. */
export interface RestNode {
  readonly kind: 'rest';
  readonly groupId: string;
  /** How many events the history has of the group. */
  readonly count: number;
  /** Finds the group's events; null where no filter does. */
  readonly filter: string | null;
}

/** Says on top that no event joins the list, and how many have come; chosen, they do. */
export interface PausedNode {
  readonly kind: 'paused';
}

/** Leads back to the newest events, where the pages that were loaded have left them behind. */
export interface NewestNode {
  readonly kind: 'newest';
}

/** Stands where the filter matches nothing; chosen, it is cleared. */
export interface NoMatchNode {
  readonly kind: 'noMatch';
}

/** Stands where the events could not be read; chosen, that is tried again. */
export interface FailureNode {
  readonly kind: 'failure';
}

export type EventsNode =
  | EventNode
  | GroupNode
  | MoreNode
  | RestNode
  | PausedNode
  | NewestNode
  | NoMatchNode
  | FailureNode;
