/** Text from outside is made printable here. */
import { say } from '../common/say.ts';
import { printable } from '../common/unprintable.ts';
import type { DebugClient, PausedBy, Sending } from './debug.ts';
import { eventStates } from './event-filter.ts';
import type { EventRow, EventState, Forwarding } from './history.ts';

export type RowState = EventState;

type ForwardingWord = Exclude<RowState, 'rejected' | 'test' | 'none'>;

export function forwardingWord({ state, attempts, nextAttemptAt }: Forwarding): ForwardingWord {
  return state === 'waiting' && attempts > 0 && nextAttemptAt !== null ? 'retrying' : state;
}

/** A pause or a breakpoint holds it, so it can be released, edited, and discarded. What waits for a secret can't. */
export function isHeldAtGate({ state, heldBy }: Forwarding): boolean {
  return state === 'held' && (heldBy === 'pause' || heldBy === 'breakpoint');
}

/** Undefined if the event has no destination. */
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

export function rowState(row: EventRow): RowState {
  if (row.kind !== 'event') return row.kind;
  const forwarding = mostUrgent(row.forwardings);
  return forwarding === undefined ? 'none' : forwardingWord(forwarding);
}

export type ShownState = RowState | 'sending';

export interface UnderWay {
  isUnderWay(notificationId: string, destinationId: string): boolean;
}

export function isUnderWay({ state, notificationId, destinationId }: Forwarding, known: UnderWay): boolean {
  return state === 'waiting' && known.isUnderWay(notificationId, destinationId);
}

/** One that needs attention, otherwise one that is being sent. */
export function shownForwarding(row: EventRow, known: UnderWay): Forwarding | undefined {
  const urgent = mostUrgent(row.forwardings);
  if (urgent === undefined || urgent.state === 'failed' || urgent.state === 'held') return urgent;
  return row.forwardings.find((each) => isUnderWay(each, known)) ?? urgent;
}

export function shownState(row: EventRow, known: UnderWay): ShownState {
  const shown = row.kind === 'event' ? shownForwarding(row, known) : undefined;
  return shown !== undefined && isUnderWay(shown, known) ? 'sending' : rowState(row);
}

/** For the context menu's `when` clauses, each between semicolons. */
export function flagsOf(row: EventRow): string {
  const flags = ['row'];
  if (row.notificationId !== null) flags.push('notification');
  if (row.forwardings.some(({ state }) => state === 'waiting' || state === 'held')) flags.push('open');
  if (row.forwardings.some(isHeldAtGate)) flags.push('atGate');
  if (row.forwardings.some((each) => each.state === 'held' && !isHeldAtGate(each))) flags.push('held');
  return flags.map((flag) => `;${flag};`).join('');
}

export function typeOf(row: EventRow): string {
  return row.kind === 'event' ? printable(row.type ?? say('No type')) : stateWord(row.kind);
}

export function addressOf({ address }: EventRow): string {
  return address === null || address === '' ? say('No address') : printable(address);
}

export function aboutOf(row: EventRow): string {
  return row.kind === 'event' ? addressOf(row) : printable(row.reason ?? '');
}

export function labelOf(row: EventRow): string {
  if (row.kind === 'event') return `${typeOf(row)} · ${addressOf(row)}`;
  return row.kind === 'test' ? say('Test call') : say('Rejected: {0}', printable(row.reason ?? String(row.httpStatus)));
}

export function placeInDelivery({ deliveryId, inDelivery }: EventRow): string {
  if (inDelivery.of < 2) return '';
  return say('{0} of {1} in {2}', inDelivery.position, inDelivery.of, deliveryId);
}

export function marksOf(
  row: Pick<EventRow, 'signature' | 'duplicateOf' | 'injected' | 'answered' | 'httpStatus'>,
): string[] {
  const marks: string[] = [];
  if (row.answered !== undefined) marks.push(say('answered {0} on purpose', row.httpStatus));
  if (row.signature !== null && row.signature !== 'unchecked') marks.push(signatureOf(row));
  if (row.duplicateOf !== null) marks.push(say('duplicate of {0}', row.duplicateOf));
  if (row.injected) marks.push(say('edited and resent'));
  return marks;
}

/** Empty for Campaign Monitor's deliveries. */
export function signatureOf({ signature }: Pick<EventRow, 'signature'>): string {
  if (signature === null) return '';
  return {
    valid: say('valid signature'),
    invalid: say('wrong signature'),
    missing: say('no signature'),
    unchecked: say('signature not checked: no verify key'),
    fetched: say('fetched: no signature to check'),
  }[signature];
}

export function stateWord(state: RowState): string {
  return {
    failed: say('Failed'),
    held: say('Held'),
    retrying: say('Retrying'),
    waiting: say('Waiting'),
    discarded: say('Discarded'),
    sent: say('Sent'),
    rejected: say('Rejected'),
    test: say('Test call'),
    none: say('Not forwarded'),
  }[state];
}

export function heldAtGate({ breakpointId }: Forwarding): string {
  return breakpointId == null ? say('held: sending is paused') : say('held at breakpoint {0}', printable(breakpointId));
}

/** The status of the last response, or in one word why there is none; empty if unknown. */
export function answerOf({ status, detail }: Forwarding): string {
  if (status !== null) return String(status);
  if (detail === null) return '';
  if (/^no (?:complete )?(?:answer within|connection in time)/.test(detail)) return say('timed out');
  if (/\bECONNREFUSED\b/.test(detail)) return say('refused');
  if (/\b(?:ENOTFOUND|EAI_AGAIN)\b/.test(detail)) return say('unknown host');
  return printable(detail);
}

export function pauserOf(by: PausedBy): string {
  return by.kind === 'client' ? clientName(by.client) : say('breakpoint {0}', printable(by.breakpointId));
}

export function clientName({ kind, id }: DebugClient): string {
  switch (kind) {
    case 'vscode':
      return 'VS Code';
    case 'terminal':
      return id === undefined ? say('a terminal') : say('a terminal ({0})', printable(id));
    case 'other':
      return id === undefined ? say('another program') : say('another program ({0})', printable(id));
  }
}

/** Only those that wait for the user: not for a key or their destination. */
export function heldCount({ pause, breakpoint }: Pick<Sending['held'], 'pause' | 'breakpoint'>): number {
  return pause + breakpoint;
}
