import * as vscode from 'vscode';
import { heldCount } from '../../common/held-count.ts';
import type { TunnelStatus } from '../../protocol/status.ts';
import { commandId } from '../commands.ts';
import type { CommandName } from '../commands.ts';
import { focusView } from '../ui/offer.ts';
import { nameOfDestination, stateIcons, stateOfDestination } from '../destinations/destination-words.ts';
import { isTunnelOn } from './context-keys.ts';
import { showHeld } from '../sending/sending.ts';
import { onPurposeText } from '../sending/answering-words.ts';
import { pausedText } from '../sending/sending-words.ts';
import type { Session } from '../session/session.ts';

export async function showStatusMenu(session: Session): Promise<void> {
  const { state } = session;
  type Choice = vscode.QuickPickItem & { readonly run?: () => unknown };
  const command = (label: string, name: CommandName, description?: string, ...args: unknown[]): Choice => ({
    label,
    ...(description !== undefined && { description }),
    run: () => vscode.commands.executeCommand(commandId(name), ...args),
  });
  const { l10n } = vscode;
  const choices: Choice[] = [];
  let title = l10n.t('Campaign Monitor Relay');
  if (state.kind === 'running') {
    const { status } = state;
    const { tunnel } = status;
    title = titleOf(tunnel);
    const { sending } = status;
    if (sending.state === 'paused') {
      title = pausedText(sending, { now: Date.now(), language: vscode.env.language }, l10n);
      const held = l10n.t('{0} held', heldCount(sending.held).toLocaleString(vscode.env.language));
      choices.push(
        command(`$(debug-continue) ${l10n.t('Continue Sending')}`, 'continueSending', held),
        command(`$(debug-step-over) ${l10n.t('Send Next')}`, 'sendNext'),
        { label: `$(filter) ${l10n.t('Show Held Events')}`, run: () => showHeld() },
      );
    }
    const { answering } = status;
    if (answering.state === 'on-purpose') {
      const told = onPurposeText(answering, { now: Date.now(), language: vscode.env.language }, l10n);
      title = sending.state === 'paused' ? `${told} ${title}` : told;
      choices.push(command(`$(reply) ${l10n.t('Answer As Usual')}`, 'answerDeliveries', undefined, 'as-usual'));
    }
    if (tunnel.state === 'open')
      choices.push(command(`$(copy) ${l10n.t('Copy Public URL')}`, 'copyUrl', tunnel.url, 'public'));
    else if (!isTunnelOn(tunnel.state)) choices.push(command(`$(globe) ${l10n.t('Open Public URL')}`, 'openTunnel'));
    choices.push(
      {
        label: `$(list-tree) ${l10n.t('Show Events')}`,
        run: () => focusView('events'),
      },
      command(`$(copy) ${l10n.t('Copy Campaign Monitor Webhook URL')}`, 'copyUrl', undefined, 'campaignMonitor'),
      command(`$(copy) ${l10n.t('Copy Open Connectors Webhook URL')}`, 'copyUrl', undefined, 'openConnectors'),
      command(`$(refresh) ${l10n.t('New Secret URL…')}`, 'newSecretUrl'),
      command(`$(beaker) ${l10n.t('Send Sample Events…')}`, 'sendSample'),
    );
    choices.push(command(`$(reply) ${l10n.t('Answer Deliveries With…')}`, 'answerDeliveries'));
    if (sending.state === 'flowing') choices.push(command(`$(debug-pause) ${l10n.t('Pause Sending')}`, 'pauseSending'));
    if (isTunnelOn(tunnel.state))
      choices.push({
        label: `$(circle-slash) ${l10n.t('Close Public URL')}`,
        run: () => session.closeTunnel(),
      });
    for (const each of status.destinations) {
      const { destinationId: id, url, mode } = each;
      const [icon] = stateIcons[each.state];
      choices.push({
        label: `$(${icon}) ${nameOfDestination({ id, url, mode }, status.destinations, l10n)}`,
        description: stateOfDestination(each, l10n, sending),
        run: () => focusView('destinations'),
      });
    }
    for (const notice of status.notices) choices.push({ label: `$(info) ${notice}` });
    choices.push(
      command(`$(debug-restart) ${l10n.t('Restart Relay')}`, 'restart'),
      command(`$(debug-stop) ${l10n.t('Stop Relay')}`, 'stop'),
    );
  } else if (state.kind === 'starting') {
    title = l10n.t('Campaign Monitor Relay: starting');
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
    placeHolder: l10n.t('What do you want to do?'),
  });
  await choice?.run?.();
}

function titleOf(tunnel: TunnelStatus): string {
  const { l10n } = vscode;
  switch (tunnel.state) {
    case 'open':
      return tunnel.previousUrl === null
        ? l10n.t('Public URL: {0}', tunnel.url)
        : l10n.t('Public URL: {0}; events sent to {1} no longer arrive', tunnel.url, tunnel.previousUrl);
    case 'closed':
      return l10n.t('Reachable from this machine only');
    case 'opening':
    case 'verifying':
    case 'degraded':
    case 'failed':
      return tunnel.reason;
  }
}
