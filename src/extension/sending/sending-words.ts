import { say } from '../../common/say.ts';
import { heldCount, pauserOf } from '../../protocol/event-row.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { AnsweringOnPurpose } from '../../protocol/answering.ts';
import { clockOf, durationOf, isToday } from '../ui/phrases.ts';

export type PausedSending = Extract<Sending, { state: 'paused' }>;

export interface Reader {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly language: string;
}

export function pausedText(sending: PausedSending, { now, language }: Reader): string {
  const words = [
    clockOf(sending.since, now, language),
    pauserOf(sending.by),
    heldCount(sending.held).toLocaleString(language),
  ];
  return isToday(sending.since, now)
    ? say('Sending paused at {0} by {1}. Held: {2}.', ...words)
    : say('Sending paused on {0} by {1}. Held: {2}.', ...words);
}

export function leftPausedText(sending: PausedSending, language: string): string {
  return say(
    'Sending is paused and stays paused when the relay starts. Held: {0}.',
    heldCount(sending.held).toLocaleString(language),
  );
}

export function onPurposeText(
  { status, delayMs, remaining, until, by }: AnsweringOnPurpose,
  { now, language }: Reader,
): string {
  const words = [
    delayMs === 0 ? String(status) : say('{0} after {1}', status, durationOf(delayMs)),
    clockOf(until, now, language),
    pauserOf({ kind: 'client', client: by }),
  ];
  return remaining === null
    ? say('Deliveries are answered with {0} until {1} and not forwarded (set by {2}).', ...words)
    : say(
        'Deliveries are answered with {0} until {1} and not forwarded (set by {2}). Left: {3}.',
        ...words,
        remaining.toLocaleString(language),
      );
}

export function afterStatus(status: number): string | undefined {
  return status >= 200 && status < 300 ? say('the sender doesn’t post again') : undefined;
}
