/** Loaded when sending stops, not at activation. */
import { say } from '../../common/say.ts';
import type { Stop } from '../../protocol/debug.ts';
import { inMessage } from '../ui/printable.ts';

export function stopText({ place, eventId, breakpointIds, text }: Stop): string {
  if (eventId === null || place === null) return inMessage(text, 500);
  const breakpoints = inMessage(breakpointIds.join(', '));
  switch (place) {
    case 'event':
      return say('Sending stopped at breakpoint {0} before {1} was sent.', breakpoints, eventId);
    case 'failed-attempt':
      return say('Sending stopped at breakpoint {0} after an attempt to send {1} failed.', breakpoints, eventId);
    case 'wrong-signature':
      return say('Sending stopped at breakpoint {0}: the signature of {1} is wrong or missing.', breakpoints, eventId);
    case 'rejected':
      return say('Sending stopped at breakpoint {0}: {1} was rejected.', breakpoints, eventId);
  }
}
