/** What an event's forwardings come to, in a table, a group or a filter. */
import { eventStates } from '../../protocol/history.ts';
import type { EventState, EventSummary, Forwarding } from '../../protocol/history.ts';
import type { ForwardingFacts } from '../records.ts';
import { stateBits } from './event-columns.ts';
import type { ForwardingSummary } from './event-columns.ts';

/** Of a forwarding, what counts. */
export type Counted = Pick<ForwardingFacts, 'state' | 'attempts' | 'nextAt' | 'status' | 'durationMs'>;

const nowhere: ForwardingSummary = { states: 0, state: 'none', attempts: 0, status: null, durationMs: null };

/**
 * Sums up the forwardings of one event.
 * @param kind a row of another kind has the state of its kind
 */
export function summaryOf(
  forwardings: readonly Counted[],
  kind: 'event' | 'test' | 'rejected' = 'event',
): ForwardingSummary {
  if (kind !== 'event') return { ...nowhere, state: kind };
  let states = 0;
  let attempts = 0;
  let urgent: Counted | undefined;
  let rank: number = eventStates.length;
  for (const each of forwardings) {
    states |= stateBits[each.state];
    attempts += each.attempts;
    const its = eventStates.indexOf(wordOf(each));
    if (its >= rank) continue;
    rank = its;
    urgent = each;
  }
  if (urgent === undefined) return nowhere;
  return { states, state: wordOf(urgent), attempts, status: urgent.status, durationMs: urgent.durationMs };
}

/** The same of forwardings as clients are shown them. */
export function eventStateOf(
  kind: EventSummary['kind'],
  forwardings: readonly Forwarding[],
): Pick<EventSummary, 'state' | 'attempts' | 'status' | 'durationMs'> {
  const { state, attempts, status, durationMs } = summaryOf(
    forwardings.map((each) => ({
      ...each,
      nextAt: each.nextAttemptAt === null ? null : Date.parse(each.nextAttemptAt),
    })),
    kind,
  );
  return { state, attempts, status, durationMs };
}

function wordOf({ state, attempts, nextAt }: Counted): EventState {
  return state === 'waiting' && attempts > 0 && nextAt !== null ? 'retrying' : state;
}
