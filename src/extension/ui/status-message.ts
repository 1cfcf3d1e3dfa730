import * as vscode from 'vscode';
import { say } from '../../common/say.ts';

const shownForMs = 8000;

export function showStatusMessage(text: string): void {
  vscode.window.setStatusBarMessage(text, shownForMs);
}

export interface RowCopy {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly copy: () => Promise<void>;
}

export async function copy(text: string, said = say('Copied.')): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  showStatusMessage(said);
}
