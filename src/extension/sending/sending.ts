import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { heldCount } from '../../protocol/event-row.ts';
import type { DebugClient, HeldAtStop, Sending } from '../../protocol/debug.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import { focusView } from '../ui/offer.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { connected, type Session } from '../session/session.ts';
import { answerDeliveries } from './answer-deliveries.ts';
import { pausedText } from './sending-words.ts';

export const thisWindow: DebugClient = { kind: 'vscode', id: String(process.pid) };

export function createSendingCommands(session: Session): CommandHandlers<'sending'> {
  return {
    pauseSending: async () => {
      const before = session.status?.sending;
      await connected(session).request('debug/pause', { by: thisWindow });
      // If sending was already paused, say so; otherwise the status bar shows the change.
      if (before?.state === 'paused') showStatusMessage(pausedText(before, readerNow()));
    },
    continueSending: async () => {
      const { released, sending } = await connected(session).request('debug/continue', {});
      showStatusMessage(continuedText(released, sending));
    },
    answerDeliveries: (given?: unknown) => answerDeliveries(session, thisWindow, given),
    sendNext: async () => {
      const { released, sending } = await connected(session).request('debug/step', {});
      const [first] = released;
      showStatusMessage(
        first === undefined
          ? say('Nothing is held.')
          : say('{0} released. Held: {1}.', first.notificationId, written(heldCount(sending.held))),
      );
    },
  };
}

function continuedText(released: number, sending: Sending): string {
  if (sending.state === 'paused') return pausedText(sending, readerNow());
  return released === 0
    ? say('Sending resumed. No events were held.')
    : say('Sending resumed. Released: {0}.', written(released));
}

function written(count: number): string {
  return count.toLocaleString(vscode.env.language);
}

function readerNow(): { readonly now: number; readonly language: string } {
  return { now: Date.now(), language: vscode.env.language };
}

export async function showHeld(): Promise<void> {
  await focusView('events');
  await vscode.commands.executeCommand(commandId('filterEvents'), 'state:held');
}

/** Doesn't ask if nothing is held. Resolves to undefined if the user doesn't want to stop. */
export async function askAboutHeld(sending: Sending | undefined): Promise<HeldAtStop | undefined> {
  const held = sending === undefined ? 0 : heldCount(sending.held);
  if (held === 0) return 'keep';
  const [keep, release, discard] = [say('Keep Held'), say('Release'), say('Discard')];
  const choice = await vscode.window.showWarningMessage(
    held === 1
      ? say('Stop the relay? One notification is held.')
      : say('Stop the relay? {0} notifications are held.', written(held)),
    {
      modal: true,
      detail: say(
        'Keep Held: notifications stay held after the next start, too. Release: sends them now; any not sent within five seconds wait for the next start. Discard: they stay in the history, and you can resend them.',
      ),
    },
    keep,
    release,
    discard,
  );
  if (choice === keep) return 'keep';
  if (choice === release) return 'release';
  return choice === discard ? 'drop' : undefined;
}
