import * as vscode from 'vscode';
import { onSetting, setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';

const providerId = `${prefix}.assistants`;

export interface AssistantsParts {
  readonly bundle: string;
  readonly version: string;
  readonly dataDir: string;
}

/** Only the user's own setting counts, not a workspace's. VS Code asks the user before it starts the server. */
export function registerAssistants(parts: AssistantsParts): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    onSetting('assistants', () => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider(providerId, {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () => {
        const args = assistantArguments(setting('assistants'), parts);
        if (args === null) return [];
        const env = { ELECTRON_RUN_AS_NODE: '1' };
        return [
          new vscode.McpStdioServerDefinition('Campaign Monitor Relay', process.execPath, args, env, parts.version),
        ];
      },
    }),
  );
}

/** Node's arguments; null if assistants aren't allowed or `right` is unknown. */
export function assistantArguments(
  right: unknown,
  { bundle, dataDir }: Pick<AssistantsParts, 'bundle' | 'dataDir'>,
): string[] | null {
  if (right !== 'read' && right !== 'send') return null;
  return [bundle, 'mcp', '--data-dir', dataDir, ...(right === 'send' ? ['--allow-write'] : [])];
}
