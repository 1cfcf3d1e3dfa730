import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
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
    const { eventId } = stop;
    await offer('Warning', stopText(stop), {
      ...(eventId !== null && { [say('Show Event')]: () => this.#open(eventId) }),
      [say('Continue Sending')]: byCommand('continueSending'),
    });
  }

  /** Sending was already paused, or responses forced, when this window attached to the relay. */
  async leftSo({ sending, answering }: Partial<Pick<Status, 'sending' | 'answering'>>): Promise<void> {
    const reader = { now: Date.now(), language: vscode.env.language };
    if (answering?.state === 'on-purpose') {
      // Not awaited: the other notice is as important.
      void offer('Warning', onPurposeText(answering, reader), {
        [say('Answer As Usual')]: byCommand('answerDeliveries', 'as-usual'),
      });
    }
    if (sending?.state !== 'paused') return;
    const text = pausedText(sending, reader);
    await offer('Warning', text, {
      [say('Continue Sending')]: byCommand('continueSending'),
      [say('Show Held Events')]: showHeld,
    });
  }
}
