import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow, Forwarding } from '../../protocol/history.ts';
import { ResendOnSave, type ResendState } from '../../protocol/resend-on-save.ts';
import { commandId, type CommandHandlers } from '../commands.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { chosenRow } from '../events/chosen.ts';
import type { EventsNode } from '../events/event-node.ts';
import { answerOf, forwardingWord, labelOf, stateWord } from '../../protocol/event-row.ts';
import { prefix } from '../prefix.ts';
import { connected } from '../session/session.ts';
import { withNext } from '../ui/error-words.ts';
import { placeOf } from '../ui/phrases.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { requireNotifications } from './resend.ts';

export function createResendOnSaveCommands(parts: ActionParts): CommandHandlers<'resendOnSave'> {
  let resent: string | undefined;
  let end = (): void => undefined;
  const stop = (): void => {
    end();
    resent = undefined;
  };
  parts.context.subscriptions.push({ dispose: stop });
  return {
    resendOnSave: (node?: EventsNode) => {
      const row = chosenRow(parts, node);
      requireNotifications([row]);
      const before = resent;
      stop();
      if (row.id === before) return;
      end = start(parts, row, stop);
      resent = row.id;
    },
    stopResendOnSave: stop,
  };
}

function start({ session }: ActionParts, row: EventRow, stop: () => void): () => void {
  const { window, workspace } = vscode;
  const client = connected(session);
  const ending = new AbortController();
  const item = window.createStatusBarItem(`${prefix}.resendOnSave`, vscode.StatusBarAlignment.Left, -1);
  item.name = say('Resend on Save');
  item.command = commandId('stopResendOnSave');
  const resending = new ResendOnSave({
    client,
    eventId: row.id,
    onChange: (state) => {
      if (!ending.signal.aborted) show(item, row, state);
    },
  });
  const saves = workspace.onDidSaveTextDocument(({ uri }) => {
    if (workspace.workspaceFolders === undefined || workspace.getWorkspaceFolder(uri) !== undefined) resending.save();
  });
  resending.run(ending.signal).catch((error: unknown) => {
    if (ending.signal.aborted) return;
    stop();
    showStatusMessage(
      (error as { code?: unknown }).code === 'connection-lost'
        ? say('Resend on Save stopped because the relay stopped.')
        : say('Resend on Save stopped: {0}', withNext(error)),
    );
  });
  return () => {
    ending.abort();
    saves.dispose();
    item.dispose();
  };
}

function show(item: vscode.StatusBarItem, row: EventRow, { forwardings, phase }: ResendState): void {
  const { ThemeColor } = vscode;
  const words = forwardings.map(forwardingWord);
  const hasFailed = phase === 'done' && words.some((word) => word === 'failed' || word === 'retrying');
  const isSent = phase === 'done' && words.length > 0 && words.every((word) => word === 'sent');
  const icon = phase === 'sending' ? 'sync~spin' : hasFailed ? 'error' : isSent ? 'pass' : 'sync';
  const responses = forwardings.map(responseOf);
  const response = phase === 'sending' ? say('sending') : phase === 'down' ? say('down') : responses.join(', ');
  item.text = [`$(${icon}) ${row.id}`, response].filter((part) => part !== '').join(': ');
  item.tooltip = [
    say('Resend on Save: {0}', labelOf(row)),
    ...(phase === 'done' ? forwardings.map((each, i) => `${placeOf(each.destination)}: ${responses[i]}`) : [response]),
    say('To stop, click here.'),
  ].join('\n');
  item.accessibilityInformation = { label: `${row.id}: ${response}. ${item.tooltip}`, role: 'button' };
  item.backgroundColor = hasFailed ? new ThemeColor('statusBarItem.errorBackground') : undefined;
  // The theme's green is hard to read on the status bar of light themes.
  const isLight = vscode.window.activeColorTheme.kind === vscode.ColorThemeKind.Light;
  item.color = isSent && !isLight ? new ThemeColor('testing.iconPassed') : undefined;
  item.show();
}

function responseOf(forwarding: Forwarding): string {
  const word = forwardingWord(forwarding);
  const isTried = word === 'sent' || word === 'failed' || word === 'retrying';
  return (isTried ? answerOf(forwarding) : '') || stateWord(word);
}
