import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Delivery, EventRow } from '../../protocol/history.ts';
import type { CommandHandlers } from '../commands.ts';
import { jsonErrorAt } from '../event-documents/json-text.ts';
import type { EventsNode } from '../events/event-node.ts';
import { isHeldAtGate } from '../../protocol/event-row.ts';
import { withNext } from '../ui/error-words.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import { connected } from '../session/session.ts';
import { targetRows } from '../events/chosen.ts';
import type { ActionParts } from '../events/action-parts.ts';
import { bodyEndings, heldEventOf, heldMark } from './send-lens.ts';
import { closeUntitled, openUntitled } from '../events/untitled.ts';

export function createEditCommands(parts: ActionParts): CommandHandlers<'edit'> {
  return {
    editAndResend: async (target?: EventsNode | vscode.Uri) => {
      const [row] = await targetRows(parts, target);
      await openBody(parts, row, { ofHeld: row.forwardings.some(isHeldAtGate) });
    },
    send: async (uri?: vscode.Uri) => {
      const document = await documentToSend(uri);
      if (document === undefined) return;
      const eventId = heldEventOf(document.fileName);
      if (eventId === undefined) await sendBody(parts, document);
      else await releaseBody(parts, document, eventId);
    },
  };
}

/** @param ofHeld whether to release the body in place of what is held of the event */
async function openBody(
  { session }: ActionParts,
  row: EventRow,
  { ofHeld }: { readonly ofHeld: boolean },
): Promise<void> {
  const { delivery, body } = await connected(session).request('deliveries/get', { id: row.deliveryId });
  const { editableBody } = await import('../deferred.ts');
  const kind =
    row.kind === 'event' ? (row.type ?? say('Event')) : row.kind === 'test' ? say('Test call') : say('Rejected');
  // A type may have any character; a file name can't.
  const name = `${kind.replace(/[^\p{L}\p{N} _-]/gu, '')} ${row.id}${ofHeld ? heldMark : ''}${bodyEndings[delivery.source]}`;
  // If the type has only such characters, the space keeps a held event's ID recognizable.
  await openUntitled(ofHeld ? name : name.trim(), editableBody(delivery, Buffer.from(body, 'base64')));
  if (delivery.truncated) {
    void offer(
      'Warning',
      say('Only the first 64 KiB of the body were kept. Complete the body before you send it.'),
      {},
    );
  }
}

/** @returns undefined if there is no document, or if it isn't valid JSON, which is then shown in it */
async function documentToSend(uri: vscode.Uri | undefined): Promise<vscode.TextDocument | undefined> {
  const document =
    uri === undefined ? vscode.window.activeTextEditor?.document : await vscode.workspace.openTextDocument(uri);
  if (document === undefined) return undefined;
  const text = document.getText();
  const wrongAt = text.trim() === '' ? undefined : jsonErrorAt(text);
  if (wrongAt === undefined) return document;
  await showMistake(document, wrongAt);
  return undefined;
}

async function sendBody(parts: ActionParts, document: vscode.TextDocument): Promise<void> {
  const { version } = document;
  const { delivery, events } = await connected(parts.session).request('deliveries/inject', {
    source: document.fileName.endsWith(bodyEndings['open-connectors']) ? 'open-connectors' : 'campaign-monitor',
    body: { text: document.getText() },
  });
  await closeAccepted(document, version, delivery);
  await sayReceived(parts, delivery, events, (first) =>
    delivery.status === 'test'
      ? say('Sent as test call {0} because the body contains no events.', first)
      : events.length === 1
        ? say('Sent as {0}.', first)
        : say('Sent as {0} and {1} more.', first, events.length - 1),
  );
}

async function releaseBody(parts: ActionParts, document: vscode.TextDocument, eventId: string): Promise<void> {
  const { version } = document;
  try {
    const { delivery, events } = await connected(parts.session).request('debug/edit', {
      id: eventId,
      body: { text: document.getText() },
      // XML was converted to JSON for editing.
      contentType: 'application/json; charset=utf-8',
    });
    await closeAccepted(document, version, delivery);
    await sayReceived(parts, delivery, events, (first) => say('Released as {0}, replacing {1}.', first, eventId));
  } catch (error) {
    const { code, advice } = error as { code?: unknown; advice?: unknown };
    if (code !== 'conflict') throw error;
    const text = say('Not released: {0}', withNext(error));
    // Either the body needs fixing and the original is still held, or the original is gone.
    const [other, doOther]: [string, () => Promise<unknown>] =
      advice === 'mend-body'
        ? [say('Release Original'), () => connected(parts.session).request('debug/step', { id: eventId })]
        : [say('Send as New Event'), () => sendBody(parts, document)];
    // Not awaited, because the message may stay open.
    void offer('Error', text, { [other]: doOther }).catch((failure: unknown) => offer('Error', withNext(failure), {}));
  }
}

async function closeAccepted(document: vscode.TextDocument, version: number, delivery: Delivery): Promise<void> {
  if (delivery.status !== 'rejected') await closeUntitled(document, version);
}

async function sayReceived(
  { isSeen }: Pick<ActionParts, 'isSeen'>,
  delivery: Delivery,
  [row]: readonly EventRow[],
  accepted: (first: string) => string,
): Promise<void> {
  if (row === undefined) return;
  const node: EventsNode = { kind: 'event', row };
  const show = { [say('Show Event')]: byCommand('open', node) };
  if (delivery.status === 'rejected') {
    await offer(
      'Warning',
      say('The relay rejected the edited body ({0}): {1}', row.id, inMessage(delivery.reason ?? '', 500)),
      show,
    );
  } else if (isSeen()) showStatusMessage(accepted(row.id));
  else await offer('Information', accepted(row.id), show);
}

async function showMistake(document: vscode.TextDocument, offset: number): Promise<void> {
  const position = document.positionAt(offset);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  const [line, column] = [position.line + 1, position.character + 1];
  void offer('Error', say('Not sent: the JSON is invalid at line {0}, column {1}.', line, column), {});
}
