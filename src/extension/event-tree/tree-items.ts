import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId } from '../commands.ts';
import {
  flagsOf,
  isHeldAtGate,
  isUnderWay,
  labelOf,
  marksOf,
  placeInDelivery,
  shownState,
  signatureOf,
  typeOf,
} from '../../protocol/event-row.ts';
import type { ShownState } from '../../protocol/event-row.ts';
import { decoratedUri } from './decorations.ts';
import { eventUri } from '../event-documents/event-documents.ts';
import type { EventNode, NewestNode } from '../events/event-node.ts';
import { descriptionOf, forwardingInFull, rowLabelOf, spokenOf, type RowContext } from '../events/event-words.ts';
import { nameOfDestination } from '../destinations/destination-words.ts';
import { ageOf, dateOf, listOf } from '../ui/phrases.ts';
import { factsTooltip } from '../ui/facts-tooltip.ts';

/** The shape shows the state without color, and the color shows it at a glance. */
const icons: Record<ShownState, readonly [icon: string, color: string]> = {
  failed: ['error', 'charts.red'],
  held: ['lock', 'charts.purple'],
  retrying: ['sync', 'list.warningForeground'],
  sending: ['send', 'charts.blue'],
  waiting: ['watch', 'charts.yellow'],
  discarded: ['trash', 'descriptionForeground'],
  sent: ['check', 'charts.green'],
  rejected: ['circle-slash', 'charts.red'],
  test: ['beaker', 'charts.blue'],
  none: ['circle-outline', 'descriptionForeground'],
};

const heldAtGateIcon: (typeof icons)['held'] = ['debug-pause', 'charts.purple'];

export function eventItem(node: EventNode, around: RowContext): vscode.TreeItem {
  const { row } = node;
  const item = new vscode.TreeItem(rowLabelOf(row, around));
  const state = shownState(row, around);
  const [icon, color] = state === 'held' && row.forwardings.some(isHeldAtGate) ? heldAtGateIcon : icons[state];
  item.id = row.id;
  item.description = descriptionOf(row, around);
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  item.contextValue = flagsOf(row);
  item.accessibilityInformation = { label: spokenOf(row, around), role: 'treeitem' };
  // VS Code's own command keeps the focus in the tree on a click, and moves it to the editor on Enter.
  item.command = { command: 'vscode.open', title: say('Open Event'), arguments: [eventUri(row.id)] };
  const decorated = decoratedUri(state);
  if (decorated !== undefined) item.resourceUri = decorated;
  return item;
}

export function moreItem(): vscode.TreeItem {
  const item = actionItem('more', say('Load More'), 'ellipsis');
  item.tooltip = say('Load older events');
  item.command = { command: commandId('loadMore'), title: say('Load More Events'), arguments: [] };
  return item;
}

export function pausedItem(fresh: number): vscode.TreeItem {
  const count = fresh.toLocaleString(vscode.env.language);
  const item = actionItem('paused', say('List is frozen: {0} new', count), 'pinned');
  item.description = say('Show new events');
  item.tooltip = say(
    'The list is frozen, so new events don’t appear and no row moves. Sending isn’t affected. Select this row to unfreeze the list.',
  );
  item.command = { command: commandId('toggleFrozen'), title: say('Unfreeze List'), arguments: [false] };
  item.accessibilityInformation = { label: say('List is frozen: {0} new. Press Enter to show new events.', count) };
  return item;
}

export function newestItem(node: NewestNode): vscode.TreeItem {
  const item = actionItem('newest', say('Back to Newest'), 'arrow-up');
  item.tooltip = say('Showing older events; the newest aren’t loaded.');
  item.command = { command: commandId('refreshEvents'), title: say('Refresh Events'), arguments: [node] };
  return item;
}

export function noMatchItem(): vscode.TreeItem {
  const item = actionItem('noMatch', say('Clear Filter'), 'clear-all');
  item.command = { command: commandId('clearFilter'), title: say('Clear Filter'), arguments: [] };
  return item;
}

export function failureItem(): vscode.TreeItem {
  const item = actionItem('failure', say('Try Again'), 'refresh');
  item.command = { command: commandId('refreshEvents'), title: say('Refresh Events'), arguments: [] };
  return item;
}

function actionItem(id: string, label: string, icon: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = `;${id};`;
  return item;
}

/** Text from outside is shown as text, never as markup. */
export function eventTooltip({ row }: EventNode, around: RowContext): vscode.MarkdownString {
  const { language } = vscode.env;
  return factsTooltip([
    [say('Type'), row.kind === 'event' ? typeOf(row) : labelOf(row)],
    [say('Address'), row.address ?? ''],
    [say('List'), row.list === null ? '' : listOf(row.list, around)],
    [say('Date'), row.date === null ? '' : dateOf(row.date, language)],
    [say('Received'), `${dateOf(row.receivedAt, language)} (${ageOf(row.receivedAt, around.now)})`],
    [say('Relay’s answer'), row.signature === 'fetched' ? '' : String(row.httpStatus)],
    [say('Warning'), row.warning ?? ''],
    [say('Signature'), signatureOf(row)],
    [say('Note'), marksOf({ ...row, signature: null }).join(', ')],
    [say('Delivery'), placeInDelivery(row)],
    ...row.forwardings.map((each): [string, string] => [
      nameOfDestination(
        { url: each.destination, id: each.destinationId, mode: each.mode },
        row.forwardings.map(({ destination }) => ({ url: destination })),
      ),
      forwardingInFull(each, around, isUnderWay(each, around)),
    ]),
    [say('IDs'), [row.id, row.deliveryId, row.notificationId].filter((id) => id !== null).join(', ')],
  ]);
}
