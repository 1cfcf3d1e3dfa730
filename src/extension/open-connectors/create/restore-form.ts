/** The form's return after a reload. */
import * as vscode from 'vscode';
import { prefix } from '../../commands.ts';
import type { FormPanel } from './form-panel.ts';

/** The panel's type: what VS Code restores it by. */
export const formViewType = `${prefix}.form`;

/** Takes the panel that VS Code restores; VS Code waits for it. */
export function registerFormRestoring(form: () => Promise<FormPanel>): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(formViewType, {
    deserializeWebviewPanel: async (panel) => (await form()).restore(panel),
  });
}
