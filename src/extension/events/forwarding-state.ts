/** The state of an event, derived from its forwardings. */
import { eventStates } from '../../protocol/event-filter.ts';
import type { EventRow, EventState, Forwarding } from '../../protocol/history.ts';

export type RowState = EventState;

type ForwardingWord = Exclude<RowState, 'rejected' | 'test' | 'none'>;

/** A forwarding that waits for its next attempt is being retried. */
export function forwardingWord({ state, attempts, nextAttemptAt }: Forwarding): ForwardingWord {
  return state === 'waiting' && attempts > 0 && nextAttemptAt !== null ? 'retrying' : state;
}

/**
 * Whether a pause or a breakpoint holds it: it can be released, edited, and discarded. What waits for a secret can't.
 */
export function isHeldAtGate({ state, heldBy }: Forwarding): boolean {
  return state === 'held' && (heldBy === 'pause' || heldBy === 'breakpoint');
}

/** The forwarding that most needs attention; undefined if the event has no destination. */
export function mostUrgent(forwardings: readonly Forwarding[]): Forwarding | undefined {
  let found: Forwarding | undefined;
  let rank: number = eventStates.length;
  for (const each of forwardings) {
    const its = eventStates.indexOf(forwardingWord(each));
    if (its >= rank) continue;
    found = each;
    rank = its;
  }
  return found;
}

/** By the forwarding that most needs attention; `none` if the event has no destination. */
export function rowState(row: EventRow): RowState {
  if (row.kind !== 'event') return row.kind;
  const forwarding = mostUrgent(row.forwardings);
  return forwarding === undefined ? 'none' : forwardingWord(forwarding);
}

/** A row's state, or that it is being sent now. */
export type ShownState = RowState | 'sending';

export interface UnderWay {
  isUnderWay(notificationId: string, destinationId: string): boolean;
}

export function isUnderWay({ state, notificationId, destinationId }: Forwarding, known: UnderWay): boolean {
  return state === 'waiting' && known.isUnderWay(notificationId, destinationId);
}

/** The forwarding that determines how a row is drawn: one that needs attention, otherwise one that is being sent. */
export function shownForwarding(row: EventRow, known: UnderWay): Forwarding | undefined {
  const urgent = mostUrgent(row.forwardings);
  if (urgent === undefined || urgent.state === 'failed' || urgent.state === 'held') return urgent;
  return row.forwardings.find((each) => isUnderWay(each, known)) ?? urgent;
}

export function shownState(row: EventRow, known: UnderWay): ShownState {
  const shown = row.kind === 'event' ? shownForwarding(row, known) : undefined;
  return shown !== undefined && isUnderWay(shown, known) ? 'sending' : rowState(row);
}

/** The flags for the context menu's `when` clauses, each between semicolons. */
export function flagsOf(row: EventRow): string {
  const flags = ['row'];
  if (row.notificationId !== null) flags.push('notification');
  if (row.forwardings.some(({ state }) => state === 'waiting' || state === 'held')) flags.push('open');
  if (row.forwardings.some(isHeldAtGate)) flags.push('atGate');
  if (row.forwardings.some((each) => each.state === 'held' && !isHeldAtGate(each))) flags.push('held');
  return flags.map((flag) => `;${flag};`).join('');
}
