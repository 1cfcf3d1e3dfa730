import * as vscode from 'vscode';
import type { Stop } from '../../protocol/debug.ts';
import type { Status } from '../../protocol/status.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { onPurposeText } from './answering-words.ts';
import { showHeld } from './sending.ts';
import { pausedText } from './sending-words.ts';
import { stopText } from './stop-messages.ts';

export class SendingNotices {
  readonly #open: (eventId: string) => Thenable<unknown>;

  constructor({ open }: { readonly open: (eventId: string) => Thenable<unknown> }) {
    this.#open = open;
  }

  /** Sending stopped at a breakpoint, and no debugger of this window shows it. */
  async stopped(stop: Stop): Promise<void> {
    const { l10n } = vscode;
    const { eventId } = stop;
    await offer('Warning', stopText(stop, l10n), {
      ...(eventId !== null && { [l10n.t('Show Event')]: () => this.#open(eventId) }),
      [l10n.t('Continue Sending')]: byCommand('continueSending'),
    });
  }

  /** Sending was already paused, or responses forced, when this window attached to the relay. */
  async leftSo({ sending, answering }: Partial<Pick<Status, 'sending' | 'answering'>>): Promise<void> {
    const { l10n } = vscode;
    const reader = { now: Date.now(), language: vscode.env.language };
    if (answering?.state === 'on-purpose') {
      // Not awaited: the other notice is as important.
      void offer('Warning', onPurposeText(answering, reader, l10n), {
        [l10n.t('Answer As Usual')]: byCommand('answerDeliveries', 'as-usual'),
      });
    }
    if (sending?.state !== 'paused') return;
    const text = pausedText(sending, reader, l10n);
    await offer('Warning', text, {
      [l10n.t('Continue Sending')]: byCommand('continueSending'),
      [l10n.t('Show Held Events')]: showHeld,
    });
  }
}
