/** What is said unasked of sending that is paused: somebody may not know of it. */
import * as vscode from 'vscode';
import type { Stop } from '../../../protocol/debug.ts';
import { commandId } from '../../commands.ts';
import { showHeld } from './sending.ts';
import { pausedText } from './sending-words.ts';
import type { PausedSending } from './sending-words.ts';
import { stopText } from './stop-words.ts';

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
    const [goOn, show] = [l10n.t('Continue Sending'), l10n.t('Show Event')];
    const buttons = eventId === null ? [goOn] : [show, goOn];
    const choice = await vscode.window.showWarningMessage(stopText(stop, l10n), ...buttons);
    if (choice === goOn) await vscode.commands.executeCommand(commandId('continueSending'));
    else if (choice === show && eventId !== null) await this.#parts.open(eventId);
  }

  /** Sending was left paused when this window came to the relay. */
  async leftPaused(sending: PausedSending): Promise<void> {
    const { l10n } = vscode;
    const [goOn, show] = [l10n.t('Continue Sending'), l10n.t('Show Held')];
    const text = pausedText(sending, { now: Date.now(), language: vscode.env.language }, l10n);
    const choice = await vscode.window.showWarningMessage(text, goOn, show);
    if (choice === goOn) await vscode.commands.executeCommand(commandId('continueSending'));
    else if (choice === show) await showHeld();
  }
}
