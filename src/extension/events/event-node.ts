/** What stands in the events view. */
import type { EventRow } from '../../protocol/history.ts';

export interface EventNode {
  readonly kind: 'event';
  /** As it is known now: replaced when an attempt was recorded. */
  readonly row: EventRow;
}

/** Loads the next page when chosen. */
export interface MoreNode {
  readonly kind: 'more';
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

export type EventsNode = EventNode | MoreNode | PausedNode | NewestNode | NoMatchNode | FailureNode;
