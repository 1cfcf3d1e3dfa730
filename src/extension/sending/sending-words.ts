/** The state of sending in words. Text from outside is made printable here. */
import { heldCount } from '../../common/held-count.ts';
import type { PausedBy, Sending } from '../../protocol/debug.ts';
import type { Localiser } from '../ui/localiser.ts';
import { clockOf, isToday } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';

/** Paused by a client, or stopped at a breakpoint. */
export type PausedSending = Extract<Sending, { state: 'paused' }>;

export interface Reader {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The user's, such as `de`. */
  readonly language: string;
}

export function pauserOf(by: PausedBy, l10n: Localiser): string {
  if (by.kind === 'breakpoint') return l10n.t('breakpoint {0}', printable(by.breakpointId));
  const { kind, id } = by.client;
  switch (kind) {
    case 'vscode':
      return 'VS Code';
    case 'terminal':
      return id === undefined ? l10n.t('a terminal') : l10n.t('a terminal ({0})', printable(id));
    case 'other':
      return id === undefined ? l10n.t('another program') : l10n.t('another program ({0})', printable(id));
  }
}

export function pausedText(sending: PausedSending, { now, language }: Reader, l10n: Localiser): string {
  const words = [
    clockOf(sending.since, now, language),
    pauserOf(sending.by, l10n),
    heldCount(sending.held).toLocaleString(language),
  ];
  return isToday(sending.since, now)
    ? l10n.t('Sending paused at {0} by {1}. Held: {2}.', ...words)
    : l10n.t('Sending paused on {0} by {1}. Held: {2}.', ...words);
}

export function leftPausedText(sending: PausedSending, language: string, l10n: Localiser): string {
  return l10n.t(
    'Sending is paused and stays paused when the relay starts. Held: {0}.',
    heldCount(sending.held).toLocaleString(language),
  );
}
