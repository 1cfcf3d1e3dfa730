import type * as vscode from 'vscode';
import type { SandboxProcess } from './sandbox-process.ts';

export function logSandbox(
  { subscriptions }: Pick<vscode.ExtensionContext, 'subscriptions'>,
  { sandbox, log }: { sandbox: Pick<SandboxProcess, 'onDidChange'>; log: Pick<vscode.LogOutputChannel, 'info'> },
): void {
  subscriptions.push(
    sandbox.onDidChange((running) =>
      log.info(
        running === undefined
          ? 'the sandbox has ended'
          : `the sandbox runs at ${new URL(running.campaignMonitorApi).origin}`,
      ),
    ),
  );
}
