/** Unsaved documents that the user may keep: saved by one key where they belong, over nothing that is there. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';

/**
 * Opens an unsaved document whose name decides its language. It is saved in the workspace's folder; without one,
 * `saveCreated` asks where, and proposes the home folder. One of that name that is open already is shown as it is.
 * @param name the file's name, without a folder: another with a number where a file has it
 * @param text what it holds at first
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

/** Where a document is saved, of which VS Code asks no more: no file is there. */
async function placeOf(name: string): Promise<vscode.Uri> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === 'file')?.uri;
  for (let number = 1; ; number++) {
    const place = vscode.Uri.joinPath(folder ?? vscode.Uri.file(homedir()), numbered(name, number));
    if (!(await isThere(place))) return place.with({ scheme: 'untitled' });
  }
}

/** `e12.test.mjs`, then `e12-2.test.mjs`: how it ends says what it is. */
function numbered(name: string, number: number): string {
  return number === 1 ? name : name.replace(/(?=\.)|$/, `-${number}`);
}

async function isThere(place: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(place).then(
    () => true,
    () => false,
  );
}

/**
 * Closes an unsaved document, of which nothing is to be kept, without a question; one that was saved, or changed since,
 * stays.
 * @param version as it was when it became of no use
 */
export async function closeUntitled(document: vscode.TextDocument, version: number): Promise<void> {
  if (document.isClosed || !document.isUntitled || document.version !== version) return;
  const shows = ({ input }: vscode.Tab): boolean =>
    input instanceof vscode.TabInputText && input.uri.toString() === document.uri.toString();
  const group = vscode.window.tabGroups.all.find(({ tabs }) => tabs.some(shows));
  if (group === undefined) return;
  await vscode.window.showTextDocument(document, { viewColumn: group.viewColumn, preview: false });
  // Meanwhile the user may have gone elsewhere or changed it, and the command closes whatever is active.
  if (vscode.window.activeTextEditor?.document !== document || document.version !== version) return;
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
}
