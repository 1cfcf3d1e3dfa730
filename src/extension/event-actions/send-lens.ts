/** The lens "Send" or "Release" above a body that is edited. What the command does is loaded with it. */
import * as vscode from 'vscode';
import { commandId } from '../commands.ts';
import { bodyEndings, heldEventOf } from './body-names.ts';

/** Lets VS Code ask for the lens of such documents, also of those that are open already. */
export function registerSendLens(): vscode.Disposable {
  const documents = Object.values(bodyEndings).map((ending) => ({ pattern: `**/*${ending}` }));
  return vscode.languages.registerCodeLensProvider(documents, { provideCodeLenses });
}

function provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  const { l10n } = vscode;
  const eventId = heldEventOf(document.fileName);
  const lens =
    eventId === undefined
      ? {
          title: l10n.t('$(send) Send'),
          tooltip: l10n.t('The relay takes this body as if it had been received, and marks it as sent from here'),
        }
      : {
          title: l10n.t('$(send) Release'),
          tooltip: l10n.t(
            'The relay sends this body in the place of {0}, of which the held part is discarded',
            eventId,
          ),
        };
  return [
    new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
      ...lens,
      command: commandId('send'),
      arguments: [document.uri],
    }),
  ];
}
