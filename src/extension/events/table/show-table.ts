/** The table's place in the panel. */
import * as vscode from 'vscode';
import { prefix } from '../../prefix.ts';
import type { TableView } from './table-view.ts';

/** Has VS Code ask for the table when somebody looks at it; nothing of it is loaded before. */
export function registerTable(table: () => Promise<TableView>): vscode.Disposable {
  return vscode.window.registerWebviewViewProvider(`${prefix}.table`, {
    resolveWebviewView: async (view) => (await table()).show(view),
  });
}
