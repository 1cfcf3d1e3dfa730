import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId } from '../commands.ts';
import { printable } from '../ui/printable.ts';
import { maskUrl, type Place } from '../public-url/url-place.ts';
import type { AccountNode, ClientNode, ListNode, NoteNode, WebhookNode } from './webhook-source.ts';
import { descriptionOf, eventsOf, labelOf, spokenOf, stateOf } from './webhook-words.ts';
import { factsTooltip } from '../ui/facts-tooltip.ts';

const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;

export function accountItem({ account }: AccountNode): vscode.TreeItem {
  const item = new vscode.TreeItem(printable(account.label), Expanded);
  item.id = `account:${account.id}`;
  item.description = account.kind === 'sandbox' ? '' : printable(account.host.replace(/^https:\/\//, ''));
  item.iconPath = new vscode.ThemeIcon(account.kind === 'sandbox' ? 'beaker' : 'account');
  item.contextValue = ';account;';
  item.accessibilityInformation = { label: say('Account {0}', printable(account.label)) };
  return item;
}

/** @param unfolded an account may have hundreds of clients, each needing a call when expanded */
export function clientItem({ account, clientId, name }: ClientNode, unfolded: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(printable(name), unfolded ? Expanded : Collapsed);
  item.id = `client:${account.id}:${clientId}`;
  item.iconPath = new vscode.ThemeIcon('organization');
  item.contextValue = ';client;;id;';
  item.accessibilityInformation = { label: say('Client {0}', printable(name)) };
  return item;
}

export function listItem(node: ListNode, unfolded: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(printable(node.name), unfolded ? Expanded : Collapsed);
  item.id = `list:${node.account.id}:${node.listId}`;
  item.iconPath = new vscode.ThemeIcon('mail');
  item.contextValue = node.account.kind === 'sandbox' ? ';list;;id;;sandboxList;' : ';list;;id;';
  item.tooltip = say('List {0}', printable(node.listId));
  item.accessibilityInformation = { label: say('List {0}', printable(node.name)) };
  return item;
}

const icons: Readonly<Record<Place, readonly [icon: string, color: string]>> = {
  current: ['broadcast', 'charts.green'],
  asleep: ['broadcast', 'charts.yellow'],
  stopped: ['broadcast', 'charts.yellow'],
  old: ['debug-disconnect', 'list.warningForeground'],
  other: ['broadcast', 'charts.blue'],
  foreign: ['globe', 'descriptionForeground'],
};

export function webhookItem({ list, hook }: WebhookNode, place: Place): vscode.TreeItem {
  const item = new vscode.TreeItem(labelOf(hook.url, place));
  item.id = `webhook:${list.account.id}:${list.listId}:${hook.webhookId}`;
  item.description = descriptionOf(hook);
  const [icon, color] = icons[place];
  item.iconPath = hook.active
    ? new vscode.ThemeIcon(icon, new vscode.ThemeColor(color))
    : new vscode.ThemeIcon('circle-slash', new vscode.ThemeColor('descriptionForeground'));
  item.contextValue = ';webhook;;id;';
  item.accessibilityInformation = { label: spokenOf(hook, place), role: 'treeitem' };
  item.tooltip = tooltipOf(hook, place);
  return item;
}

function tooltipOf(hook: WebhookNode['hook'], place: Place): vscode.MarkdownString {
  return factsTooltip([
    [say('Points to'), labelOf(hook.url, place)],
    [say('URL'), maskUrl(hook.url)],
    [say('Events'), eventsOf(hook)],
    [say('Format'), hook.format?.toUpperCase() ?? ''],
    [say('State'), stateOf(hook)],
    [say('ID'), hook.webhookId],
  ]);
}

const noteIcons: Readonly<Record<NoteNode['severity'], vscode.ThemeIcon>> = {
  info: new vscode.ThemeIcon('info'),
  error: new vscode.ThemeIcon('error', new vscode.ThemeColor('errorForeground')),
  next: new vscode.ThemeIcon('arrow-small-right'),
};

export function noteItem(node: NoteNode): vscode.TreeItem {
  const { severity, label, next } = node;
  const item = new vscode.TreeItem(printable(severity === 'next' ? next : label, 300));
  item.id = `note:${node.id}`;
  if (severity === 'info') item.description = printable(next, 300);
  item.iconPath = noteIcons[severity];
  item.contextValue = ';note;';
  item.tooltip = `${node.label}\n${node.next}`;
  item.command = {
    command: commandId(node.command),
    title: node.next,
    arguments: [node.way ?? node.list].filter((argument) => argument !== undefined),
  };
  return item;
}
