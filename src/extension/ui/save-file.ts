import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { UserFileError, writeUserFile } from '../../common/user-file.ts';
import { CommandError } from './command-error.ts';
import { inMessage } from './printable.ts';

/** A local file is readable only by the user, and links aren't followed. @throws CommandError if it can't be written */
export async function saveFile(target: vscode.Uri, content: string | Uint8Array): Promise<void> {
  try {
    if (target.scheme === 'file') await writeUserFile(target.fsPath, [content], '');
    else await vscode.workspace.fs.writeFile(target, Buffer.from(content));
  } catch (error) {
    if (!(error instanceof UserFileError || error instanceof vscode.FileSystemError)) throw error;
    throw new CommandError(
      say('Couldn’t write the file: {0}', inMessage(error.message, 300)),
      say('Choose another location.'),
    );
  }
}
