import * as vscode from 'vscode';
import { commandId } from '../commands.ts';
import { flagsOf, isHeldAtGate, isUnderWay, shownState } from '../events/forwarding-state.ts';
import type { ShownState } from '../events/forwarding-state.ts';
import { decoratedUri } from './decorations.ts';
import { eventUri } from '../event-documents/open-document.ts';
import type { EventNode, NewestNode } from '../events/event-node.ts';
import {
  descriptionOf,
  forwardingInFull,
  labelOf,
  marksOf,
  placeInDelivery,
  rowLabelOf,
  signatureOf,
  spokenOf,
} from '../events/event-words.ts';
import { nameOfDestination } from '../destinations/destination-words.ts';
import { ageOf, dateOf, listOf } from '../ui/phrases.ts';
import type { RowContext } from '../events/event-words.ts';
import { factsTooltip } from '../ui/facts-tooltip.ts';

/** The shape shows a state without color, and the color shows it at a glance. */
const icons: Record<ShownState, readonly [icon: string, colour: string]> = {
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

/** Held by a pause or a breakpoint, not because of a secret. */
const heldAtGateIcon: (typeof icons)['held'] = ['debug-pause', 'charts.purple'];

export function eventItem(node: EventNode, around: RowContext): vscode.TreeItem {
  const { row } = node;
  const item = new vscode.TreeItem(rowLabelOf(row, around, vscode.l10n));
  const state = shownState(row, around);
  const [icon, colour] = state === 'held' && row.forwardings.some(isHeldAtGate) ? heldAtGateIcon : icons[state];
  item.id = row.id;
  item.description = descriptionOf(row, around, vscode.l10n);
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
  item.contextValue = flagsOf(row);
  item.accessibilityInformation = { label: spokenOf(row, around, vscode.l10n), role: 'treeitem' };
  // VS Code's own command keeps the focus in the tree on a click, and moves it to the editor on Enter.
  item.command = { command: 'vscode.open', title: vscode.l10n.t('Open Event'), arguments: [eventUri(row.id)] };
  const decorated = decoratedUri(state);
  if (decorated !== undefined) item.resourceUri = decorated;
  return item;
}

export function moreItem(): vscode.TreeItem {
  const item = actionItem('more', vscode.l10n.t('Load More'), 'ellipsis');
  item.tooltip = vscode.l10n.t('Load older events');
  item.command = { command: commandId('loadMore'), title: vscode.l10n.t('Load More Events'), arguments: [] };
  return item;
}

/** Shows that the list is frozen, and how many events have arrived since; clicking it adds them. */
export function pausedItem(fresh: number): vscode.TreeItem {
  const { l10n } = vscode;
  const count = fresh.toLocaleString(vscode.env.language);
  const item = actionItem('paused', l10n.t('List is frozen: {0} new', count), 'pinned');
  item.description = l10n.t('Show new events');
  item.tooltip = l10n.t(
    'The list is frozen, so new events don’t appear and no row moves. Sending isn’t affected. Select this row to unfreeze the list.',
  );
  item.command = { command: commandId('toggleFrozen'), title: l10n.t('Unfreeze List'), arguments: [false] };
  item.accessibilityInformation = { label: l10n.t('List is frozen: {0} new. Press Enter to show new events.', count) };
  return item;
}

export function newestItem(node: NewestNode): vscode.TreeItem {
  const item = actionItem('newest', vscode.l10n.t('Back to Newest'), 'arrow-up');
  item.tooltip = vscode.l10n.t('Showing older events; the newest aren’t loaded.');
  item.command = { command: commandId('refreshEvents'), title: vscode.l10n.t('Refresh Events'), arguments: [node] };
  return item;
}

/** Shown if no event matches the filter; clicking it clears the filter. */
export function noMatchItem(): vscode.TreeItem {
  const item = actionItem('noMatch', vscode.l10n.t('Clear Filter'), 'clear-all');
  item.command = { command: commandId('clearFilter'), title: vscode.l10n.t('Clear Filter'), arguments: [] };
  return item;
}

export function failureItem(): vscode.TreeItem {
  const item = actionItem('failure', vscode.l10n.t('Try Again'), 'refresh');
  item.command = { command: commandId('refreshEvents'), title: vscode.l10n.t('Refresh Events'), arguments: [] };
  return item;
}

function actionItem(id: string, label: string, icon: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = `;${id};`;
  return item;
}

/** All about an event at a glance; text from outside is shown as text, never as markup. */
export function eventTooltip({ row }: EventNode, around: RowContext): vscode.MarkdownString {
  const { l10n } = vscode;
  const { language } = vscode.env;
  return factsTooltip([
    [l10n.t('Type'), row.kind === 'event' ? (row.type ?? l10n.t('No type')) : labelOf(row, l10n)],
    [l10n.t('Address'), row.address ?? ''],
    [l10n.t('List'), row.list === null ? '' : listOf(row.list, around)],
    [l10n.t('Date'), row.date === null ? '' : dateOf(row.date, language)],
    [l10n.t('Received'), `${dateOf(row.receivedAt, language)} (${ageOf(row.receivedAt, around.now, l10n)})`],
    [l10n.t('Relay’s answer'), row.signature === 'fetched' ? '' : String(row.httpStatus)],
    [l10n.t('Warning'), row.warning ?? ''],
    [l10n.t('Signature'), signatureOf(row, l10n)],
    [l10n.t('Note'), marksOf({ ...row, signature: null }, l10n).join(', ')],
    [l10n.t('Delivery'), placeInDelivery(row, l10n)],
    ...row.forwardings.map((each): [string, string] => [
      nameOfDestination(
        { url: each.destination, id: each.destinationId, mode: each.mode },
        row.forwardings.map(({ destination }) => ({ url: destination })),
        l10n,
      ),
      forwardingInFull(each, around, l10n, isUnderWay(each, around)),
    ]),
    [l10n.t('IDs'), [row.id, row.deliveryId, row.notificationId].filter((id) => id !== null).join(', ')],
  ]);
}
