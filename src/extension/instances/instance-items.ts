import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { commandId } from '../commands.ts';
import { printable } from '../ui/printable.ts';
import type { FactNode, FailureNode, GoneNode, InstanceNode } from './instance-node.ts';
import { descriptionOf, flagsOf, instanceState, spokenOf, type InstanceState } from './instance-words.ts';

const icons: Record<InstanceState, readonly [icon: string, color: string]> = {
  invalid: ['error', 'charts.red'],
  disabled: ['circle-slash', 'descriptionForeground'],
  'events-off': ['bell-slash', 'descriptionForeground'],
  elsewhere: ['cloud', 'charts.blue'],
  'old-url': ['warning', 'list.warningForeground'],
  'not-reached': ['cloud', 'charts.yellow'],
  here: ['cloud', 'charts.green'],
};

export function instanceItem({ facts }: InstanceNode, isSandbox: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(printable(facts.name), vscode.TreeItemCollapsibleState.Collapsed);
  const [icon, color] = icons[instanceState(facts)];
  item.id = String(facts.id);
  item.description = descriptionOf(facts);
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  item.contextValue = flagsOf(facts) + (isSandbox ? ';sandboxInstance;' : '');
  item.accessibilityInformation = { label: spokenOf(facts), role: 'treeitem' };
  return item;
}

export function factItem({ of, key, label, value }: FactNode): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.id = `${of.facts.id} ${key}`;
  item.description = value;
  item.tooltip = value;
  item.contextValue = `;fact;${key};`;
  item.accessibilityInformation = { label: `${label}: ${value}` };
  return item;
}

export function goneItem({ stored }: GoneNode): vscode.TreeItem {
  const name = printable(stored.name);
  const item = new vscode.TreeItem(name);
  item.id = `gone ${stored.id}`;
  item.description = say('No longer in Open Connectors');
  item.tooltip = say(
    'Open Connectors no longer has the instance {0}, or your secrets can’t access it. The instance’s token stays in VS Code until you choose Delete Instance.',
    stored.id,
  );
  item.iconPath = new vscode.ThemeIcon('question', new vscode.ThemeColor('descriptionForeground'));
  item.contextValue = ';gone;';
  item.accessibilityInformation = { label: say('instance {0}, no longer in Open Connectors', name) };
  return item;
}

export function failureItem({ row, text }: FailureNode): vscode.TreeItem {
  const shown = printable(text, 300);
  const item = new vscode.TreeItem(shown);
  item.id = `failure ${row}`;
  item.tooltip = say('{0} Select this row to try again.', printable(text, 1000));
  item.iconPath =
    row === 'what'
      ? new vscode.ThemeIcon('error', new vscode.ThemeColor('charts.red'))
      : new vscode.ThemeIcon('arrow-small-right');
  item.contextValue = ';failure;';
  item.command = { command: commandId('refreshInstances'), title: say('Refresh Instances'), arguments: [] };
  item.accessibilityInformation = {
    label:
      row === 'what'
        ? say('Couldn’t read instances: {0} Press Enter to try again.', shown)
        : say('{0} Press Enter to try again.', shown),
  };
  return item;
}
