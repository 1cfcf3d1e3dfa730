/** The editor of one event, registered at activation. What draws it is loaded when the first is shown. */
import * as vscode from 'vscode';
import { eventIdOf, eventViewType } from '../events/address.ts';

export interface EventPanels {
  /** Draws an event in a panel until it is closed. @param eventId such as `e12`; undefined if the address has none */
  show(panel: vscode.WebviewPanel, eventId: string | undefined): void;
}

/** @param panels loads what draws the editor; VS Code waits for it */
export function registerEventEditor(panels: () => Promise<EventPanels>): vscode.Disposable {
  const editor: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async ({ uri }, panel) => (await panels()).show(panel, eventIdOf(uri.path)),
  };
  return vscode.window.registerCustomEditorProvider(eventViewType, editor, {
    webviewOptions: { enableFindWidget: true },
    supportsMultipleEditorsPerDocument: true,
  });
}
