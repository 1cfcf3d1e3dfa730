import * as vscode from 'vscode';
import { debugType, prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';

export function registerDebugType(session: Session): vscode.Disposable {
  const { debug } = vscode;
  let running: vscode.DebugSession | undefined;
  const follow = (now: vscode.DebugSession | undefined): void => {
    running = now;
    void vscode.commands.executeCommand('setContext', `${prefix}.debugging`, now !== undefined);
  };
  return vscode.Disposable.from(
    debug.registerDebugConfigurationProvider(debugType, {
      resolveDebugConfiguration: async (_, config) => (await import('./start.ts')).completed(config),
      resolveDebugConfigurationWithSubstitutedVariables: async (_, config) =>
        (await import('./start.ts')).prepared(session, config),
    }),
    debug.registerDebugAdapterDescriptorFactory(debugType, {
      createDebugAdapterDescriptor: async (own) => (await import('./start.ts')).adapterOf(session, own, running),
    }),
    debug.onDidStartDebugSession((each) => {
      if (each.type === debugType) follow(each);
    }),
    debug.onDidTerminateDebugSession(({ id }) => {
      if (id === running?.id) follow(undefined);
    }),
  );
}
