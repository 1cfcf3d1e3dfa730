/**
 * Follows the programs that are debugged in this window. Loaded with the first debug session, even before a relay runs:
 * the server may be started first.
 */
import type * as vscode from 'vscode';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import { RememberedConfigurations } from './handler-configurations.ts';
import { HandlerTimeoutSuspension } from './handler-timeout-suspension.ts';
import { Programs } from './programs.ts';

export interface HandlerWatch {
  readonly programs: Programs;
  readonly remembered: RememberedConfigurations;
  readonly timeoutSuspension: HandlerTimeoutSuspension;
}

export function watchHandlers(
  { subscriptions, workspaceState }: Pick<vscode.ExtensionContext, 'subscriptions' | 'workspaceState'>,
  session: Session,
  log: vscode.LogOutputChannel,
): HandlerWatch {
  const programs = new Programs();
  const remembered = new RememberedConfigurations(workspaceState, `${prefix}.handlers`);
  const timeoutSuspension = new HandlerTimeoutSuspension({ session, programs, log, remembered });
  subscriptions.push(programs, timeoutSuspension);
  return { programs, remembered, timeoutSuspension };
}
