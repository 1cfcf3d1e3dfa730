import { release } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { DiagnosticSection } from '../../export/diagnostics.ts';
import { version } from '../../version.ts';
import { prefix } from '../prefix.ts';
import { logFile } from '../session/process.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { copy } from '../ui/status-message.ts';

export interface DiagnosticParts {
  readonly context: Pick<vscode.ExtensionContext, 'logUri' | 'extension'>;
  readonly session: Pick<Session, 'state' | 'status' | 'dataDir'>;
  readonly history: Pick<StoppedHistory, 'reader'>;
}

export async function copyDiagnostics({ context, session, history }: DiagnosticParts): Promise<void> {
  const { diagnosticsText, fitForReport, logSection, problemsOf, relayDiagnostics } = await import('../deferred.ts');
  const status = session.status ?? null;
  const problems = status === null ? [] : problemsOf(status, 'Add them with “Manage Keys and Secrets…”.');
  const relay = await history
    .reader()
    .then((reader) => relayDiagnostics(status, reader))
    .catch((error: unknown) => [
      { title: 'History', facts: [['', fitForReport((error as Error).message, status)] as const] },
    ]);
  const { state } = session;
  const stateFacts = [
    ['state', state.kind === 'failed' ? fitForReport(`failed: ${state.message}`, status) : state.kind],
    ['data directory', fitForReport(session.dataDir)],
  ] as const;
  const text = diagnosticsText(`Campaign Monitor Relay ${version}`, problems, [
    windowSection(),
    { title: 'Relay of this window', facts: stateFacts },
    { title: 'Non-default settings', facts: changedSettings(context.extension.packageJSON) },
    ...relay,
    logSection('Last errors and warnings of the relay', logFile(session.dataDir), status),
    logSection(
      'Last errors and warnings of this window',
      join(context.logUri.fsPath, 'Campaign Monitor Relay.log'),
      status,
    ),
  ]);
  await copy(text, say('Diagnostics copied. Review them before you share them.'));
}

function windowSection(): DiagnosticSection {
  return {
    title: 'This window',
    facts: [
      ['extension', version],
      ['VS Code', `${vscode.version}, ${vscode.env.appHost}, ${vscode.env.language}`],
      ['remote', vscode.env.remoteName ?? 'no'],
      ['Node.js', `${process.version} ${process.arch}`],
      ['system', `${process.platform} ${release()}`],
      [
        'workspace',
        `${vscode.workspace.workspaceFolders?.length ?? 0} folders, trusted: ${vscode.workspace.isTrusted}`,
      ],
    ],
  };
}

/** Report only that a text is set, because it may contain names, hosts or programs. */
function changedSettings(manifest: unknown): [string, string][] {
  const { contributes } = manifest as {
    contributes: { configuration: readonly { properties: Readonly<Record<string, { enum?: readonly unknown[] }>> }[] };
  };
  const properties = contributes.configuration.flatMap(({ properties: all }) => Object.entries(all));
  return properties.flatMap(([id, { enum: choices = [] }]): [string, string][] => {
    const name = id.slice(prefix.length + 1);
    const found = vscode.workspace.getConfiguration(prefix).inspect(name);
    const said = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (said === undefined) return [];
    const isPlain = typeof said === 'boolean' || typeof said === 'number' || choices.includes(said);
    return [[name, isPlain ? JSON.stringify(said) : 'set']];
  });
}
