/** Forced responses in words. Text from outside is made printable here. */
import { say } from '../../common/say.ts';
import type { AnsweringOnPurpose } from '../../protocol/answering.ts';
import { clientName } from '../../protocol/event-row.ts';
import { clockOf, durationOf } from '../ui/phrases.ts';
import type { Reader } from './sending-words.ts';

export function onPurposeText(
  { status, delayMs, remaining, until, by }: AnsweringOnPurpose,
  { now, language }: Reader,
): string {
  const words = [
    delayMs === 0 ? String(status) : say('{0} after {1}', status, durationOf(delayMs)),
    clockOf(until, now, language),
    clientName(by),
  ];
  return remaining === null
    ? say('Deliveries are answered with {0} until {1} and not forwarded (set by {2}).', ...words)
    : say(
        'Deliveries are answered with {0} until {1} and not forwarded (set by {2}). Left: {3}.',
        ...words,
        remaining.toLocaleString(language),
      );
}

/** The consequence of a status that may be unexpected: a success isn't posted again. */
export function afterStatus(status: number): string | undefined {
  return status >= 200 && status < 300 ? say('the sender doesn’t post again') : undefined;
}
