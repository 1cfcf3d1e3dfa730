/** Edit and resend: a body as a JSON document, and the command that takes it the way of a received one. */
import * as vscode from 'vscode';
import type { EventRow } from '../../../protocol/history.ts';
import { commandId } from '../../commands.ts';
import type { CommandHandlers } from '../../commands.ts';
import { jsonErrorAt } from '../documents/json-text.ts';
import type { EventsNode } from '../event-node.ts';
import { inMessage } from '../../ui/printable.ts';
import { connected, targetRows } from '../chosen.ts';
import type { ActionParts } from '../action-parts.ts';
import { bodyEndings } from './send-lens.ts';
import { openUntitled } from '../untitled.ts';

/** The handlers of these commands. */
export function createResendCommands(parts: ActionParts): CommandHandlers<'resend'> {
  return {
    editAndResend: async (target?: EventsNode | vscode.Uri) => {
      const [row] = await targetRows(parts, target);
      await editAndResend(parts, row);
    },
    send: (uri?: vscode.Uri) => send(parts, uri),
  };
}

async function editAndResend({ session }: ActionParts, row: EventRow): Promise<void> {
  const { delivery, body } = await connected(session).request('deliveries/get', { id: row.deliveryId });
  const { editableBody } = await import('../../deferred.ts');
  const kind =
    row.kind === 'event'
      ? (row.type ?? vscode.l10n.t('Event'))
      : row.kind === 'test'
        ? vscode.l10n.t('Test call')
        : vscode.l10n.t('Rejected');
  // What a vendor wrote may hold anything; a file's name may not.
  const name = `${kind.replace(/[^\p{L}\p{N} _-]/gu, '')} ${row.id}${bodyEndings[delivery.source]}`.trim();
  await openUntitled(name, editableBody(delivery, Buffer.from(body, 'base64')));
  if (delivery.truncated) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t('Only its first 64 KiB were kept: complete it before sending.'),
    );
  }
}

async function send({ session }: ActionParts, uri: vscode.Uri | undefined): Promise<void> {
  const { l10n } = vscode;
  const document =
    uri === undefined ? vscode.window.activeTextEditor?.document : await vscode.workspace.openTextDocument(uri);
  if (document === undefined) return;
  const text = document.getText();
  const wrongAt = text.trim() === '' ? undefined : jsonErrorAt(text);
  if (wrongAt !== undefined) {
    await showMistake(document, wrongAt);
    return;
  }
  const { delivery, events } = await connected(session).request('deliveries/inject', {
    source: document.fileName.endsWith(bodyEndings['open-connectors']) ? 'open-connectors' : 'campaign-monitor',
    body: { text },
  });
  const [row] = events;
  if (row === undefined) return;
  const show = l10n.t('Show Event');
  const choice =
    delivery.status === 'rejected'
      ? await vscode.window.showWarningMessage(
          l10n.t('The relay rejected it as {0}: {1}', row.id, inMessage(delivery.reason ?? '', 500)),
          show,
        )
      : await vscode.window.showInformationMessage(
          delivery.status === 'test'
            ? l10n.t('Sent as {0}. It holds no event: a test call.', row.id)
            : events.length === 1
              ? l10n.t('Sent as {0}.', row.id)
              : l10n.t('Sent as {0} and {1} more.', row.id, events.length - 1),
          show,
        );
  if (choice === show) {
    const node: EventsNode = { kind: 'event', row };
    await vscode.commands.executeCommand(commandId('open'), node);
  }
}

/** Puts the cursor where the text stops being JSON, and says so. */
async function showMistake(document: vscode.TextDocument, offset: number): Promise<void> {
  const position = document.positionAt(offset);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  void vscode.window.showErrorMessage(
    vscode.l10n.t(
      'Not sent: this is not JSON from line {0}, column {1} on.',
      position.line + 1,
      position.character + 1,
    ),
  );
}
