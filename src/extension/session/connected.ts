/** The connection that a command needs, or why it cannot do anything. */
import * as vscode from 'vscode';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { CommandError } from '../ui/command-error.ts';
import type { Session } from './session.ts';

/** The connection. @throws CommandError where the relay does not run */
export function connected(session: Pick<Session, 'client'>): RelayClient {
  const { client } = session;
  if (client !== undefined) return client;
  throw notRunning();
}

/** The relay does not run: it can be started. */
export function notRunning(): CommandError {
  return new CommandError(
    vscode.l10n.t('The relay isn’t running'),
    vscode.l10n.t('Start the relay, and then try again.'),
    {
      title: vscode.l10n.t('Start Relay'),
      command: 'start',
    },
  );
}
