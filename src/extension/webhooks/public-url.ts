/** Brings the relay to where Campaign Monitor can reach it. */
import * as vscode from 'vscode';
import type { Status } from '../../protocol.ts';
import { CommandError } from '../command-error.ts';
import { commandId } from '../commands.ts';
import type { Session } from '../session.ts';

/**
 * The relay's public URL for Campaign Monitor's webhooks; starts the relay and opens the URL where that is needed.
 * @returns undefined where the user did not agree to it, or gave up waiting
 * @throws CommandError where no public URL can be had
 */
export async function ensurePublicUrl(session: Session): Promise<string | undefined> {
  const now = statusOf(session)?.publicCampaignMonitorUrl;
  if (typeof now === 'string') return now;
  await vscode.commands.executeCommand(commandId('openTunnel'));
  const status = statusOf(session);
  // Not started, or not agreed to: that was said already.
  if (status === undefined || session.needsAgreement() || status.settings.tunnel.kind === 'none') return undefined;
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Opening the public URL'),
      cancellable: true,
    },
    (_progress, token) => settled(session, token),
  );
}

function statusOf({ state }: Session): Status | undefined {
  return state.kind === 'running' ? state.status : undefined;
}

function settled(session: Session, token: vscode.CancellationToken): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const disposables: vscode.Disposable[] = [];
    const end = (): void => {
      for (const each of disposables) each.dispose();
    };
    const look = (): void => {
      const status = statusOf(session);
      if (status === undefined) {
        end();
        resolve(undefined);
      } else if (status.publicCampaignMonitorUrl !== null) {
        end();
        resolve(status.publicCampaignMonitorUrl);
      } else if (status.tunnel.state === 'failed') {
        end();
        reject(
          new CommandError(
            vscode.l10n.t('There is no public URL: {0}', status.tunnel.reason),
            vscode.l10n.t('Check the tunnel’s settings and try again.'),
            { title: vscode.l10n.t('Open Settings'), command: 'openSettings' },
          ),
        );
      }
    };
    disposables.push(
      session.onDidChange(look),
      token.onCancellationRequested(() => {
        end();
        resolve(undefined);
      }),
    );
    look();
  });
}
