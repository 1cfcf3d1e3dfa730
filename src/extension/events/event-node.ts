/** What stands in the events view. */
import type { EventRow } from '../../protocol/history.ts';

export interface EventNode {
  readonly kind: 'event';
  /** As it is known now: replaced when an attempt was recorded. */
  readonly row: EventRow;
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
  /** The group it stands in, or null at the top. */
  readonly groupId: string | null;
}

/** Leads back to the newest events, where the pages that were loaded have left them behind. */
export interface NewestNode {
  readonly kind: 'newest';
}

/** Why the events could not be read. */
export interface FailureNode {
  readonly kind: 'failure';
  readonly message: string;
}

export type EventsNode = EventNode | GroupNode | MoreNode | NewestNode | FailureNode;
