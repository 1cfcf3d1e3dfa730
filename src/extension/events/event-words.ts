/** An event in words. Text from outside is made printable here. */
import type { Sending } from '../../protocol/debug.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';
import { pauserOf } from '../sending/sending-words.ts';
import { clockOf, durationOf, isToday } from '../ui/phrases.ts';
import type { ListNaming } from '../ui/phrases.ts';
import { forwardingWord, isHeldAtGate, isUnderWay, rowState, shownForwarding } from './forwarding-state.ts';
import type { RowState, UnderWay } from './forwarding-state.ts';
import type { Localiser } from '../ui/localiser.ts';
import { printable } from '../ui/printable.ts';

export interface RowContext extends ListNaming {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The user's, such as `de`. */
  readonly language: string;
  /** Attempts in the current retry policy, if the row doesn't say; null if unknown. */
  readonly maxAttempts: number | null;
  /** Why nothing is sent to a destination now; null if it is. */
  whyWaiting(destinationId: string): string | null;
  isUnderWay(notificationId: string, destinationId: string): boolean;
  readonly sending?: Sending | undefined;
}

/** What happened, and to whom; or the kind of the row. */
export function labelOf(row: EventRow, l10n: Localiser): string {
  switch (row.kind) {
    case 'test':
      return l10n.t('Test call');
    case 'rejected':
      return l10n.t('Rejected: {0}', printable(row.reason ?? String(row.httpStatus)));
    case 'event':
      return `${typeOf(row, l10n)} · ${addressOf(row, l10n)}`;
  }
}

/**
 * The label in a narrow side bar, which cuts the end: a destination's refusal comes first, because the address may be
 * long.
 */
export function rowLabelOf(row: EventRow, around: UnderWay, l10n: Localiser): string {
  return [refusalOf(row, around, l10n), labelOf(row, l10n)].filter((part) => part !== '').join(' · ');
}

export function addressOf({ address }: EventRow, l10n: Localiser): string {
  return address === null || address === '' ? l10n.t('No address') : printable(address);
}

function typeOf(row: EventRow, l10n: Localiser): string {
  return printable(row.type ?? l10n.t('No type'));
}

/** The time first, because the side bar is narrow and the icon shows the state; then the rest by importance. */
export function descriptionOf(row: EventRow, around: RowContext, l10n: Localiser): string {
  const parts = [
    clockOf(row.receivedAt, around.now, around.language),
    furtherStateOf(row, around, l10n),
    // The ID used in messages.
    row.id,
    placeInDelivery(row, l10n),
    ...marksOf(row, l10n),
    shortList(row.list, around),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

export function spokenOf(row: EventRow, around: RowContext, l10n: Localiser): string {
  const parts = [
    row.kind === 'event' ? typeOf(row, l10n) : '',
    row.kind === 'event' ? addressOf(row, l10n) : labelOf(row, l10n),
    stateOf(row, around, l10n),
    row.list === null ? '' : l10n.t('list {0}', printable(around.nameOfList(row.list) ?? row.list)),
    clockOf(row.receivedAt, around.now, around.language),
    placeInDelivery(row, l10n),
    ...marksOf(row, l10n),
    row.id,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** Its position in a delivery with several events; also the name of a delivery without events in messages. */
export function placeInDelivery({ deliveryId, inDelivery }: EventRow, l10n: Localiser): string {
  if (inDelivery.of < 2) return '';
  return l10n.t('{0} of {1} in {2}', inDelivery.position, inDelivery.of, deliveryId);
}

export function marksOf(row: EventRow, l10n: Localiser): string[] {
  const marks: string[] = [];
  const signature = signatureOf(row, l10n);
  if (signature !== '' && row.signature !== 'unchecked') marks.push(signature);
  if (row.duplicateOf !== null) marks.push(l10n.t('duplicate of {0}', row.duplicateOf));
  if (row.injected) marks.push(l10n.t('edited and resent'));
  if (row.answered !== undefined) marks.push(l10n.t('answered {0} on purpose', row.httpStatus));
  return marks;
}

export function stateWord(state: RowState, l10n: Localiser): string {
  switch (state) {
    case 'failed':
      return l10n.t('Failed');
    case 'held':
      return l10n.t('Held');
    case 'retrying':
      return l10n.t('Retrying');
    case 'waiting':
      return l10n.t('Waiting');
    case 'discarded':
      return l10n.t('Discarded');
    case 'sent':
      return l10n.t('Sent');
    case 'rejected':
      return l10n.t('Rejected');
    case 'test':
      return l10n.t('Test call');
    case 'none':
      return l10n.t('Not forwarded');
  }
}

/** Why resending rows sent nothing: what wasn't sent yet isn't sent twice. */
export function whyNothingIsResent(rows: readonly EventRow[], l10n: Localiser): string {
  if (rows.some(({ forwardings }) => forwardings.some(isHeldAtGate)))
    return l10n.t('Not resent. To send held events, choose Release.');
  const waits = rows.some(({ forwardings }) =>
    forwardings.some(({ state }) => state === 'waiting' || state === 'held'),
  );
  return waits ? l10n.t('Not resent: still waiting to be sent.') : l10n.t('Not resent: no matching destination.');
}

/** The signature of a notification from Open Connectors; empty for Campaign Monitor's deliveries. */
export function signatureOf({ signature }: EventRow, l10n: Localiser): string {
  switch (signature) {
    case null:
      return '';
    case 'valid':
      return l10n.t('valid signature');
    case 'invalid':
      return l10n.t('wrong signature');
    case 'missing':
      return l10n.t('no signature');
    case 'unchecked':
      return l10n.t('signature not checked: no verify key');
    case 'fetched':
      return l10n.t('fetched: no signature to check');
  }
}

/** The last response of a destination that refused an event; empty if none has. */
function refusalOf(row: EventRow, around: UnderWay, l10n: Localiser): string {
  const shown = row.kind === 'event' ? shownForwarding(row, around) : undefined;
  if (shown === undefined || isUnderWay(shown, around)) return '';
  const word = forwardingWord(shown);
  return word === 'failed' || word === 'retrying' ? answerOf(shown, l10n) : '';
}

function furtherStateOf(row: EventRow, around: RowContext, l10n: Localiser): string {
  const isSaid = rowState(row) === 'failed' && refusalOf(row, around, l10n) !== '';
  return isSaid ? othersOf(row, l10n) : stateOf(row, around, l10n);
}

/**
 * The last response of a destination that refused it: its status, or in one word why there is none, because type and
 * address follow; empty if unknown.
 */
export function answerOf({ status, detail }: Forwarding, l10n: Localiser): string {
  if (status !== null) return String(status);
  if (detail === null) return '';
  if (/^no (?:complete )?(?:answer within|connection in time)/.test(detail)) return l10n.t('timed out');
  if (/\bECONNREFUSED\b/.test(detail)) return l10n.t('refused');
  if (/\b(?:ENOTFOUND|EAI_AGAIN)\b/.test(detail)) return l10n.t('unknown host');
  return printable(detail);
}

/** The state of an event's forwarding; empty if there is nothing to forward. */
export function stateOf(row: EventRow, around: RowContext, l10n: Localiser): string {
  if (row.kind !== 'event') return '';
  const shown = shownForwarding(row, around);
  if (shown === undefined) return l10n.t('not forwarded');
  const words = forwardingOf(shown, around, l10n, isUnderWay(shown, around));
  return [words, othersOf(row, l10n)].filter((part) => part !== '').join(', ');
}

/** How many of several destinations accepted an event; empty if it has one. */
function othersOf({ forwardings }: EventRow, l10n: Localiser): string {
  const all = forwardings.length;
  const sent = forwardings.filter(({ state }) => state === 'sent').length;
  return all < 2 ? '' : sent === all ? l10n.t('{0} times', all) : l10n.t('{0} of {1} sent', sent, all);
}

/** @param underWay it is being sent now */
export function forwardingOf(
  forwarding: Forwarding,
  around: RowContext,
  l10n: Localiser,
  underWay: boolean = false,
): string {
  const { status, durationMs } = forwarding;
  // Attempts are counted across replays, so the maximum of a round is, too.
  const before = forwarding.attempts - forwarding.ofRound;
  const ofRound = forwarding.maxAttempts ?? around.maxAttempts;
  const most = ofRound === null ? null : before + ofRound;
  const next = forwarding.attempts + 1;
  if (underWay) {
    return forwarding.ofRound === 0 || most === null || next > most
      ? l10n.t('sending')
      : l10n.t('sending, attempt {0} of {1}', next, most);
  }
  switch (forwardingWord(forwarding)) {
    case 'waiting': {
      const why = forwarding.detail ?? around.whyWaiting(forwarding.destinationId);
      return why === null ? l10n.t('waiting') : l10n.t('waiting: {0}', printable(why));
    }
    case 'retrying':
      return most === null || next > most ? l10n.t('retrying') : l10n.t('retrying, attempt {0} of {1}', next, most);
    case 'held':
      if (isHeldAtGate(forwarding)) return heldAtGate(forwarding, l10n);
      return forwarding.detail === null ? l10n.t('held') : l10n.t('held: {0}', printable(forwarding.detail));
    case 'sent':
      if (status === null || durationMs === null) return l10n.t('sent');
      return l10n.t('sent {0} in {1}', status, durationOf(durationMs, l10n));
    case 'failed':
      if (status !== null) return l10n.t('failed {0}', status);
      return forwarding.detail === null ? l10n.t('failed') : l10n.t('failed: {0}', printable(forwarding.detail));
    case 'discarded':
      return l10n.t('discarded');
  }
}

export function heldAtGate({ breakpointId }: Forwarding, l10n: Localiser): string {
  return breakpointId == null
    ? l10n.t('held: sending is paused')
    : l10n.t('held at breakpoint {0}', printable(breakpointId));
}

/** In full: since when, and who paused it, as far as known. */
function heldAtGateInFull(forwarding: Forwarding, { sending, now, language }: RowContext, l10n: Localiser): string {
  const { breakpointId } = forwarding;
  if (sending?.state !== 'paused') return heldAtGate(forwarding, l10n);
  const { since, by, stop } = sending;
  if (breakpointId == null) {
    const words = [clockOf(since, now, language), pauserOf(by, l10n)];
    return isToday(since, now)
      ? l10n.t('held: sending paused at {0} by {1}', ...words)
      : l10n.t('held: sending paused on {0} by {1}', ...words);
  }
  // Other notifications may have been stopped at it before.
  return stop?.breakpointIds.includes(breakpointId) === true && since === stop.at
    ? l10n.t('held at breakpoint {0} since {1}', printable(breakpointId), clockOf(stop.at, now, language))
    : heldAtGate(forwarding, l10n);
}

export function forwardingInFull(
  forwarding: Forwarding,
  around: RowContext,
  l10n: Localiser,
  underWay: boolean = false,
): string {
  if (isHeldAtGate(forwarding)) return heldAtGateInFull(forwarding, around, l10n);
  const words = forwardingOf(forwarding, around, l10n, underWay);
  const { state, status } = forwarding;
  const detail = printable(forwarding.detail ?? '');
  const said = detail === '' || words.includes(detail) || detail === `answered ${status}`;
  return said || state === 'sent' ? words : `${words}; ${detail}`;
}

/** A list's name, otherwise its ID, shortened if long. */
function shortList(list: string | null, around: RowContext): string {
  if (list === null) return '';
  const name = around.nameOfList(list);
  if (name !== undefined) return printable(name, 40);
  return printable(list.length > 10 ? `${list.slice(0, 8)}…` : list);
}
