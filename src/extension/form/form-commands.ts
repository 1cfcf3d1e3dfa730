/** The commands about the form. The form itself is loaded when it is first asked for. */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';
import type { CommandSources } from '../commands.ts';
import type { FormPanel, FormParts } from './panel.ts';

/** The panel's type: what VS Code restores it by. */
export const formViewType = `${prefix}.form`;

/**
 * Takes the panel that VS Code restores after a reload.
 * @returns what makes the commands' handlers
 */
export function registerForm(parts: FormParts): CommandSources['form'] {
  let form: Promise<FormPanel> | undefined;
  const load = (): Promise<FormPanel> => (form ??= import('./panel.ts').then(({ FormPanel }) => new FormPanel(parts)));
  parts.context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(formViewType, {
      deserializeWebviewPanel: async (panel) => (await load()).restore(panel),
    }),
  );
  return async () => {
    const panel = await load();
    return { newInstance: () => panel.open(), newSandboxInstance: () => panel.openForSandbox() };
  };
}
