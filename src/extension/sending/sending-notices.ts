import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Stop } from '../../protocol/debug.ts';
import type { Status } from '../../protocol/status.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { showHeld } from './sending.ts';
import { onPurposeText, pausedText } from './sending-words.ts';
import { inMessage } from '../ui/printable.ts';

export class SendingNotices {
  readonly #open: (eventId: string) => Thenable<unknown>;

  constructor({ open }: { readonly open: (eventId: string) => Thenable<unknown> }) {
    this.#open = open;
  }

  async stopped(stop: Stop): Promise<void> {
    const { eventId } = stop;
    await offer('Warning', stopText(stop), {
      ...(eventId !== null && { [say('Show Event')]: () => this.#open(eventId) }),
      [say('Continue Sending')]: byCommand('continueSending'),
    });
  }

  /** Called if this was so when the window attached to the relay. */
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
