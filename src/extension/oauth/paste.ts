import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { StrayAnswer } from '../../oauth/authorize.ts';

export interface PasteBoxOptions {
  readonly title: string;
  readonly redirectUri: string;
  /** @returns what is wrong with it, or null if it is accepted */
  readonly paste: (text: string) => StrayAnswer | null;
}

export function showPasteBox({ title, redirectUri, paste }: PasteBoxOptions): { dispose(): void } {
  const box = vscode.window.createInputBox();
  box.title = title;
  box.prompt = say(
    'After the browser returns to {0}, copy the whole URL from the address bar and paste it here, even if the page doesn’t load',
    redirectUri.replace(/\?.*/, ''),
  );
  box.placeholder = say('URL, or only the code');
  // The browser takes the focus, and the box must stay.
  box.ignoreFocusOut = true;
  box.onDidChangeValue(() => (box.validationMessage = undefined));
  box.onDidAccept(() => {
    const why = paste(box.value);
    if (why === null) box.hide();
    else box.validationMessage = strayText(why);
  });
  box.onDidHide(() => box.dispose());
  box.show();
  return box;
}

export function strayText(why: StrayAnswer): string {
  return {
    'wrong-state': say('The URL belongs to another request, most likely an older one'),
    'refusal-without-state': say('The refusal doesn’t say which request it belongs to'),
    'no-answer': say('No code or refusal was found'),
  }[why];
}
