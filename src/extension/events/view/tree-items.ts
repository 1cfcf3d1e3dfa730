/** How the nodes of the events view look. */
import * as vscode from 'vscode';
import type { EventRow } from '../../../protocol/history.ts';
import { commandId } from '../../commands.ts';
import { flagsOf, rowState } from '../forwarding-state.ts';
import type { RowState } from '../forwarding-state.ts';
import type { Group } from './grouping.ts';
import type { EventNode, FailureNode, MoreNode, NewestNode } from '../event-node.ts';
import { printable } from '../../ui/printable.ts';
import { descriptionOf, forwardingInFull, labelOf, marksOf, spokenOf } from '../event-words.ts';
import { ageOf, dateOf, listOf, placeOf } from '../../ui/phrases.ts';
import type { Surroundings } from '../event-words.ts';
import { factsTooltip } from '../../ui/facts-tooltip.ts';

const colours: Record<RowState, string> = {
  failed: 'charts.red',
  held: 'charts.purple',
  retrying: 'list.warningForeground',
  waiting: 'charts.yellow',
  discarded: 'descriptionForeground',
  sent: 'charts.green',
  rejected: 'charts.red',
  test: 'charts.blue',
  none: 'descriptionForeground',
};

/** An event, with its state as icon and colour. */
export function eventItem(node: EventNode, around: Surroundings): vscode.TreeItem {
  const { row } = node;
  const item = new vscode.TreeItem(labelOf(row, vscode.l10n));
  item.id = row.id;
  item.description = descriptionOf(row, around, vscode.l10n);
  item.iconPath = new vscode.ThemeIcon(iconOf(row), new vscode.ThemeColor(colours[rowState(row)]));
  item.contextValue = flagsOf(row);
  item.accessibilityInformation = { label: spokenOf(row, around, vscode.l10n), role: 'treeitem' };
  item.command = { command: commandId('open'), title: vscode.l10n.t('Open Event'), arguments: [node] };
  return item;
}

/** The type of a vendor's event is its shape, its state its colour. */
function iconOf(row: EventRow): string {
  if (row.kind === 'test') return 'beaker';
  if (row.kind === 'rejected') return 'circle-slash';
  if (row.source === 'open-connectors') return 'cloud';
  switch (row.type?.toLowerCase()) {
    case 'subscribe':
      return 'person-add';
    case 'update':
      return 'edit';
    case 'deactivate':
      return 'remove';
    default:
      return 'mail';
  }
}

/** @param partial older ones are not loaded: the group may have more */
export function groupItem(group: Group, unfolded: boolean, partial: boolean): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(group.label, unfolded ? Expanded : Collapsed);
  const count = group.events.length;
  item.id = group.id;
  item.description = partial ? `${count}+` : String(count);
  item.contextValue = ';group;';
  const label = partial
    ? vscode.l10n.t('{0}, {1} events or more', group.label, count)
    : vscode.l10n.t('{0}, {1} events', group.label, count);
  item.accessibilityInformation = { label };
  item.tooltip = label;
  return item;
}

/** The row that loads older events. */
export function moreItem(node: MoreNode): vscode.TreeItem {
  const item = actionItem('more', vscode.l10n.t('Load More'), 'ellipsis');
  item.tooltip = vscode.l10n.t('Load older events');
  item.command = { command: commandId('loadMore'), title: vscode.l10n.t('Load More Events'), arguments: [node] };
  return item;
}

/** The row that leads back to the newest events. */
export function newestItem(node: NewestNode): vscode.TreeItem {
  const item = actionItem('newest', vscode.l10n.t('Back to the Newest'), 'arrow-up');
  item.tooltip = vscode.l10n.t('Older events are shown; the newest are not loaded.');
  item.command = { command: commandId('refreshEvents'), title: vscode.l10n.t('Refresh Events'), arguments: [node] };
  return item;
}

/** A row that does something, of which there is one. */
function actionItem(id: string, label: string, icon: string): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = id;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.contextValue = `;${id};`;
  return item;
}

/** Why the events could not be read; a click tries again. */
export function failureItem(node: FailureNode): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('The events could not be read'));
  const message = printable(node.message, 1000);
  item.id = 'failure';
  item.description = printable(node.message);
  item.tooltip = vscode.l10n.t('{0}. Choose this row to try again.', message);
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('charts.red'));
  item.contextValue = ';failure;';
  item.command = { command: commandId('refreshEvents'), title: vscode.l10n.t('Refresh Events'), arguments: [] };
  item.accessibilityInformation = {
    label: vscode.l10n.t('The events could not be read: {0}. Press Enter to try again.', message),
  };
  return item;
}

/** Everything about an event at a glance; what came from outside is text, never markup. */
export function eventTooltip({ row }: EventNode, around: Surroundings): vscode.MarkdownString {
  const { l10n } = vscode;
  const { language } = vscode.env;
  return factsTooltip([
    [l10n.t('Type'), row.kind === 'event' ? (row.type ?? l10n.t('No type')) : labelOf(row, l10n)],
    [l10n.t('Address'), row.address ?? ''],
    [l10n.t('List'), row.list === null ? '' : listOf(row.list, around)],
    [l10n.t('Date'), row.date === null ? '' : dateOf(row.date, language)],
    [l10n.t('Received'), `${dateOf(row.receivedAt, language)} (${ageOf(row.receivedAt, around.now, l10n)})`],
    [l10n.t('Relay’s answer'), String(row.httpStatus)],
    [l10n.t('Warning'), row.warning ?? ''],
    [l10n.t('Note'), marksOf(row, l10n).join(', ')],
    ...row.forwardings.map((each): [string, string] => [
      placeOf(each.destination),
      forwardingInFull(each, around, l10n),
    ]),
    [l10n.t('IDs'), [row.id, row.deliveryId, row.notificationId].filter((id) => id !== null).join(', ')],
  ]);
}
