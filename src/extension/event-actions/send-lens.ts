/** The lens "Send" or "Release" above an edited body. The command is loaded on use. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId } from '../commands.ts';
import type { Source } from '../../protocol/history.ts';

/** The ending of a document's name decides whose body it has, and which schema checks it. */
export const bodyEndings: Readonly<Record<Source, string>> = {
  'campaign-monitor': '.campaign-monitor.json',
  'open-connectors': '.open-connectors.json',
};

/** Precedes the ending, after the event's ID, if the body is to be released in place of what is held. */
export const heldMark = '.held';

export function heldEventOf(fileName: string): string | undefined {
  return / (e\d+)(?:-\d+)?\.held\.(?:campaign-monitor|open-connectors)\.json$/.exec(fileName)?.[1];
}

/** Also applies to documents that are already open. */
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
