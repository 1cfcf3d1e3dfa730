/** Text from outside is made printable here. */
import { say } from '../../common/say.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';
import { clockOf, durationOf, isToday, type ListNaming } from '../ui/phrases.ts';
import {
  addressOf,
  answerOf,
  forwardingWord,
  heldAtGate,
  isHeldAtGate,
  isUnderWay,
  labelOf,
  marksOf,
  pauserOf,
  placeInDelivery,
  rowState,
  shownForwarding,
  typeOf,
} from '../../protocol/event-row.ts';
import type { UnderWay } from '../../protocol/event-row.ts';
import { printable } from '../ui/printable.ts';
import { maxAttempts } from '../../common/retry-policies.ts';
import type { Status } from '../../protocol/status.ts';

export interface RowContext extends ListNaming {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly language: string;
  /** Used if the row has no maximum of its own; null if unknown. */
  readonly maxAttempts: number | null;
  /** Why nothing is sent to a destination now; null if it is. */
  whyWaiting(destinationId: string): string | null;
  isUnderWay(notificationId: string, destinationId: string): boolean;
  readonly sending?: Sending | undefined;
}

/** A narrow side bar cuts the end, so a destination's refusal precedes the address, which may be long. */
export function rowLabelOf(row: EventRow, around: UnderWay): string {
  return [refusalOf(row, around), labelOf(row)].filter((part) => part !== '').join(' · ');
}

/** The time comes first, because the side bar is narrow and the icon shows the state. */
export function descriptionOf(row: EventRow, around: RowContext): string {
  const parts = [
    clockOf(row.receivedAt, around.now, around.language),
    furtherStateOf(row, around),
    row.id,
    placeInDelivery(row),
    ...marksOf(row),
    shortList(row.list, around),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

export function spokenOf(row: EventRow, around: RowContext): string {
  const parts = [
    ...(row.kind === 'event' ? [typeOf(row), addressOf(row)] : [labelOf(row)]),
    stateOf(row, around),
    row.list === null ? '' : say('list {0}', printable(around.nameOfList(row.list) ?? row.list)),
    clockOf(row.receivedAt, around.now, around.language),
    placeInDelivery(row),
    ...marksOf(row),
    row.id,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

export function whyNothingIsResent(rows: readonly EventRow[]): string {
  if (rows.some(({ forwardings }) => forwardings.some(isHeldAtGate)))
    return say('Not resent. To send held events, choose Release.');
  const waits = rows.some(({ forwardings }) =>
    forwardings.some(({ state }) => state === 'waiting' || state === 'held'),
  );
  return waits ? say('Not resent: still waiting to be sent.') : say('Not resent: no matching destination.');
}

function refusalOf(row: EventRow, around: UnderWay): string {
  const shown = row.kind === 'event' ? shownForwarding(row, around) : undefined;
  if (shown === undefined || isUnderWay(shown, around)) return '';
  const word = forwardingWord(shown);
  return word === 'failed' || word === 'retrying' ? answerOf(shown) : '';
}

function furtherStateOf(row: EventRow, around: RowContext): string {
  const isSaid = rowState(row) === 'failed' && refusalOf(row, around) !== '';
  return isSaid ? othersOf(row) : stateOf(row, around);
}

export function stateOf(row: EventRow, around: RowContext): string {
  if (row.kind !== 'event') return '';
  const shown = shownForwarding(row, around);
  if (shown === undefined) return say('not forwarded');
  const words = forwardingOf(shown, around, isUnderWay(shown, around));
  return [words, othersOf(row)].filter((part) => part !== '').join(', ');
}

function othersOf({ forwardings }: EventRow): string {
  const all = forwardings.length;
  const sent = forwardings.filter(({ state }) => state === 'sent').length;
  return all < 2 ? '' : sent === all ? say('{0} times', all) : say('{0} of {1} sent', sent, all);
}

export function forwardingOf(forwarding: Forwarding, around: RowContext, underWay: boolean = false): string {
  const { status, durationMs } = forwarding;
  // Attempts are counted across replays, so the maximum of a round is, too.
  const before = forwarding.attempts - forwarding.ofRound;
  const ofRound = forwarding.maxAttempts ?? around.maxAttempts;
  const most = ofRound === null ? null : before + ofRound;
  const next = forwarding.attempts + 1;
  if (underWay) {
    return forwarding.ofRound === 0 || most === null || next > most
      ? say('sending')
      : say('sending, attempt {0} of {1}', next, most);
  }
  switch (forwardingWord(forwarding)) {
    case 'waiting': {
      const why = forwarding.detail ?? around.whyWaiting(forwarding.destinationId);
      return why === null ? say('waiting') : say('waiting: {0}', printable(why));
    }
    case 'retrying':
      return most === null || next > most ? say('retrying') : say('retrying, attempt {0} of {1}', next, most);
    case 'held':
      if (isHeldAtGate(forwarding)) return heldAtGate(forwarding);
      return forwarding.detail === null ? say('held') : say('held: {0}', printable(forwarding.detail));
    case 'sent':
      if (status === null || durationMs === null) return say('sent');
      return say('sent {0} in {1}', status, durationOf(durationMs));
    case 'failed':
      if (status !== null) return say('failed {0}', status);
      return forwarding.detail === null ? say('failed') : say('failed: {0}', printable(forwarding.detail));
    case 'discarded':
      return say('discarded');
  }
}

function heldAtGateInFull(forwarding: Forwarding, { sending, now, language }: RowContext): string {
  const { breakpointId } = forwarding;
  if (sending?.state !== 'paused') return heldAtGate(forwarding);
  const { since, by, stop } = sending;
  if (breakpointId == null) {
    const words = [clockOf(since, now, language), pauserOf(by)];
    return isToday(since, now)
      ? say('held: sending paused at {0} by {1}', ...words)
      : say('held: sending paused on {0} by {1}', ...words);
  }
  // Other notifications may have stopped at this breakpoint before.
  return stop?.breakpointIds.includes(breakpointId) === true && since === stop.at
    ? say('held at breakpoint {0} since {1}', printable(breakpointId), clockOf(stop.at, now, language))
    : heldAtGate(forwarding);
}

export function forwardingInFull(forwarding: Forwarding, around: RowContext, underWay: boolean = false): string {
  if (isHeldAtGate(forwarding)) return heldAtGateInFull(forwarding, around);
  const words = forwardingOf(forwarding, around, underWay);
  const { state, status } = forwarding;
  const detail = printable(forwarding.detail ?? '');
  const said = detail === '' || words.includes(detail) || detail === `answered ${status}`;
  return said || state === 'sent' ? words : `${words}; ${detail}`;
}

function shortList(list: string | null, around: RowContext): string {
  if (list === null) return '';
  const name = around.nameOfList(list);
  if (name !== undefined) return printable(name, 40);
  return printable(list.length > 10 ? `${list.slice(0, 8)}…` : list);
}

/** @param status undefined if no relay is running */
export function rowContextOf(
  status: Pick<Status, 'destinations' | 'settings' | 'sending'> | undefined,
  names: ListNaming,
  language: string,
): RowContext {
  const nameOfList = (listId: string): string | undefined => names.nameOfList(listId);
  const now = Date.now();
  if (status === undefined)
    return { now, language, nameOfList, maxAttempts: null, whyWaiting: () => null, isUnderWay: () => false };
  const { destinations, settings, sending } = status;
  const reasons = new Map(destinations.map(({ destinationId, detail }) => [destinationId, detail]));
  const underWay = new Set(
    destinations.flatMap(({ destinationId, underWay: ids }) => ids.map((id) => `${destinationId} ${id}`)),
  );
  return {
    now,
    language,
    nameOfList,
    sending,
    maxAttempts: maxAttempts(settings.retry),
    whyWaiting: (destinationId) => reasons.get(destinationId) ?? null,
    isUnderWay: (notificationId, destinationId) => underWay.has(`${destinationId} ${notificationId}`),
  };
}
