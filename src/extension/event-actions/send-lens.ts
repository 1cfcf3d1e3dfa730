/** The lens "Send" above a body that is edited. What the command does is loaded with it. */
import * as vscode from 'vscode';
import type { Source } from '../../protocol/history.ts';
import { commandId } from '../commands.ts';

/** How a document's name ends decides whose body it holds, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Stands before that in the name of one that is to be released in the place of what is held, behind the event's id. */
export const heldMark = '.held';

/** The event in the place of which a document's body is to be released; undefined where it is not. */
export function heldEventOf(fileName: string): string | undefined {
  return / (e\d+)(?:-\d+)?\.held\.(?:campaign-monitor|open-connectors)\.json$/.exec(fileName)?.[1];
}

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
          command: commandId('send'),
        }
      : {
          title: l10n.t('$(send) Release'),
          tooltip: l10n.t('The relay sends this body in the place of {0}, of which the held part is dropped', eventId),
          command: commandId('releaseEdited'),
        };
  return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { ...lens, arguments: [document.uri] })];
}
