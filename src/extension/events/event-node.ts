import type { EventRow } from '../../protocol/history.ts';

export interface EventNode {
  readonly kind: 'event';
  /** Replaced when an attempt is recorded. */
  readonly row: EventRow;
}

export interface MoreNode {
  readonly kind: 'more';
}

export interface PausedNode {
  readonly kind: 'paused';
}

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

export interface MatchingNode {
  readonly kind: 'matching';
  readonly count: number;
  readonly which: { readonly filter: string; readonly before: string; readonly except: string[] };
}
