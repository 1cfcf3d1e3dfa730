import * as vscode from 'vscode';

/**
 * Opens an unsaved document whose name decides its language. One of that name that is open already is shown as it is.
 * @param name the file's name, without a folder
 * @param text what it holds at first
 */
export async function openUntitled(name: string, text: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: 'untitled', path: name }));
  if (document.getText() === '' && text !== '') {
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), text);
    await vscode.workspace.applyEdit(edit);
  }
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  const start = new vscode.Position(0, 0);
  editor.selection = new vscode.Selection(start, start);
  editor.revealRange(new vscode.Range(start, start));
  return editor;
}
