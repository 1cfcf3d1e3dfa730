/** Where sending stopped, in words. They are needed when it does: not at the start. */
import type { Stop } from '../../protocol/debug.ts';
import type { Localiser } from '../ui/localiser.ts';
import { inMessage } from '../ui/printable.ts';

/** Where sending stopped, for a message. */
export function stopText({ place, eventId, breakpointIds, text, failure }: Stop, l10n: Localiser): string {
  if (failure !== null) {
    const names = inMessage(breakpointIds.join(', '));
    return eventId === null
      ? l10n.t(
          'Sending stopped because the relay stopped unexpectedly while evaluating breakpoint {0}. The breakpoint is off; set it again to turn it on.',
          names,
        )
      : l10n.t(
          'Sending stopped at breakpoint {0} because the breakpoint couldn’t be evaluated for {1}: {2}.',
          names,
          eventId,
          // The relay's words say before each reason that the condition could not be evaluated, in English.
          inMessage(failure.replaceAll('its condition could not be evaluated: ', ''), 300),
        );
  }
  if (eventId === null || place === null) return inMessage(text, 500);
  const breakpoints = inMessage(breakpointIds.join(', '));
  switch (place) {
    case 'event':
      return l10n.t('Sending stopped at breakpoint {0} before {1} was sent.', breakpoints, eventId);
    case 'failed-attempt':
      return l10n.t('Sending stopped at breakpoint {0} after an attempt to send {1} failed.', breakpoints, eventId);
    case 'wrong-signature':
      return l10n.t(
        'Sending stopped at breakpoint {0}: the signature of {1} is wrong or missing.',
        breakpoints,
        eventId,
      );
    case 'rejected':
      return l10n.t('Sending stopped at breakpoint {0}: {1} was rejected.', breakpoints, eventId);
  }
}
