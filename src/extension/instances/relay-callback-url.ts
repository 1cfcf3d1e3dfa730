/** The URL under which the platform reaches this window's relay; what is missing for it is started or opened. */
import * as vscode from 'vscode';
import { commandId } from '../commands.ts';
import type { Session } from '../session.ts';
import type { Platform } from './platform.ts';
import { GivenUpError, working } from '../cancellable-progress.ts';

/**
 * Starts the relay and opens its public URL where need be; the user agrees to the tunnel as always. The sandbox reaches
 * the relay on this machine without one.
 * @returns undefined where there is none, and the user knows why
 */
export async function relayCallbackUrl(
  session: Session,
  platform: Pick<Platform, 'isSandbox'>,
): Promise<string | undefined> {
  if (session.client === undefined) {
    try {
      await working(vscode.l10n.t('Starting the relay'), () => session.start());
    } catch {
      // The command says what is wrong, with a way on.
      await vscode.commands.executeCommand(commandId('start'));
    }
  }
  if (session.state.kind !== 'running') return undefined;
  const { publicOpenConnectorsUrl, openConnectorsUrl } = session.state.status;
  if (publicOpenConnectorsUrl !== null) return publicOpenConnectorsUrl;
  if (platform.isSandbox) return openConnectorsUrl;
  await vscode.commands.executeCommand(commandId('openTunnel'));
  try {
    return await working(vscode.l10n.t('Waiting for the public URL'), (signal) => publicUrl(session, signal));
  } catch (error) {
    if (error instanceof GivenUpError) return undefined;
    throw error;
  }
}

/** Resolves to the public URL, or undefined where none is on its way; the status bar says why. */
function publicUrl(session: Session, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settle = (url: string | undefined): void => {
      subscription.dispose();
      resolve(url);
    };
    const look = (): void => {
      const { state } = session;
      if (state.kind !== 'running') {
        settle(undefined);
        return;
      }
      const { publicOpenConnectorsUrl, tunnel } = state.status;
      if (publicOpenConnectorsUrl !== null) settle(publicOpenConnectorsUrl);
      else if (tunnel.state === 'closed' || tunnel.state === 'failed') settle(undefined);
    };
    const subscription = session.onDidChange(look);
    signal.addEventListener('abort', () => settle(undefined), { once: true });
    look();
  });
}
