/** The editor of one event: what VS Code opens and restores it by. What draws it is loaded when one is first shown. */
import * as vscode from 'vscode';
import { eventIdOf, eventViewType } from '../events/address.ts';

/** Takes an editor's panel and draws an event in it, until it is closed. */
export interface EventPanels {
  /** @param eventId such as `e12`; undefined where the address names none */
  show(panel: vscode.WebviewPanel, eventId: string | undefined): void;
}

/** Registers the editor; VS Code asks for what draws it, and waits for that. */
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
