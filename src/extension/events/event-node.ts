import type { EventRow } from '../../protocol/history.ts';

export interface EventNode {
  readonly kind: 'event';
  /** Replaced when an attempt is recorded. */
  readonly row: EventRow;
}

export interface MoreNode {
  readonly kind: 'more';
}

/** Shows that the list is frozen, and how many events have arrived; clicking it adds them. */
export interface PausedNode {
  readonly kind: 'paused';
}

/** Leads back to the newest events, if the loaded pages no longer contain them. */
export interface NewestNode {
  readonly kind: 'newest';
}

export interface NoMatchNode {
  readonly kind: 'noMatch';
}

export interface FailureNode {
  readonly kind: 'failure';
}

export type EventsNode = EventNode | MoreNode | PausedNode | NewestNode | NoMatchNode | FailureNode;

/** All events that match a filter, for commands of the table that pass it to the relay. */
export interface MatchingNode {
  readonly kind: 'matching';
  readonly count: number;
  readonly which: { readonly filter: string; readonly before: string; readonly except: string[] };
}
