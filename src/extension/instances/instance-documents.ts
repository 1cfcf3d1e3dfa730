import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { prefix } from '../prefix.ts';
import { documentName } from './instance-words.ts';

const scheme = `${prefix}Instance`;

export type InstanceDocument = 'instance.json' | 'events.md';

export class InstanceDocuments implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    context.subscriptions.push(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(scheme, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#texts.delete(uri.toString());
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    // After a reload of the window, don't send requests without a user action.
    return this.#texts.get(uri.toString()) ?? say('Open this document again from the Instances view.');
  }

  async show({ id, name }: InstanceFacts, kind: InstanceDocument, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${id}/${documentName(name)} ${kind}` });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}
