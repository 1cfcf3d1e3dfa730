import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { ShownState } from '../../protocol/event-row.ts';

const scheme = 'campaign-monitor-relay-state';

export function decoratedUri(state: ShownState): vscode.Uri | undefined {
  return state === 'failed' || state === 'rejected' ? vscode.Uri.from({ scheme, path: `/${state}` }) : undefined;
}

export function registerDecorations(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme) return undefined;
      const decoration = new vscode.FileDecoration(
        // A badge letter would replace the row's description.
        undefined,
        uri.path === '/failed' ? say('Not accepted by a destination') : say('Rejected'),
        new vscode.ThemeColor('list.errorForeground'),
      );
      decoration.propagate = false;
      return decoration;
    },
  });
}
