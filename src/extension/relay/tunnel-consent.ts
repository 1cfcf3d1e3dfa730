/** The relay's public URL, as the user agrees to it: who sees what passes through is said before it is first opened. */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';
import type { Session } from './session.ts';

/** Which tunnels were offered, by kind and host. */
const offeredKey = `${prefix}.offeredTunnels`;

/**
 * Offered once for each tunnel, after a start, without standing in the way: commands, the events view and the status
 * bar's menu open it later.
 */
export async function offerTunnel(session: Session, state: vscode.Memento): Promise<void> {
  const tunnel = session.tunnelToAgree();
  const offered = state.get<readonly string[]>(offeredKey, []);
  if (tunnel === null || offered.includes(tunnel)) return;
  await state.update(offeredKey, [...offered, tunnel]);
  const open = vscode.l10n.t('Open Public URL');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The relay listens on this machine. {0}', tunnelQuestion()),
    open,
    vscode.l10n.t('Only This Machine'),
  );
  if (choice !== open) return;
  await session.agree(tunnel);
  // The offer may have stood for hours, and the settings name another tunnel by now.
  if (session.needsAgreement()) await openTunnel(session);
}

/**
 * Opens the public URL of a running relay, after a question where the user has not agreed to this tunnel yet; says so
 * where the settings name none. It may take a while to answer: see relay-urls.ts.
 */
export async function openTunnel(session: Session): Promise<void> {
  const tunnel = session.tunnelToAgree();
  if (tunnel !== null) {
    const open = vscode.l10n.t('Open Public URL');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('Open a public URL?'),
      { modal: true, detail: tunnelQuestion() },
      open,
    );
    if (choice !== open) return;
    await session.agree(tunnel);
    return;
  }
  const status = await session.client?.request('tunnel/open', {});
  if (status?.state !== 'closed') return;
  const settings = vscode.l10n.t('Open Settings');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The settings name no tunnel, so there is no public URL to open.'),
    settings,
  );
  if (choice === settings) await vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.tunnel`);
}

function tunnelQuestion(): string {
  return vscode.l10n.t(
    'With a public URL Campaign Monitor reaches this relay. Every delivery, with names and addresses of subscribers, then passes through the servers of the tunnel ({0}), which can read it.',
    tunnelName(),
  );
}

function tunnelName(): string {
  const config = vscode.workspace.getConfiguration(prefix);
  const kind = config.get<string>('tunnel.kind', 'localtunnel');
  return kind === 'localtunnel' ? new URL(config.get<string>('tunnel.host', 'https://localtunnel.me')).host : kind;
}
