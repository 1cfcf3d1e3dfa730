/** The state of sending in words. Text from outside is made printable here. */
import { say } from '../../common/say.ts';
import { heldCount, pauserOf } from '../../protocol/event-row.ts';
import type { Sending } from '../../protocol/debug.ts';
import { clockOf, isToday } from '../ui/phrases.ts';

/** Paused by a client, or stopped at a breakpoint. */
export type PausedSending = Extract<Sending, { state: 'paused' }>;

export interface Reader {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The user's, such as `de`. */
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
