import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { isSameUrl } from '../../common/same-url.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { commandId } from '../commands.ts';
import { onSetting } from '../configuration.ts';
import { prefix } from '../prefix.ts';
import { factsTooltip } from '../ui/facts-tooltip.ts';
import { focusedRows, type FocusedRows } from '../ui/focused-rows.ts';
import { Redraws } from '../ui/redraws.ts';
import { placeOf, type ListNaming } from '../ui/phrases.ts';
import { readDestinations } from './destination-settings.ts';
import type {
  DestinationFieldNode,
  DestinationNode,
  DestinationsNode,
  LeftNode,
  SampleNode,
  WrongNode,
} from './destination-settings.ts';
import {
  fieldRows,
  filtersOf,
  joinParts,
  nameOfDestination,
  stateIcons,
  stateOfDestination,
} from './destination-words.ts';
import type { DestinationSetting } from '../settings.ts';
import type { Session } from '../session/session.ts';

export interface DestinationsViewParts {
  readonly session: Session;
  readonly names: ListNaming & { onDidChange(listener: () => void): { dispose(): void } };
}

export class DestinationsView implements vscode.Disposable, vscode.TreeDataProvider<DestinationsNode> {
  readonly #parts: DestinationsViewParts;
  readonly #view: vscode.TreeView<DestinationsNode>;
  readonly #changed = new vscode.EventEmitter<DestinationsNode[] | undefined>();
  readonly #redraws = new Redraws<DestinationsNode>((nodes) => this.#changed.fire(nodes));
  readonly #disposables: readonly { dispose(): unknown }[];
  #drawn = '';
  #validSettings: readonly DestinationSetting[] = [];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(parts: DestinationsViewParts) {
    this.#parts = parts;
    this.#view = vscode.window.createTreeView(`${prefix}.destinations`, { treeDataProvider: this });
    this.#disposables = [
      this.#view,
      this.#changed,
      parts.session.onDidChange(() => this.#follow()),
      parts.names.onDidChange(() => this.#redraws.draw()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#redraws.draw()),
      onSetting('destinations', () => this.#redraws.draw()),
    ];
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  readonly focused: FocusedRows<DestinationsNode> = (named) =>
    focusedRows({ view: this.#view, redraws: this.#redraws, itemOf: (node) => this.getTreeItem(node) }, named);

  async nodes(): Promise<readonly DestinationNode[]> {
    return (await this.#entryNodes()).filter((each) => each.kind === 'destination');
  }

  async #entryNodes(): Promise<readonly (DestinationNode | WrongNode)[]> {
    const { checked, destinations } = await readDestinations();
    this.#validSettings = destinations;
    const known = this.#parts.session.status?.destinations.filter(({ configured }) => configured) ?? [];
    return checked.map((each) => {
      if (each.kind === 'wrong') return each;
      const status = known[each.index];
      // If the settings are invalid, the relay keeps its old ones.
      return { ...each, status: isSameUrl(each.setting.url, status?.url) ? status : undefined };
    });
  }

  getChildren(node?: DestinationsNode): Promise<DestinationsNode[]> {
    return this.#redraws.answer(node, () => this.#childrenOf(node));
  }

  async #childrenOf(node: DestinationsNode | undefined): Promise<DestinationsNode[]> {
    if (node !== undefined) return node.kind === 'destination' ? this.#fields(node) : [];
    const nodes = await this.#entryNodes();
    const all = this.#parts.session.status?.destinations ?? [];
    const left = all.filter(({ configured }) => !configured).map((status): LeftNode => ({ kind: 'left', status }));
    const sample = (): SampleNode => ({ kind: 'sample', status: all.find(({ configured }) => configured) });
    return [...(nodes.length > 0 ? nodes : [sample()]), ...left];
  }

  getTreeItem(node: DestinationsNode): vscode.TreeItem {
    switch (node.kind) {
      case 'destination':
        return this.#destinationItem(node);
      case 'left':
        return this.#item(placeOf(node.status.url).replace(/^https?:\/\//, ''), node.status, ';left;');
      case 'field':
        return fieldItem(node);
      case 'wrong':
        return wrongItem(node);
      case 'sample':
        return this.#sampleItem(node);
    }
  }

  get #sending(): Sending | undefined {
    return this.#parts.session.status?.sending;
  }

  #fields(of: DestinationNode): DestinationFieldNode[] {
    return fieldRows(of.setting, this.#parts.names).map((row) => ({ kind: 'field', of, ...row }));
  }

  #destinationItem(node: DestinationNode): vscode.TreeItem {
    const { setting, status } = node;
    const id = setting.id ?? status?.destinationId;
    const name = nameOfDestination({ ...setting, ...(id !== undefined && { id }) }, this.#validSettings);
    const filters = filtersOf(setting, this.#parts.names);
    // A narrow side bar has space only for the host. The tooltip has the scheme.
    const item = this.#item(name.replace(/^https?:\/\//, ''), status, ';destination;', filters);
    item.id = `destination:${node.index}`;
    item.collapsibleState = vscode.TreeItemCollapsibleState.Collapsed;
    item.tooltip = factsTooltip([
      ...fieldRows(setting, this.#parts.names).map(({ label, value }) => [label, value] as const),
      [say('State'), stateOfDestination(status, this.#sending)],
      [say('ID'), id ?? ''],
    ]);
    return item;
  }

  #sampleItem({ status }: SampleNode): vscode.TreeItem {
    const item = this.#item(
      say('Sample receiver'),
      // The receiver is part of the relay, so it listens.
      status?.state === 'untried' ? { ...status, state: 'up' } : status,
      ';sample;',
      say('until you add a destination'),
    );
    item.tooltip = say('Answers until you add a destination.');
    if (status !== undefined) {
      item.tooltip = say('Answers until you add a destination. Select this row to choose the answer.');
      item.command = { command: commandId('sampleReceiver'), title: say('Sample Receiver'), arguments: [] };
    }
    return item;
  }

  #item(name: string, status: DestinationStatus | undefined, contextValue: string, more: string = ''): vscode.TreeItem {
    const item = new vscode.TreeItem(name);
    const [icon, color] = stateIcons[status?.state ?? 'untried'];
    item.description = joinParts([stateOfDestination(status, this.#sending), more]);
    item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
    item.contextValue = contextValue;
    item.accessibilityInformation = { label: joinParts([name, item.description], ', ') };
    return item;
  }

  /** Statuses arrive often, and mostly without changes of destinations. */
  #follow(): void {
    const drawn = JSON.stringify(
      [this.#parts.session.status?.destinations, this.#sending?.state],
      (key, value: unknown) => (key === 'underWay' ? undefined : value),
    );
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#redraws.draw();
  }
}

function wrongItem({ index, fields }: WrongNode): vscode.TreeItem {
  const item = new vscode.TreeItem(say('Destination {0}', index + 1));
  item.id = `destination:${index}`;
  item.description = joinParts([say('isn’t valid'), fields], ': ');
  item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
  item.contextValue = ';wrong;';
  const tooltip = say('This destination isn’t valid. Select this row to open the setting.');
  item.tooltip = joinParts([tooltip, fields], '\n');
  item.command = { command: commandId('openDestinations'), title: say('Open Setting'), arguments: [] };
  return item;
}

function fieldItem(node: DestinationFieldNode): vscode.TreeItem {
  const item = new vscode.TreeItem(node.label);
  item.id = `destination:${node.of.index}:${node.field}`;
  item.description = node.value;
  item.contextValue = ';field;';
  item.tooltip = say('{0}: {1}. Select this row to change it.', node.label, node.value);
  item.accessibilityInformation = {
    label: say('{0}: {1}. Press Enter to change it.', node.label, node.value),
  };
  item.command = { command: commandId('editDestination'), title: say('Edit Destination'), arguments: [node] };
  return item;
}
