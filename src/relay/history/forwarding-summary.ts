/** An event's forwardings as one state, for a table, a group or a filter. */
import { eventStates } from '../../protocol/event-filter.ts';
import type { EventState, EventSummary, Forwarding } from '../../protocol/history.ts';
import type { ForwardingFacts } from '../log/records.ts';
import { stateBits } from './event-columns.ts';
import type { ForwardingSummary } from './event-columns.ts';
import { slotOf } from './held-columns.ts';

export type Counted = Pick<
  ForwardingFacts,
  'destinationId' | 'state' | 'attempts' | 'nextAt' | 'status' | 'durationMs' | 'released'
>;

type Ranked = Pick<Counted, 'state' | 'attempts' | 'nextAt' | 'status' | 'durationMs'>;

const noAttempt = { attempts: 0, status: null, durationMs: null };

/**
 * @param no the number of the last pause
 * @param kind a row that is no event has the state of its kind
 */
export function summaryOf(
  forwardings: readonly Counted[],
  no: number,
  kind: EventSummary['kind'] = 'event',
): ForwardingSummary {
  let states = 0;
  let queued = 0;
  let freed = 0;
  for (const { state, destinationId, released } of forwardings) {
    states |= stateBits[state];
    if (state !== 'waiting') continue;
    if (released === no) freed |= slotOf(destinationId);
    else queued |= slotOf(destinationId);
  }
  return { states, queued, freed, ...urgentOf(forwardings, kind) };
}

function urgentOf(
  forwardings: readonly Ranked[],
  kind: EventSummary['kind'],
): Pick<ForwardingSummary, 'state' | 'attempts' | 'status' | 'durationMs'> {
  if (kind !== 'event') return { state: kind, ...noAttempt };
  let attempts = 0;
  let urgent: Ranked | undefined;
  let rank: number = eventStates.length;
  for (const each of forwardings) {
    attempts += each.attempts;
    const its = eventStates.indexOf(wordOf(each));
    if (its >= rank) continue;
    rank = its;
    urgent = each;
  }
  if (urgent === undefined) return { state: 'none', ...noAttempt };
  return { state: wordOf(urgent), attempts, status: urgent.status, durationMs: urgent.durationMs };
}

/** @param state without held ones */
export function stateOf(state: Exclude<EventState, 'held'>, isHeld: boolean): EventState {
  return isHeld && state !== 'failed' ? 'held' : state;
}

/** The same for forwardings as shown to clients. */
export function eventStateOf(
  kind: EventSummary['kind'],
  forwardings: readonly Forwarding[],
): Pick<EventSummary, 'state' | 'attempts' | 'status' | 'durationMs'> {
  const ranked = forwardings.map((each) => ({
    ...each,
    state: each.state === 'held' ? ('waiting' as const) : each.state,
    nextAt: each.nextAttemptAt === null ? null : Date.parse(each.nextAttemptAt),
  }));
  const { state, attempts, status, durationMs } = urgentOf(ranked, kind);
  const isHeld = forwardings.some((each) => each.state === 'held');
  return { state: stateOf(state, isHeld), attempts, status, durationMs };
}

function wordOf({ state, attempts, nextAt }: Ranked): Exclude<EventState, 'held'> {
  return state === 'waiting' && attempts > 0 && nextAt !== null ? 'retrying' : state;
}
