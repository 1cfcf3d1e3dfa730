/** What commands say when they are done: in the status bar, for a while. */
import * as vscode from 'vscode';

/** In milliseconds. */
const shownForMs = 8000;

/** Says it. */
export function say(text: string): void {
  vscode.window.setStatusBarMessage(text, shownForMs);
}

/** Something that can be copied of a row. */
export interface RowCopy {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly copy: () => Promise<void>;
}

/** Copies a text, and says so. */
export async function copy(text: string, said = vscode.l10n.t('Copied.')): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  say(said);
}
