/** The lens "Send" above a body that is edited. What the command does is loaded with it. */
import * as vscode from 'vscode';
import type { Source } from '../../../protocol/history.ts';
import { commandId } from '../../commands.ts';

/** How a document's name ends decides whose body it holds, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Lets VS Code ask for the lens of such documents, also of those that are open already. */
export function registerSendLens(): vscode.Disposable {
  const documents = Object.values(bodyEndings).map((ending) => ({ pattern: `**/*${ending}` }));
  return vscode.languages.registerCodeLensProvider(documents, { provideCodeLenses });
}

function provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  return [
    new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
      title: vscode.l10n.t('$(send) Send'),
      tooltip: vscode.l10n.t('The relay takes this body as if it had been received, and marks it as sent from here'),
      command: commandId('send'),
      arguments: [document.uri],
    }),
  ];
}
