/** Forced responses in words. Text from outside is made printable here. */
import type { AnsweringOnPurpose } from '../../protocol/answering.ts';
import type { Localiser } from '../ui/localiser.ts';
import { clockOf, durationOf } from '../ui/phrases.ts';
import { pauserOf } from './sending-words.ts';
import type { Reader } from './sending-words.ts';

export function onPurposeText(
  { status, delayMs, remaining, until, by }: AnsweringOnPurpose,
  { now, language }: Reader,
  l10n: Localiser,
): string {
  const words = [
    delayMs === 0 ? String(status) : l10n.t('{0} after {1}', status, durationOf(delayMs, l10n)),
    clockOf(until, now, language),
    pauserOf({ kind: 'client', client: by }, l10n),
  ];
  return remaining === null
    ? l10n.t('Deliveries are answered with {0} until {1} and not forwarded (set by {2}).', ...words)
    : l10n.t(
        'Deliveries are answered with {0} until {1} and not forwarded (set by {2}). Left: {3}.',
        ...words,
        remaining.toLocaleString(language),
      );
}

/** The consequence of a status that may be unexpected: a success isn't posted again. */
export function afterStatus(status: number, l10n: Localiser): string | undefined {
  return status >= 200 && status < 300 ? l10n.t('the sender doesn’t post again') : undefined;
}
