/** Offers `cm-relay mcp` to the assistants of VS Code, where the user has turned it on: docs/assistants.md. */
import * as vscode from 'vscode';
import { onSetting, setting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { assistantArguments, assistantRight } from './assistant-server.ts';

/** What package.json calls it. */
const providerId = `${prefix}.assistants`;

export interface AssistantsParts {
  /** The bundle in the extension, dist/cm-relay.js. */
  readonly bundle: string;
  readonly version: string;
  readonly dataDir: string;
}

/**
 * The servers that VS Code is told of: none but where the setting says so, which is the user's and no workspace's. It
 * starts one when an assistant asks for it, and asks the user before.
 */
export function registerAssistants({ bundle, version, dataDir }: AssistantsParts): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  return vscode.Disposable.from(
    changed,
    onSetting('assistants', () => changed.fire()),
    vscode.lm.registerMcpServerDefinitionProvider(providerId, {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () => {
        const args = assistantArguments(assistantRight(setting('assistants')), bundle, dataDir);
        if (args === null) return [];
        const env = { ELECTRON_RUN_AS_NODE: '1' };
        return [new vscode.McpStdioServerDefinition('Campaign Monitor Relay', process.execPath, args, env, version)];
      },
    }),
  );
}
