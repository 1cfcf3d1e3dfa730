/** Opens an event's documents. */
import * as vscode from 'vscode';
import { documentPath, eventPath } from '../events/address.ts';
import type { BodyExtension, DocumentAddress } from '../events/address.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { readable } from '../events/chosen.ts';
import { documentScheme, documentTexts } from './event-documents.ts';

/** VS Code's own editor of rendered Markdown. */
const markdownPreview = 'vscode.markdown.preview.editor';

type Reads = Pick<ActionParts, 'history'>;

/** The URI of a document. */
export function documentUri(address: DocumentAddress, extension?: BodyExtension): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: documentPath(address, extension) });
}

/** The URI of an event, as its editor is opened by. */
export function eventUri(eventId: string): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: eventPath(eventId) });
}

/**
 * The URI of an event's document, with the extension that its content asks for.
 * @throws CommandError where nothing can be read; RelayRequestError where the event is gone
 */
export async function uriOf(parts: Reads, address: DocumentAddress): Promise<vscode.Uri> {
  const { kind } = address;
  if (kind !== 'body' && kind !== 'event' && kind !== 'notification') return documentUri(address);
  const { readDocument } = await import('../deferred.ts');
  const { extension } = await readDocument(await readable(parts), address, documentTexts());
  return documentUri(address, extension);
}

/** How a document is opened. */
export interface Opening {
  /** As its source, also where it would be rendered. */
  readonly asText?: boolean;
}

/**
 * Opens a document in a preview tab: the attempts rendered, everything else as text.
 * @returns the text editor; undefined where it is rendered
 * @throws as {@link uriOf}
 */
export async function openDocument(
  parts: Reads,
  address: DocumentAddress,
  { asText = false }: Opening = {},
): Promise<vscode.TextEditor | undefined> {
  const uri = await uriOf(parts, address);
  if (address.kind === 'attempts' && !asText && isRenderer()) {
    await vscode.commands.executeCommand('vscode.openWith', uri, markdownPreview, { preview: true });
    return undefined;
  }
  const document = await vscode.workspace.openTextDocument(uri);
  return vscode.window.showTextDocument(document, { preview: true });
}

/** Whether VS Code's own Markdown extension is on. */
function isRenderer(): boolean {
  return vscode.extensions.getExtension('vscode.markdown-language-features') !== undefined;
}
