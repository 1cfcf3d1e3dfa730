import { homedir } from 'node:os';
import * as vscode from 'vscode';

/**
 * Shows a document of that name unchanged if one is open. Saved in the workspace folder; without one, `saveCreated`
 * asks. @param name gets a number if a file has it
 */
export async function openUntitled(name: string, text: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(await placeOf(name));
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

/** A path without a file, because VS Code doesn't ask before overwriting. */
async function placeOf(name: string): Promise<vscode.Uri> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  for (let number = 1; ; number++) {
    const place = vscode.Uri.joinPath(folder ?? vscode.Uri.file(homedir()), numbered(name, number));
    if (!(await isThere(place))) return place.with({ scheme: 'untitled' });
  }
}

/** `e12.test.mjs`, then `e12-2.test.mjs`: the ending keeps its meaning. */
function numbered(name: string, number: number): string {
  return number === 1 ? name : name.replace(/(?=\.)|$/, `-${number}`);
}

async function isThere(place: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(place).then(
    () => true,
    () => false,
  );
}

/** Doesn't ask. @param version the document stays open if it was changed after this version */
export async function closeUntitled(document: vscode.TextDocument, version: number): Promise<void> {
  if (document.isClosed || !document.isUntitled || document.version !== version) return;
  const shows = ({ input }: vscode.Tab): boolean =>
    input instanceof vscode.TabInputText && input.uri.toString() === document.uri.toString();
  const group = vscode.window.tabGroups.all.find(({ tabs }) => tabs.some(shows));
  if (group === undefined) return;
  await vscode.window.showTextDocument(document, { viewColumn: group.viewColumn, preview: false });
  // The command closes the active editor, which may be another by now, or changed.
  if (vscode.window.activeTextEditor?.document !== document || document.version !== version) return;
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}
