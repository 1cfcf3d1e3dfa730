import * as vscode from 'vscode';
import { reopening, tryingAgain } from '../../protocol/tunnel-words.ts';
import type { TunnelStatus, Status } from '../../protocol/status.ts';
import { onSetting } from '../configuration.ts';
import { readEntries } from '../destinations/destination-settings.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import { walked } from '../ui/walkthrough.ts';

export function keepRelayKeys(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  session: Session,
): void {
  const { executeCommand } = vscode.commands;
  const setState = whereNew((value) => void executeCommand('setContext', `${prefix}.state`, value));
  const setPublicUrl = whereNew((value) => void executeCommand('setContext', `${prefix}.publicUrl`, value));
  const setPaused = whereNew((value) => void executeCommand('setContext', `${prefix}.sendingPaused`, value));
  const setOnPurpose = whereNew((value) => void executeCommand('setContext', `${prefix}.onPurpose`, value));
  const setReceived = whereNew((value) => void executeCommand('setContext', `${prefix}.received`, value));
  const setOwnDestination = whereNew((value) => void executeCommand('setContext', `${prefix}.ownDestination`, value));
  const followDestinations = (): void => {
    const isOwn = readEntries().entries.length > 0;
    setOwnDestination(isOwn);
    if (isOwn) walked('callback');
  };
  const follow = (): void => {
    const { state, status } = session;
    setState(state.kind);
    const { tunnel } = status ?? {};
    setPublicUrl(tunnel && (isTunnelFailing(tunnel) ? 'failing' : tunnel.state));
    setPaused(status?.sending.state === 'paused');
    setOnPurpose(status?.answering.state === 'on-purpose');
    setReceived(status !== undefined && eventCount(status) > 0);
    if (status !== undefined) walked('start');
    if (tunnel?.state === 'open') walked('public');
  };
  follow();
  followDestinations();
  subscriptions.push(
    session.onDidChange(follow),
    onSetting('destinations', followDestinations),
    vscode.workspace.onDidGrantWorkspaceTrust(followDestinations),
  );
}

/** Statuses arrive often. */
type KeyValue = string | boolean | undefined;

function whereNew(pass: (value: KeyValue) => void): (value: KeyValue) => void {
  let last: KeyValue;
  return (value) => {
    if (value === last) return;
    last = value;
    pass(value);
  };
}

export function isTunnelFailing({ state, said }: TunnelStatus): boolean {
  if (state === 'failed' || state === 'degraded') return true;
  const again = [reopening('').text, tryingAgain(reopening(''), '').text];
  return state === 'opening' && again.includes(said[0]?.text ?? '');
}

export function isTunnelOn(state: TunnelStatus['state']): boolean {
  return state !== 'closed' && state !== 'failed';
}

/** Includes test calls and rejected deliveries. */
export function eventCount({ counts }: Pick<Status, 'counts'>): number {
  return counts.events + counts.tests + counts.rejected;
}
