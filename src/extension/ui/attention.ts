import * as vscode from 'vscode';

/** If windows share a relay, only the focused one asks; another window may have settled the question by then. */
export function atThisWindow(): Promise<void> {
  if (vscode.window.state.focused) return Promise.resolve();
  return new Promise((resolve) => {
    const subscription = vscode.window.onDidChangeWindowState(({ focused }) => {
      if (!focused) return;
      subscription.dispose();
      resolve();
    });
  });
}
