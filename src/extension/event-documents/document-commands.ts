import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import { chosenRow, chosenRows, readable, targetRows } from '../events/chosen.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';
import type { CommandHandlers } from '../commands.ts';
import type { EventsNode } from '../events/event-node.ts';
import { labelOf } from '../../protocol/event-row.ts';
import { eventViewType, parseDocumentPath, type DocumentKind } from '../events/address.ts';
import { documentUri, eventUri, openDocument, uriOf } from './event-documents.ts';
import { stretchOf } from './json-text.ts';

export function createDocumentCommands(parts: ActionParts): CommandHandlers<'documents'> {
  return {
    open: (node?: EventsNode) => openEvent(chosenRow(parts, node), node !== undefined),
    // A key binding can name the document to open it without asking.
    openAsText: (first?: EventsNode | vscode.Uri | DocumentKind, second?: EventsNode | vscode.Uri) =>
      typeof first === 'string' ? openKind(parts, first, second) : openAsText(parts, first),
    compareBodies: (node?: EventsNode, nodes?: readonly EventsNode[]) => compareBodies(parts, node, nodes),
    compareWithNotification: (node?: EventsNode) => compareWithNotification(parts, chosenRow(parts, node)),
    compareAnswers: (node?: EventsNode) => compareAnswers(parts, chosenRow(parts, node)),
  };
}

async function openEvent(row: EventRow, preserveFocus: boolean): Promise<void> {
  await vscode.commands.executeCommand('vscode.openWith', eventUri(row.id), eventViewType, {
    preview: true,
    preserveFocus,
  });
}

async function openAsText(parts: ActionParts, target: EventsNode | vscode.Uri | undefined): Promise<void> {
  const [row] = await targetRows(parts, target ?? eventInSight());
  const { notifications, attempts } = await (await readable(parts)).request('events/get', { id: row.id });
  const offered: readonly (vscode.QuickPickItem & { readonly shows: DocumentKind })[] = [
    { label: say('Body'), description: say('as received'), shows: 'body' },
    { label: say('Notification'), description: say('as sent'), shows: 'notification' },
    { label: say('Answer'), description: say('latest'), shows: 'answer' },
  ];
  const counts: Partial<Record<DocumentKind, number>> = { notification: notifications.length, answer: attempts.length };
  const chosen = await vscode.window.showQuickPick(
    offered.filter(({ shows }) => counts[shows] !== 0),
    { title: say('Open {0} as Text', labelOf(row)), placeHolder: say('Choose a document') },
  );
  if (chosen !== undefined) await openKind(parts, chosen.shows, eventUri(row.id));
}

async function openKind(
  parts: ActionParts,
  kind: DocumentKind,
  target: EventsNode | vscode.Uri | undefined,
): Promise<void> {
  const [row] = await targetRows(parts, target ?? eventInSight());
  if (kind === 'notification') requireNotification(row);
  const attempt = target instanceof vscode.Uri ? parseDocumentPath(target.path)?.attempt : undefined;
  const editor = await openDocument(parts, { eventId: row.id, kind, attempt: attempt ?? null });
  if (kind === 'body' && row.kind === 'event') await revealEvent(parts, row, editor);
}

function eventInSight(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom && input.viewType === eventViewType ? input.uri : undefined;
}

async function revealEvent({ history }: ActionParts, row: EventRow, editor: vscode.TextEditor): Promise<void> {
  const { events } = await (await readable({ history })).request('deliveries/get', { id: row.deliveryId });
  const index = events.findIndex(({ id }) => id === row.id);
  if (events.length < 2 || index === -1 || editor.document.languageId !== 'json') return;
  const found = stretchOf(editor.document.getText(), ['Events', index]);
  if (found === undefined) return;
  const position = editor.document.positionAt(found.start);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(new vscode.Range(position, position), vscode.TextEditorRevealType.AtTop);
}

function requireNotification(row: EventRow): void {
  if (row.notificationId !== null) return;
  throw new CommandError(
    say('{0} has no notification', labelOf(row)),
    say('Test calls and rejected deliveries don’t have notifications.'),
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
      say('You need exactly two events to compare'),
      say('Select two events, and then try again.'),
    );
  }
  const [before, after] = numberOf(left) < numberOf(right) ? [left, right] : [right, left];
  // Two events of one delivery have the same body: compare the events.
  const kind = before.deliveryId === after.deliveryId && before.kind === 'event' ? 'event' : 'body';
  await vscode.commands.executeCommand(
    'vscode.diff',
    await uriOf(parts, { eventId: before.id, kind, attempt: null }),
    await uriOf(parts, { eventId: after.id, kind, attempt: null }),
    say('{0} ↔ {1}', ...namesOfTwo(before, after)),
    { preview: true },
  );
}

function namesOfTwo(...rows: readonly [EventRow, EventRow]): string[] {
  const names = rows.map((row) => labelOf(row));
  return names[0] === names[1] ? names.map((name, at) => `${name} (${rows[at]?.id ?? ''})`) : names;
}

function numberOf({ id }: EventRow): number {
  return Number(id.slice(1));
}

async function compareWithNotification(parts: ActionParts, row: EventRow): Promise<void> {
  requireNotification(row);
  // Shared content may differ in indentation, which VS Code's diff ignores.
  await vscode.commands.executeCommand(
    'vscode.diff',
    await uriOf(parts, { eventId: row.id, kind: 'body', attempt: null }),
    await uriOf(parts, { eventId: row.id, kind: 'notification', attempt: null }),
    say('{0}: body ↔ notification', labelOf(row)),
    { preview: true },
  );
}

async function compareAnswers(parts: ActionParts, row: EventRow): Promise<void> {
  const { attempts } = await (await readable(parts)).request('events/get', { id: row.id });
  const { inOrder } = await import('../deferred.ts');
  const ordered = inOrder(attempts);
  const latest = ordered.at(-1);
  const numbered = ordered.map((attempt, i) => ({ ...attempt, place: i + 1 }));
  const same = numbered.filter(({ destinationId }) => destinationId === latest?.destinationId);
  const [before, after] = (same.length > 1 ? same : numbered).slice(-2);
  if (before === undefined || after === undefined) {
    throw new CommandError(say('You need two answers to compare'), say('Resend the event, and then try again.'));
  }
  const uri = (place: number): vscode.Uri => documentUri({ eventId: row.id, kind: 'answer', attempt: place });
  const time = ({ at }: { at: string }): string => new Date(at).toLocaleTimeString(vscode.env.language);
  await vscode.commands.executeCommand(
    'vscode.diff',
    uri(before.place),
    uri(after.place),
    say('{0}: answer at {1} ↔ answer at {2}', labelOf(row), time(before), time(after)),
    { preview: true },
  );
}
