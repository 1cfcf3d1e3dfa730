import * as vscode from 'vscode';

/** Asks in a modal dialog before something that can't be undone. @param action the button's label */
export async function isConfirmed(question: string, detail: string, action: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, action)) === action;
}
