/** The menu of the status-bar item: how the relay is, and what can be done. */
import * as vscode from 'vscode';
import { commandId, prefix } from './commands.ts';
import type { CommandName } from './commands.ts';
import { placeOf } from './events-view/event-words.ts';
import type { Session } from './session.ts';

/** Shows the menu and carries out what is chosen. */
export async function showStatusMenu(session: Session): Promise<void> {
  const { state } = session;
  type Choice = vscode.QuickPickItem & { readonly run?: () => unknown };
  const command = (label: string, name: CommandName, description?: string): Choice => ({
    label,
    ...(description !== undefined && { description }),
    run: () => vscode.commands.executeCommand(commandId(name)),
  });
  const { l10n } = vscode;
  const choices: Choice[] = [];
  let title = l10n.t('Campaign Monitor Relay');
  if (state.kind === 'running') {
    const { status } = state;
    // A tunnel that was not agreed to is none for the relay, whatever the settings name.
    title = session.needsAgreement()
      ? l10n.t('Only this machine reaches the relay. It has no public URL yet.')
      : status.tunnel.reason;
    if (status.tunnel.state === 'open')
      choices.push(command(`$(copy) ${l10n.t('Copy Public URL')}`, 'copyPublicUrl', status.tunnel.url));
    else choices.push(command(`$(globe) ${l10n.t('Open Public URL')}`, 'openTunnel'));
    choices.push(
      command(`$(copy) ${l10n.t('Copy Campaign Monitor Webhook URL')}`, 'copyCampaignMonitorUrl'),
      command(`$(copy) ${l10n.t('Copy Open Connectors Webhook URL')}`, 'copyOpenConnectorsUrl'),
      command(`$(beaker) ${l10n.t('Send Sample Events…')}`, 'sendSample'),
    );
    if (status.tunnel.state !== 'closed')
      choices.push(command(`$(circle-slash) ${l10n.t('Close Public URL')}`, 'closeTunnel'));
    for (const destination of status.destinations) {
      if (destination.state === 'up') continue;
      choices.push({
        label: `$(warning) ${placeOf(destination.url)}`,
        detail: destination.detail ?? '',
        description: l10n.t('{0} waiting', destination.waiting),
        run: () => vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`),
      });
    }
    for (const notice of status.notices) choices.push({ label: `$(info) ${notice}` });
    choices.push(
      command(`$(debug-restart) ${l10n.t('Restart Relay')}`, 'restart'),
      command(`$(debug-stop) ${l10n.t('Stop Relay')}`, 'stop'),
    );
  } else {
    if (state.kind === 'failed') title = state.message;
    choices.push(command(`$(play) ${l10n.t('Start Relay')}`, 'start'));
  }
  choices.push(
    command(`$(output) ${l10n.t('Show Log')}`, 'showLog'),
    command(`$(gear) ${l10n.t('Open Settings')}`, 'openSettings'),
  );
  const choice = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: l10n.t('What would you like to do?'),
  });
  await choice?.run?.();
}
