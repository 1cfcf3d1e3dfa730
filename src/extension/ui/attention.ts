/** If several windows share a relay, only the focused one asks. */
import * as vscode from 'vscode';

/** Resolves when this window has the focus. Another window may have settled the question by then. */
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
