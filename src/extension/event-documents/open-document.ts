import * as vscode from 'vscode';
import { documentPath, eventPath } from '../events/address.ts';
import type { BodyExtension, DocumentAddress } from '../events/address.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { readable } from '../events/chosen.ts';
import { documentScheme, documentTexts } from './event-documents.ts';

type Reads = Pick<ActionParts, 'history'>;

export function documentUri(address: DocumentAddress, extension?: BodyExtension): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: documentPath(address, extension) });
}

export function eventUri(eventId: string): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: eventPath(eventId) });
}

/** @throws CommandError if nothing can be read; RelayRequestError if the event is gone */
export async function uriOf(parts: Reads, address: DocumentAddress): Promise<vscode.Uri> {
  const { eventId, kind, attempt } = address;
  if (kind === 'answer' && attempt !== null) return documentUri(address);
  const client = await readable(parts);
  if (kind === 'answer') {
    const { attempts } = await client.request('events/get', { id: eventId });
    return documentUri({ eventId, kind, attempt: Math.max(1, attempts.length) });
  }
  const { readDocument } = await import('../deferred.ts');
  const { extension } = await readDocument(client, address, documentTexts());
  return documentUri(address, extension);
}

/** In a preview tab. @throws as {@link uriOf} */
export async function openDocument(parts: Reads, address: DocumentAddress): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(await uriOf(parts, address));
  return vscode.window.showTextDocument(document, { preview: true });
}
