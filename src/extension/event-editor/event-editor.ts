import * as vscode from 'vscode';
import { eventIdOf, eventViewType } from '../events/address.ts';
import type { EventPanels } from './event-panels.ts';

/** @param panels loads what draws the editor; VS Code waits for it */
export function registerEventEditor(panels: () => Promise<Pick<EventPanels, 'show'>>): vscode.Disposable {
  const editor: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async ({ uri }, panel) => (await panels()).show(panel, eventIdOf(uri.path)),
  };
  return vscode.window.registerCustomEditorProvider(eventViewType, editor, {
    webviewOptions: { enableFindWidget: true },
    supportsMultipleEditorsPerDocument: true,
  });
}
