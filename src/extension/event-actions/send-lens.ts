import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId } from '../commands.ts';
import type { Source } from '../../protocol/history.ts';

/** The ending of a document's name determines its source, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Between the event's ID and the ending, if the body replaces what is held. */
export const heldMark = '.held';

export function heldEventOf(fileName: string): string | undefined {
  return / (e\d+)(?:-\d+)?\.held\.(?:campaign-monitor|open-connectors)\.json$/.exec(fileName)?.[1];
}

export function registerSendLens(): vscode.Disposable {
  const documents = Object.values(bodyEndings).map((ending) => ({ pattern: `**/*${ending}` }));
  return vscode.languages.registerCodeLensProvider(documents, { provideCodeLenses });
}

function provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  const eventId = heldEventOf(document.fileName);
  const lens =
    eventId === undefined
      ? {
          title: say('$(send) Send'),
          tooltip: say('Treats this body as a new delivery and marks it as edited and resent'),
        }
      : {
          title: say('$(send) Release'),
          tooltip: say('Sends this body instead of {0} and discards the held original', eventId),
        };
  return [
    new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), {
      ...lens,
      command: commandId('send'),
      arguments: [document.uri],
    }),
  ];
}
