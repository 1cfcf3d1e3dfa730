/**
 * The debug type of deliveries, as VS Code is told of it at once. What starts a session, and the adapter itself, are
 * loaded with the first.
 */
import * as vscode from 'vscode';
import { debugType, prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';

/** Registers the debug type. */
export function registerDebugType(session: Session): vscode.Disposable {
  const { debug } = vscode;
  let isDebugging = false;
  const follow = (is: boolean): void => {
    isDebugging = is;
    void vscode.commands.executeCommand('setContext', `${prefix}.debugging`, is);
  };
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
  );
}
