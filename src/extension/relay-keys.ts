/** Keys of `when` clauses about the relay, beside its state: which commands and which welcome content are right now. */
import * as vscode from 'vscode';
import type { TunnelStatus } from '../protocol/status.ts';
import { prefix } from './commands.ts';
import type { SampleReceiver } from './sample-receiver.ts';
import type { Session } from './session.ts';

/** Keeps the keys true. */
export function keepRelayKeys(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  session: Session,
  receiver: SampleReceiver,
): void {
  let drawn = '';
  const follow = (): void => {
    const { status } = session;
    const tunnelOn = isTunnelOn(status?.tunnel.state ?? 'closed');
    const ownDestination =
      status?.destinations.some(({ configured, url }) => configured && url !== receiver.url) ?? false;
    const now = `${tunnelOn} ${ownDestination}`;
    if (now === drawn) return;
    drawn = now;
    void vscode.commands.executeCommand('setContext', `${prefix}.tunnelOn`, tunnelOn);
    void vscode.commands.executeCommand('setContext', `${prefix}.ownDestination`, ownDestination);
  };
  follow();
  subscriptions.push(session.onDidChange(follow));
}

/** Whether there is a tunnel to close: open, or on its way to be. Else there is one to open. */
export function isTunnelOn(state: TunnelStatus['state']): boolean {
  return state !== 'closed' && state !== 'failed';
}
