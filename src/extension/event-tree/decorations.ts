/** Marks what failed beside the row's text, in a letter and a colour, as VS Code marks a file with problems. */
import * as vscode from 'vscode';
import type { ShownState } from '../events/forwarding-state.ts';

const scheme = 'campaign-monitor-relay-state';

/** What stands for a state that is marked, for the row's resource; undefined for the others. */
export function decoratedUri(state: ShownState): vscode.Uri | undefined {
  return state === 'failed' || state === 'rejected' ? vscode.Uri.from({ scheme, path: `/${state}` }) : undefined;
}

/** Says how such rows are marked. */
export function registerDecorations(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme) return undefined;
      const failed = uri.path === '/failed';
      const decoration = new vscode.FileDecoration(
        failed ? '!' : '×',
        failed ? vscode.l10n.t('Not taken by its destination') : vscode.l10n.t('Rejected'),
        new vscode.ThemeColor('list.errorForeground'),
      );
      decoration.propagate = false;
      return decoration;
    },
  });
}
