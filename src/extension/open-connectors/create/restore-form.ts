/** The form's return after a reload. */
import * as vscode from 'vscode';
import { prefix } from '../../prefix.ts';

/** The panel's type: what VS Code restores it by. */
export const formViewType = `${prefix}.form`;

/** Takes the panel that VS Code restores; VS Code waits for it. */
export function registerFormRestoring(
  form: () => Promise<{ restore(panel: vscode.WebviewPanel): void }>,
): vscode.Disposable {
  return vscode.window.registerWebviewPanelSerializer(formViewType, {
    deserializeWebviewPanel: async (panel) => (await form()).restore(panel),
  });
}
