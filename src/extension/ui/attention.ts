/** Whether the user is at this window: where several share a relay, only one of them is to ask. */
import * as vscode from 'vscode';

/** Resolves when this window has the focus. What is to be asked may have been settled by another window by then. */
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
