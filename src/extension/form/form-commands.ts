/** The commands about the form. The form itself is loaded when it is first asked for. */
import * as vscode from 'vscode';
import { prefix } from '../commands.ts';
import type { FormPanel, FormParts } from './panel.ts';

/** The panel's type: what VS Code restores it by. */
export const formViewType = `${prefix}.form`;

/** The handlers; also takes the panel that VS Code restores after a reload. */
export function createFormCommands(parts: FormParts): {
  readonly newInstance: () => Promise<void>;
  readonly newSandboxInstance: () => Promise<void>;
} {
  let form: Promise<FormPanel> | undefined;
  const load = (): Promise<FormPanel> => (form ??= import('./panel.ts').then(({ FormPanel }) => new FormPanel(parts)));
  parts.context.subscriptions.push(
    vscode.window.registerWebviewPanelSerializer(formViewType, {
      deserializeWebviewPanel: async (panel) => (await load()).restore(panel),
    }),
  );
  return {
    newInstance: async () => (await load()).open(),
    newSandboxInstance: async () => (await load()).openForSandbox(),
  };
}
