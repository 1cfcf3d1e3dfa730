/** What is said unasked of sending that is paused: somebody may not know of it. */
import * as vscode from 'vscode';
import type { Stop } from '../../protocol/debug.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { showHeld } from './sending.ts';
import { pausedText } from './sending-words.ts';
import type { PausedSending } from './sending-words.ts';
import { stopText } from './stop-messages.ts';

export interface SendingNoticesParts {
  /** Opens an event. */
  readonly open: (eventId: string) => Thenable<unknown>;
}

export class SendingNotices {
  readonly #parts: SendingNoticesParts;

  constructor(parts: SendingNoticesParts) {
    this.#parts = parts;
  }

  /** Sending stopped at a breakpoint, and no debugger of this window shows it. */
  async stopped(stop: Stop): Promise<void> {
    const { l10n } = vscode;
    const { eventId } = stop;
    await offer('Warning', stopText(stop, l10n), {
      ...(eventId !== null && { [l10n.t('Show Event')]: () => this.#parts.open(eventId) }),
      [l10n.t('Continue Sending')]: byCommand('continueSending'),
    });
  }

  /** Sending was left paused when this window came to the relay. */
  async leftPaused(sending: PausedSending): Promise<void> {
    const { l10n } = vscode;
    const text = pausedText(sending, { now: Date.now(), language: vscode.env.language }, l10n);
    await offer('Warning', text, {
      [l10n.t('Continue Sending')]: byCommand('continueSending'),
      [l10n.t('Show Held Events')]: showHeld,
    });
  }
}
