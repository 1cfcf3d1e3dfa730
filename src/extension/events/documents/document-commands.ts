/** Commands that show one event, or hold two things against each other. */
import * as vscode from 'vscode';
import type { EventRow } from '../../../protocol/history.ts';
import { chosenRow, chosenRows, readable, targetRows } from '../chosen.ts';
import { CommandError } from '../../ui/command-error.ts';
import type { ActionParts } from '../action-parts.ts';
import type { CommandHandlers } from '../../commands.ts';
import type { EventsNode } from '../event-node.ts';
import { documentPath } from '../address.ts';
import type { BodyExtension, DocumentAddress, DocumentKind } from '../address.ts';
import { documentScheme, documentTexts } from './event-documents.ts';
import { lineOfEntry } from './json-text.ts';

/** The handlers of these commands. */
export function createDocumentCommands(parts: ActionParts): CommandHandlers<'documents'> {
  const show = (kind: DocumentKind) => async (target?: EventsNode | vscode.Uri) => {
    const [row] = await targetRows(parts, target);
    if (kind === 'notification') requireNotification(row);
    await openDocument(parts, row, kind, false);
  };
  return {
    // A click in the tree leaves the keyboard there, so that the arrow keys go on.
    open: (node?: EventsNode) => openDocument(parts, chosenRow(parts, node), 'body', node !== undefined),
    openBody: show('body'),
    openNotification: show('notification'),
    openAttempts: show('attempts'),
    openHeaders: show('headers'),
    compareBodies: (node?: EventsNode, nodes?: readonly EventsNode[]) => compareBodies(parts, node, nodes),
    compareWithNotification: (node?: EventsNode) => compareWithNotification(parts, chosenRow(parts, node)),
    compareAnswers: (node?: EventsNode) => compareAnswers(parts, chosenRow(parts, node)),
  };
}

/** The URI of a document. */
function documentUri(address: DocumentAddress, extension?: BodyExtension): vscode.Uri {
  return vscode.Uri.from({ scheme: documentScheme, path: documentPath(address, extension) });
}

/** The URI of an event's document, with the extension that its content asks for. */
async function uriOf(parts: ActionParts, eventId: string, kind: DocumentKind): Promise<vscode.Uri> {
  const address = { eventId, kind, attempt: null };
  if (kind !== 'body' && kind !== 'event' && kind !== 'notification') return documentUri(address);
  const { readDocument } = await import('../../deferred.ts');
  const { extension } = await readDocument(await readable(parts), address, documentTexts());
  return documentUri(address, extension);
}

async function openDocument(
  parts: ActionParts,
  row: EventRow,
  kind: DocumentKind,
  preserveFocus: boolean,
): Promise<void> {
  const document = await vscode.workspace.openTextDocument(await uriOf(parts, row.id, kind));
  const editor = await vscode.window.showTextDocument(document, { preview: true, preserveFocus });
  if (kind === 'body' && row.kind === 'event') await revealEvent(parts, row, editor);
}

/** Puts the cursor on the event, where its delivery holds several. */
async function revealEvent({ history }: ActionParts, row: EventRow, editor: vscode.TextEditor): Promise<void> {
  const { events } = await (await readable({ history })).request('deliveries/get', { id: row.deliveryId });
  const index = events.findIndex(({ id }) => id === row.id);
  if (events.length < 2 || index === -1 || editor.document.languageId !== 'json') return;
  const line = lineOfEntry(editor.document.getText(), 'Events', index);
  if (line === undefined) return;
  const position = new vscode.Position(line, 0);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.AtTop);
}

function requireNotification(row: EventRow): void {
  if (row.notificationId !== null || row.forwardings.length > 0) return;
  throw new CommandError(
    vscode.l10n.t('No notification was made of {0}', row.id),
    vscode.l10n.t('Test calls and rejected deliveries have none.'),
  );
}

async function compareBodies(
  parts: ActionParts,
  node: EventsNode | undefined,
  nodes: readonly EventsNode[] | undefined,
): Promise<void> {
  const [left, right, ...others] = chosenRows(parts, node, nodes);
  if (right === undefined || others.length > 0) {
    throw new CommandError(
      vscode.l10n.t('Two events can be compared'),
      vscode.l10n.t('Select exactly two in the events view.'),
    );
  }
  // The older one to the left, as a change reads.
  const [before, after] = numberOf(left) < numberOf(right) ? [left, right] : [right, left];
  // Two events of one delivery have the same body: then the events themselves.
  const kind = before.deliveryId === after.deliveryId && before.kind === 'event' ? 'event' : 'body';
  await vscode.commands.executeCommand(
    'vscode.diff',
    await uriOf(parts, before.id, kind),
    await uriOf(parts, after.id, kind),
    vscode.l10n.t('{0} ↔ {1}', titleOf(before), titleOf(after)),
    { preview: true },
  );
}

function numberOf({ id }: EventRow): number {
  return Number(id.slice(1));
}

function titleOf({ id, type, address, kind }: EventRow): string {
  const { l10n } = vscode;
  if (kind === 'test') return l10n.t('{0} test call', id);
  if (kind === 'rejected') return l10n.t('{0} rejected', id);
  return [id, type, address].filter((part) => part !== null).join(' ');
}

async function compareWithNotification(parts: ActionParts, row: EventRow): Promise<void> {
  requireNotification(row);
  // What both hold stands on lines that differ in their indent alone, which VS Code's diff overlooks.
  await vscode.commands.executeCommand(
    'vscode.diff',
    await uriOf(parts, row.id, 'body'),
    await uriOf(parts, row.id, 'notification'),
    vscode.l10n.t('{0}: body ↔ notification', titleOf(row)),
    { preview: true },
  );
}

async function compareAnswers(parts: ActionParts, row: EventRow): Promise<void> {
  const { attempts } = await (await readable(parts)).request('events/get', { id: row.id });
  const { inOrder } = await import('../../deferred.ts');
  const ordered = inOrder(attempts);
  const latest = ordered.at(-1);
  const numbered = ordered.map((attempt, i) => ({ ...attempt, place: i + 1 }));
  // Of one destination, where it answered twice.
  const same = numbered.filter(({ destinationId }) => destinationId === latest?.destinationId);
  const [before, after] = (same.length > 1 ? same : numbered).slice(-2);
  if (before === undefined || after === undefined) {
    throw new CommandError(
      vscode.l10n.t('There are no two answers to compare'),
      vscode.l10n.t('Replay the event and try again.'),
    );
  }
  const uri = (place: number): vscode.Uri => documentUri({ eventId: row.id, kind: 'answer', attempt: place });
  const time = ({ at }: { at: string }): string => new Date(at).toLocaleTimeString(vscode.env.language);
  await vscode.commands.executeCommand(
    'vscode.diff',
    uri(before.place),
    uri(after.place),
    vscode.l10n.t('{0}: answer at {1} ↔ answer at {2}', row.id, time(before), time(after)),
    { preview: true },
  );
}
