/** The view of events in the sidebar: draws what the feed has loaded, and knows what is selected. */
import * as vscode from 'vscode';
import { maxAttempts } from '../../../common/retry-policies.ts';
import type { EventRow } from '../../../protocol/history.ts';
import { prefix } from '../../commands.ts';
import type { ListNames } from '../../campaign-monitor/list-names.ts';
import type { Session, SessionState } from '../../relay/session.ts';
import type { ProgressPlace } from '../../ui/progress.ts';
import { EventsFeed } from './events-feed.ts';
import type { Drawing } from './events-feed.ts';
import { group, groupings } from './grouping.ts';
import type { Group, Grouping } from './grouping.ts';
import type { EventNode, EventsNode, GroupNode, MoreNode, NewestNode } from '../event-node.ts';
import { eventItem, eventTooltip, failureItem, groupItem, moreItem, newestItem } from './tree-items.ts';
import type { Surroundings } from '../event-words.ts';

const groupingKey = `${prefix}.grouping`;
const recentFiltersKey = `${prefix}.recentFilters`;
const mostRecentFilters = 10;

const more: MoreNode = { kind: 'more', groupId: null };
const newest: NewestNode = { kind: 'newest' };

export interface EventsViewParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly names: ListNames;
}

export class EventsView implements vscode.Disposable, vscode.TreeDataProvider<EventsNode> {
  readonly #session: Session;
  readonly #names: ListNames;
  readonly #memory: vscode.Memento;
  readonly #view: vscode.TreeView<EventsNode>;
  readonly #feed: EventsFeed;
  readonly #changed = new vscode.EventEmitter<EventsNode[] | undefined>();
  readonly #disposables: readonly { dispose(): unknown }[];
  readonly #groups = new Map<string, Group>();
  /** Which groups were unfolded when they first came: that stays the user's affair. */
  readonly #unfolded = new Map<string, boolean>();
  #grouping: Grouping | null;
  #around: Surroundings = { now: 0, maxAttempts: null, whyWaiting: () => null, nameOfList: () => undefined };

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(context: vscode.ExtensionContext, { session, log, names }: EventsViewParts) {
    this.#session = session;
    this.#names = names;
    this.#memory = context.workspaceState;
    const remembered = this.#memory.get<string>(groupingKey);
    this.#grouping = groupings.find((each) => each === remembered) ?? null;
    this.#feed = new EventsFeed({
      draw: (drawing) => this.#draw(drawing),
      onError: (error) => log.warn(`the events could not be read: ${error.message}`),
    });
    this.#view = vscode.window.createTreeView(`${prefix}.events`, {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    this.#disposables = [
      this.#view,
      this.#changed,
      this.#feed,
      this.#view.onDidChangeVisibility(({ visible }) => this.#feed.setVisible(visible)),
      session.onDidAddEvents((params) => this.#feed.added(params)),
      session.onDidRecordAttempts((params) => this.#feed.attempted(params)),
      session.onDidCorrectEvents((params) => this.#feed.corrected(params)),
      session.onDidChange((state) => this.#follow(state)),
      names.onDidChange(() => this.#feed.redraw()),
    ];
    this.#feed.setVisible(this.#view.visible);
    this.#sayGrouped();
    this.#follow(session.state);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  /** Where it can be shown that something goes on. */
  get progressPlace(): ProgressPlace {
    return { viewId: `${prefix}.events`, isVisible: () => this.#view.visible };
  }

  /** The filter in force; empty for everything. */
  get filter(): string {
    return this.#feed.filter;
  }

  get recentFilters(): readonly string[] {
    return this.#memory.get<string[]>(recentFiltersKey, []);
  }

  /**
   * The events that a command acts on: those of the node with the selection it belongs to; called from the palette or
   * by a key, the selection. A group stands for the events in it.
   */
  readonly select = (node?: EventsNode, nodes?: readonly EventsNode[]): EventRow[] => {
    const chosen = nodes !== undefined && nodes.length > 0 ? nodes : node === undefined ? this.#view.selection : [node];
    const rows = new Map<string, EventRow>();
    for (const each of chosen) for (const { row } of this.#eventsOf(each)) rows.set(row.id, row);
    return [...rows.values()];
  };

  /** @param filter one that the relay has read without complaint */
  async setFilter(filter: string): Promise<void> {
    this.#feed.setFilter(filter);
    await vscode.commands.executeCommand('setContext', `${prefix}.filtered`, filter !== '');
    if (filter === '') return;
    const recent = [filter, ...this.recentFilters.filter((each) => each !== filter)].slice(0, mostRecentFilters);
    await this.#memory.update(recentFiltersKey, recent);
  }

  /** @param grouping null for one plain list */
  async setGrouping(grouping: Grouping | null): Promise<void> {
    this.#grouping = grouping;
    this.#unfolded.clear();
    this.#feed.redraw();
    this.#sayGrouped();
    await this.#memory.update(groupingKey, grouping ?? undefined);
  }

  refresh(): Promise<void> {
    return this.#withProgress(() => this.#feed.refresh());
  }

  loadMore(): Promise<void> {
    return this.#withProgress(() => this.#feed.loadMore());
  }

  async getChildren(node?: EventsNode): Promise<EventsNode[]> {
    if (node !== undefined) return node.kind === 'group' ? [...this.#eventsOf(node)] : [];
    if (!this.#feed.attached) {
      this.#showFilter(false);
      return [];
    }
    await this.#feed.ready();
    const { list } = this.#feed;
    this.#look();
    this.#showFilter(list.size > 0);
    const events = list.newestFirst();
    let nodes: EventsNode[] = events;
    this.#groups.clear();
    if (this.#grouping !== null) {
      const groups = group(events, this.#grouping, this.#around, vscode.l10n);
      for (const each of groups) this.#groups.set(each.id, each);
      nodes = groups;
    }
    const { failure } = this.#feed;
    return [
      ...(failure === undefined ? [] : [{ kind: 'failure', message: failure.message } as const]),
      ...(list.hasNewer ? [newest] : []),
      ...nodes,
      ...(list.hasOlder ? [more] : []),
    ];
  }

  getTreeItem(node: EventsNode): vscode.TreeItem {
    switch (node.kind) {
      case 'event':
        return eventItem(node, this.#around);
      case 'group':
        return this.#groupItem(node);
      case 'more':
        return moreItem(node);
      case 'newest':
        return newestItem(node);
      case 'failure':
        return failureItem(node);
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: EventsNode): vscode.TreeItem {
    if (node.kind === 'event') {
      this.#look();
      item.tooltip = eventTooltip(node, this.#around);
    }
    return item;
  }

  #sayGrouped(): void {
    void vscode.commands.executeCommand('setContext', `${prefix}.grouped`, this.#grouping !== null);
  }

  /**
   * Says which filter is in force and what it cannot find yet: above the events, or beside the view's title where there are none, since VS Code shows
   * the welcome content only where there is no message.
   */
  #showFilter(above: boolean): void {
    const { filter } = this.#feed;
    const message = above ? this.#message(filter) : undefined;
    const description = filter !== '' && !above ? filter : undefined;
    if (this.#view.message !== message) this.#view.message = message;
    if (this.#view.description !== description) this.#view.description = description;
  }

  #message(filter: string): string | undefined {
    const { searchable } = this.#feed;
    const parts = filter === '' ? [] : [vscode.l10n.t('Filter: {0}', filter)];
    if (searchable !== undefined) {
      parts.push(vscode.l10n.t('The history is being prepared: {0} % of it can be searched.', searchable));
    }
    return parts.length === 0 ? undefined : parts.join('\n');
  }

  #groupItem(node: GroupNode): vscode.TreeItem {
    const known = this.#groups.get(node.id) ?? { ...node, events: [] };
    let unfolded = this.#unfolded.get(node.id);
    if (unfolded === undefined) {
      unfolded =
        this.#grouping === 'time' ? !/\d/.test(node.id) : node.id === 'state:failed' || this.#unfolded.size < 3;
      this.#unfolded.set(node.id, unfolded);
    }
    const { hasOlder } = this.#feed.list;
    const oldest = [...this.#groups.keys()].at(-1);
    return groupItem(known, unfolded, hasOlder && (this.#grouping !== 'time' || node.id === oldest));
  }

  #eventsOf(node: EventsNode): readonly EventNode[] {
    if (node.kind === 'event') return [node];
    return node.kind === 'group' ? (this.#groups.get(node.id)?.events ?? []) : [];
  }

  #draw(drawing: Drawing): void {
    if (drawing === 'all' || this.#grouping === 'state') {
      this.#changed.fire(undefined);
      return;
    }
    this.#look();
    this.#changed.fire([...drawing]);
  }

  /** Notes what stands around the events, once for all that are drawn together. */
  #look(): void {
    const { state } = this.#session;
    if (state.kind !== 'running') return;
    const { destinations, settings } = state.status;
    const reasons = new Map(destinations.map(({ destinationId, detail }) => [destinationId, detail]));
    this.#around = {
      now: Date.now(),
      maxAttempts: maxAttempts(settings.retry),
      whyWaiting: (destinationId) => reasons.get(destinationId) ?? null,
      nameOfList: this.#names.nameOf,
    };
  }

  #follow(state: SessionState): void {
    if (state.kind !== 'running') {
      this.#feed.detach();
      this.#view.badge = undefined;
      return;
    }
    this.#feed.attach(state.client);
    this.#feed.status(state.status);
    const { failed } = state.status.counts;
    if (failed === (this.#view.badge?.value ?? 0)) return;
    this.#view.badge =
      failed === 0
        ? undefined
        : {
            value: failed,
            tooltip:
              failed === 1
                ? vscode.l10n.t('1 notification was not taken by its destination')
                : vscode.l10n.t('{0} notifications were not taken by their destinations', failed),
          };
  }

  async #withProgress(task: () => Promise<void>): Promise<void> {
    await vscode.window.withProgress({ location: { viewId: `${prefix}.events` } }, task);
  }
}
