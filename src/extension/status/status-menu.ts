import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { heldCount } from '../../protocol/event-row.ts';
import type { TunnelStatus } from '../../protocol/status.ts';
import type { CommandName } from '../commands.ts';
import { byCommand, focusView } from '../ui/offer.ts';
import { nameOfDestination, stateIcons, stateOfDestination } from '../destinations/destination-words.ts';
import { isTunnelOn } from './context-keys.ts';
import { showHeld } from '../sending/sending.ts';
import { onPurposeText, pausedText } from '../sending/sending-words.ts';
import type { Session } from '../session/session.ts';

export async function showStatusMenu(session: Session): Promise<void> {
  const { state } = session;
  type Choice = vscode.QuickPickItem & { readonly run?: () => unknown };
  const command = (label: string, name: CommandName, description?: string, ...args: unknown[]): Choice => ({
    label,
    ...(description !== undefined && { description }),
    run: byCommand(name, ...args),
  });
  const choices: Choice[] = [];
  let title = say('Campaign Monitor Relay');
  if (state.kind === 'running') {
    const { status } = state;
    const { tunnel } = status;
    title = titleOf(tunnel);
    const { sending } = status;
    if (sending.state === 'paused') {
      title = pausedText(sending, { now: Date.now(), language: vscode.env.language });
      const held = say('{0} held', heldCount(sending.held).toLocaleString(vscode.env.language));
      choices.push(
        command(`$(debug-continue) ${say('Continue Sending')}`, 'continueSending', held),
        command(`$(debug-step-over) ${say('Send Next')}`, 'sendNext'),
        { label: `$(filter) ${say('Show Held Events')}`, run: () => showHeld() },
      );
    }
    const { answering } = status;
    if (answering.state === 'on-purpose') {
      const told = onPurposeText(answering, { now: Date.now(), language: vscode.env.language });
      title = sending.state === 'paused' ? `${told} ${title}` : told;
      choices.push(command(`$(reply) ${say('Answer As Usual')}`, 'answerDeliveries', undefined, 'as-usual'));
    }
    if (tunnel.state === 'open')
      choices.push(command(`$(copy) ${say('Copy Public URL')}`, 'copyUrl', tunnel.url, 'public'));
    else if (!isTunnelOn(tunnel.state)) choices.push(command(`$(globe) ${say('Open Public URL')}`, 'openTunnel'));
    choices.push(
      { label: `$(list-tree) ${say('Show Events')}`, run: () => focusView('events') },
      command(`$(copy) ${say('Copy Campaign Monitor Webhook URL')}`, 'copyUrl', undefined, 'campaignMonitor'),
      command(`$(copy) ${say('Copy Open Connectors Webhook URL')}`, 'copyUrl', undefined, 'openConnectors'),
      command(`$(refresh) ${say('New Secret URL…')}`, 'newSecretUrl'),
      command(`$(beaker) ${say('Send Sample Events…')}`, 'sendSample'),
      command(`$(reply) ${say('Answer Deliveries With…')}`, 'answerDeliveries'),
    );
    if (sending.state === 'flowing') choices.push(command(`$(debug-pause) ${say('Pause Sending')}`, 'pauseSending'));
    if (isTunnelOn(tunnel.state))
      choices.push({ label: `$(circle-slash) ${say('Close Public URL')}`, run: () => session.closeTunnel() });
    for (const each of status.destinations) {
      const { destinationId: id, url, mode } = each;
      const [icon] = stateIcons[each.state];
      choices.push({
        label: `$(${icon}) ${nameOfDestination({ id, url, mode }, status.destinations)}`,
        description: stateOfDestination(each, sending),
        run: () => focusView('destinations'),
      });
    }
    for (const notice of status.notices) choices.push({ label: `$(info) ${notice}` });
    choices.push(
      command(`$(debug-restart) ${say('Restart Relay')}`, 'restart'),
      command(`$(debug-stop) ${say('Stop Relay')}`, 'stop'),
    );
  } else if (state.kind === 'starting') {
    title = say('Campaign Monitor Relay: starting');
  } else {
    if (state.kind === 'failed') title = state.message;
    choices.push(command(`$(play) ${say('Start Relay')}`, 'start'));
  }
  choices.push(
    command(`$(output) ${say('Show Log')}`, 'showLog'),
    command(`$(gear) ${say('Open Settings')}`, 'openSettings'),
  );
  const choice = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: say('What do you want to do?'),
  });
  await choice?.run?.();
}

function titleOf(tunnel: TunnelStatus): string {
  switch (tunnel.state) {
    case 'open':
      return tunnel.previousUrl === null
        ? say('Public URL: {0}', tunnel.url)
        : say('Public URL: {0}; events sent to {1} no longer arrive', tunnel.url, tunnel.previousUrl);
    case 'closed':
      return say('Reachable from this machine only');
    case 'opening':
    case 'verifying':
    case 'degraded':
    case 'failed':
      return tunnel.reason;
  }
}
