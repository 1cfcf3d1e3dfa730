import { attemptAdvice, isInvalidResponse } from '../../protocol/attempts.ts';
import { eventStates } from '../../protocol/event-filter.ts';
import type { AttemptDetail, Forwarding } from '../../protocol/history.ts';
import type { Found } from '../found.ts';
import { count } from '../terminal/text.ts';
import { Message } from './redaction.ts';

export interface Explained {
  readonly notificationId: string;
  readonly destination: string;
  readonly state: Forwarding['state'];
  readonly why: string;
  readonly next: string;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastResponse: Message | null;
  readonly nextAttemptAt: string | null;
}

const mostForwardings = 20;

export function explainEvent({ event, notifications, attempts, omittedForwardings }: Omit<Found, 'headers' | 'body'>): {
  readonly summary: string;
  readonly forwardings: readonly Explained[];
} {
  if (event.kind === 'rejected')
    return { summary: 'The webhook endpoint rejected the delivery, so nothing was forwarded.', forwardings: [] };
  if (event.kind === 'test')
    return { summary: 'This is a test call without events. There is nothing to forward.', forwardings: [] };
  const forwardings = notifications
    .flatMap(({ id, forwardings: each }) => each.map((forwarding) => explain(id, forwarding, attempts)))
    .sort((a, b) => eventStates.indexOf(a.state) - eventStates.indexOf(b.state));
  const failed = forwardings.filter(({ state }) => state === 'failed').length;
  const open = forwardings.filter(({ state }) => state === 'waiting' || state === 'held').length;
  const more = Math.max(0, forwardings.length - mostForwardings);
  const summary =
    forwardings.length === 0
      ? 'No destination in the settings accepts this event.'
      : `${count(forwardings.length, 'forwarding')}: ${failed} failed, ${open} waiting or held.${more === 0 ? '' : ` The ${mostForwardings} most urgent are shown.`}${omittedForwardings === 0 ? '' : ` ${omittedForwardings} more ${omittedForwardings === 1 ? 'was' : 'were'} not checked; ${omittedForwardings === 1 ? 'request the event it belongs to' : 'request the events they belong to'}.`}`;
  return { summary, forwardings: forwardings.slice(0, mostForwardings) };
}

function explain(notificationId: string, forwarding: Forwarding, attempts: readonly AttemptDetail[]): Explained {
  const { destination, destinationId, state, attempts: made, nextAttemptAt } = forwarding;
  const last = attempts.findLast(
    (each) => each.notificationId === notificationId && each.destinationId === destinationId,
  );
  return {
    notificationId,
    destination,
    state,
    ...wordsOf(forwarding, last),
    attempts: made,
    lastStatus: last?.status ?? forwarding.status,
    lastError: last?.error ?? null,
    lastResponse: last === undefined || last.status === null ? null : new Message(last.answerHeaders, last.answerBody),
    nextAttemptAt,
  };
}

function wordsOf(
  { state, heldBy, downSince }: Forwarding,
  last: AttemptDetail | undefined,
): Pick<Explained, 'why' | 'next'> {
  switch (state) {
    case 'sent':
      return { why: 'The destination accepted the notification.', next: 'Nothing to do.' };
    case 'discarded':
      return { why: 'The notification was discarded.', next: 'Resend it if you still need it.' };
    case 'held':
      return { why: heldWords[heldBy ?? 'pause'].why, next: heldWords[heldBy ?? 'pause'].next };
    case 'waiting':
      if (last === undefined)
        return {
          why: 'The notification is waiting for its first attempt.',
          next:
            downSince === undefined
              ? 'Check again in a moment. If the notification is still waiting, check that the destination is running.'
              : 'The destination is down. The relay sends the notification when the destination answers.',
        };
      return { why: `${answerWords(last).why} The relay will retry.`, next: answerWords(last).next };
    case 'failed': {
      if (last === undefined)
        return { why: 'The notification failed, and its attempts are no longer stored.', next: 'Resend it.' };
      const { why, next } = answerWords(last);
      return { why: `${why} The relay will not retry.`, next };
    }
  }
}

const heldWords: Readonly<Record<NonNullable<Forwarding['heldBy']>, Pick<Explained, 'why' | 'next'>>> = {
  pause: { why: 'Sending is paused.', next: 'To send held events, run cm-relay debug continue.' },
  breakpoint: {
    why: 'The notification stopped at a breakpoint.',
    next: 'Send it with cm-relay debug step or cm-relay debug continue.',
  },
  'missing-key': {
    why: 'A key or credentials for the destination are missing.',
    next: 'Start cm-relay listen with the key or credentials, or open the VS Code window that has them.',
  },
  destination: { why: 'The destination is on hold.', next: 'To see why, run cm-relay status.' },
};

function answerWords(attempt: AttemptDetail): Pick<Explained, 'why' | 'next'> {
  const { status, error, durationMs } = attempt;
  const next = attemptAdvice(attempt);
  if (status !== null) return { why: `The callback answered ${status}.`, next };
  if (isInvalidResponse(error)) return { why: "The callback's response wasn't valid HTTP.", next };
  return /ECONNREFUSED/.test(error ?? '')
    ? { why: 'Nothing is listening at the destination.', next }
    : { why: `The attempt failed without an answer after ${Math.round(durationMs)} ms.`, next };
}
