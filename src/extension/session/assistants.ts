/** Offers `cm-relay mcp` to the assistants in VS Code, if the user turned it on: docs/assistants.md. */
import * as vscode from 'vscode';
import { onSetting, setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';

const providerId = `${prefix}.assistants`;

export interface AssistantsParts {
  /** dist/cm-relay.js in the extension. */
  readonly bundle: string;
  readonly version: string;
  readonly dataDir: string;
}

/**
 * Offers a server only if the user's own setting says so, not a workspace's. VS Code starts it when an assistant needs
 * it, and asks the user first.
 */
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

/**
 * Node's arguments for the server.
 * @param right the setting's value; an unknown one allows nothing
 * @returns null if assistants aren't allowed
 */
export function assistantArguments(
  right: unknown,
  { bundle, dataDir }: Pick<AssistantsParts, 'bundle' | 'dataDir'>,
): string[] | null {
  if (right !== 'read' && right !== 'send') return null;
  return [bundle, 'mcp', '--data-dir', dataDir, ...(right === 'send' ? ['--allow-write'] : [])];
}
