/**
 * The debug type of deliveries, as VS Code is told of it at once. What starts a session, and the adapter itself, are
 * loaded with the first.
 */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';
import type { Session } from '../relay/session.ts';

/** The type of a launch configuration. */
export const debugType = 'campaign-monitor';

/** Registers the debug type, and takes breakpoints away that a session left which did not end in order. */
export function registerDebugType(session: Session): vscode.Disposable {
  const { debug } = vscode;
  let isDebugging = false;
  const follow = (is: boolean): void => {
    isDebugging = is;
    void vscode.commands.executeCommand('setContext', `${prefix}.debugging`, is);
  };
  let cleaned: unknown;
  return vscode.Disposable.from(
    debug.registerDebugConfigurationProvider(debugType, {
      resolveDebugConfiguration: async (_, config) => (await import('./start.ts')).completed(config),
      resolveDebugConfigurationWithSubstitutedVariables: async (_, config) =>
        (await import('./start.ts')).prepared(session, config, isDebugging),
    }),
    debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: async () => (await import('./start.ts')).adapterOf(session),
    }),
    debug.onDidStartDebugSession(({ type }) => {
      if (type === debugType) follow(true);
    }),
    debug.onDidTerminateDebugSession(({ type }) => {
      if (type === debugType) follow(false);
    }),
    session.onDidChange(({ kind }) => {
      const { client, status } = session;
      if (kind !== 'running' || client === cleaned) return;
      cleaned = client;
      if (isDebugging || (status?.sending?.breakpoints ?? 0) === 0) return;
      void client?.request('debug/breakpoints', { owner: breakpointOwner(), set: [] }).catch(() => undefined);
    }),
  );
}

/** Whose the breakpoints of this window are: a folder is open in one window, and without one windows share a relay. */
export function breakpointOwner(): string {
  return vscode.workspace.workspaceFolders === undefined ? `VS Code ${vscode.env.sessionId.slice(0, 40)}` : 'VS Code';
}
