/** Marks what failed by the colour of the row's text, as VS Code marks a file with problems; the icon's shape says the same. */
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
      const decoration = new vscode.FileDecoration(
        // A letter would take the place of what the row says.
        undefined,
        uri.path === '/failed' ? vscode.l10n.t('Not accepted by a destination') : vscode.l10n.t('Rejected'),
        new vscode.ThemeColor('list.errorForeground'),
      );
      decoration.propagate = false;
      return decoration;
    },
  });
}
