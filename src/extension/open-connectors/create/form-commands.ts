/** The commands about the form. The form itself is loaded when it is first asked for. */
import * as vscode from 'vscode';
import type { CommandSources } from '../../commands.ts';
import { formViewType } from './panel-type.ts';
import type { FormPanel, FormParts } from './form-panel.ts';

export interface Form {
  /** Makes the commands' handlers. */
  readonly source: CommandSources['form'];
  /** Takes the panel that VS Code restores after a reload; VS Code waits for it. */
  readonly registerRestoring: () => vscode.Disposable;
}

/** The form of this window; nothing of it is loaded yet. */
export function createForm(parts: FormParts): Form {
  let form: Promise<FormPanel> | undefined;
  const load = (): Promise<FormPanel> =>
    (form ??= import('./form-panel.ts').then(({ FormPanel }) => new FormPanel(parts)));
  return {
    source: async () => {
      const panel = await load();
      return { newInstance: () => panel.open(), newSandboxInstance: () => panel.openForSandbox() };
    },
    registerRestoring: () =>
      vscode.window.registerWebviewPanelSerializer(formViewType, {
        deserializeWebviewPanel: async (panel) => (await load()).restore(panel),
      }),
  };
}
