import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { prefix } from '../prefix.ts';
import type { ListNames } from '../accounts/list-names.ts';
import { isTunnelFailing, eventCount } from '../status/context-keys.ts';
import { withNext } from '../ui/error-words.ts';
import { leftPausedText, onPurposeText, pausedText } from '../sending/sending-words.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import type { Session, SessionState } from '../session/session.ts';
import { printable } from '../ui/printable.ts';
import type { ProgressPlace } from '../ui/progress.ts';
import type { HistoryWatch } from '../events/history-watch.ts';
import { EventsFeed, type Drawing } from './events-feed.ts';
import { focusedRows, rowsChanged, type FocusedRows } from '../ui/focused-rows.ts';
import { Redraws } from '../ui/redraws.ts';
import type { KnownList } from './filter-suggestions.ts';
import type { EventsNode, FailureNode, MoreNode, NewestNode, NoMatchNode, PausedNode } from '../events/event-node.ts';
import { withListNames } from './shown-filter.ts';
import { StoreCounts } from './store-counts.ts';
import { eventItem, eventTooltip, failureItem, moreItem, newestItem, noMatchItem, pausedItem } from './tree-items.ts';
import { rowContextOf, type RowContext } from '../events/event-words.ts';

const more: MoreNode = { kind: 'more' };
const paused: PausedNode = { kind: 'paused' };
const newest: NewestNode = { kind: 'newest' };
const unreadable: FailureNode = { kind: 'failure' };
const noMatch: NoMatchNode = { kind: 'noMatch' };

export interface EventsViewParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly names: ListNames;
  readonly history: Pick<StoppedHistory, 'exists'>;
  readonly watch: HistoryWatch;
}

const mostRowsDrawn = 10_000;

export class EventsView implements vscode.Disposable, vscode.TreeDataProvider<EventsNode> {
  readonly #session: Session;
  readonly #history: Pick<StoppedHistory, 'exists'>;
  readonly #watch: HistoryWatch;
  readonly #log: vscode.LogOutputChannel;
  #view: vscode.TreeView<EventsNode>;
  #viewDisposables: readonly { dispose(): unknown }[] = [];
  #isDisposed = false;
  #rowsBefore = 0;
  readonly #feed: EventsFeed;
  readonly #changed = new vscode.EventEmitter<EventsNode[] | undefined>();
  readonly #redraws = new Redraws<EventsNode>((nodes) => this.#changed.fire(nodes));
  readonly #selected = new vscode.EventEmitter<readonly EventRow[]>();
  readonly #disposables: readonly { dispose(): unknown }[];
  readonly #counts: StoreCounts;
  readonly #failures: StoreCounts;
  #failed = 0;
  #around: RowContext;
  #unmatched = '';
  #countedOf: RelayClient | undefined;
  #countedBy = '';
  readonly #keys = new Map<string, boolean>();

  readonly onDidChangeTreeData = this.#changed.event;
  readonly onDidSelect = this.#selected.event;

  constructor({ session, log, names, history, watch }: EventsViewParts) {
    this.#history = history;
    this.#session = session;
    this.#watch = watch;
    this.#log = log;
    this.#around = {
      now: 0,
      language: vscode.env.language,
      maxAttempts: null,
      whyWaiting: () => null,
      isUnderWay: () => false,
      nameOfList: names.nameOf,
    };
    this.#feed = new EventsFeed({
      watch,
      draw: (drawing) => this.#draw(drawing),
      around: () => this.#sayAround(),
    });
    const onError = (error: Error): void => log.warn(`the events could not be counted: ${error.message}`);
    this.#counts = new StoreCounts({
      asked: () => {
        const { client, filter } = watch;
        if (client === undefined || !this.#view.visible) return undefined;
        // Without a filter, the relay's status has the count.
        return filter === '' && session.status !== undefined ? undefined : { client, filter };
      },
      // VS Code limits how often a tree is drawn, so drawing only the heading must not delay the next event.
      onChange: () => this.#showHeading(),
      onError,
    });
    this.#failures = new StoreCounts({
      asked: () => {
        const { client } = session;
        return client && { client, filter: 'state:failed' };
      },
      onChange: () => this.#showBadge(),
      onError,
    });
    this.#view = this.#open();
    this.#disposables = [
      this.#changed,
      this.#selected,
      this.#feed,
      this.#counts,
      this.#failures,
      session.onDidChange((state) => this.#follow(state)),
      names.onDidChange(() => this.#feed.redraw()),
    ];
    this.#follow(session.state);
    this.#sayAround();
    this.#look(this.#view.visible);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const each of [...this.#viewDisposables, this.#view, ...this.#disposables]) each.dispose();
  }

  #open(): vscode.TreeView<EventsNode> {
    const view = vscode.window.createTreeView(`${prefix}.events`, { treeDataProvider: this, canSelectMany: true });
    this.#viewDisposables = [
      view.onDidChangeSelection(() => this.#selected.fire(this.select())),
      view.onDidChangeVisibility(({ visible }) => this.#look(visible)),
    ];
    return view;
  }

  /**
   * VS Code 1.139 keeps some 230 bytes in the extension host for each drawing of a row until the view is closed
   * (measured: `_createTreeNode` registers a store with the view and never removes it). So reopen the view while it is
   * hidden.
   */
  async #renew(): Promise<void> {
    if (this.#redraws.rows - this.#rowsBefore < mostRowsDrawn) return;
    this.#rowsBefore = this.#redraws.rows;
    for (const each of this.#viewDisposables) each.dispose();
    this.#viewDisposables = [];
    // Closing is asynchronous despite its type: an earlier VS Code would close the new view instead of the old one.
    await (this.#view.dispose() as unknown as Promise<void> | undefined);
    if (this.#isDisposed) return;
    this.#view = this.#open();
    this.#showHeading();
    this.#showBadge();
  }

  get progressPlace(): ProgressPlace {
    return { viewId: `${prefix}.events`, isVisible: () => this.#view.visible };
  }

  get lists(): readonly KnownList[] {
    const ids = new Set(this.#feed.list.newestFirst().flatMap(({ row }) => row.list ?? []));
    return [...ids].map((id) => ({ id, name: this.#around.nameOfList(id) }));
  }

  readonly select = (node?: EventsNode, nodes?: readonly EventsNode[]): EventRow[] => {
    const chosen = nodes !== undefined && nodes.length > 0 ? nodes : node === undefined ? this.#view.selection : [node];
    // While the tree is redrawn, VS Code doesn't know its rows.
    if (chosen.some((each: EventsNode | undefined) => each === undefined)) throw rowsChanged();
    return chosen.flatMap((each) => (each.kind === 'event' ? [each.row] : []));
  };

  readonly focused: FocusedRows<EventsNode> = (named) =>
    focusedRows({ view: this.#view, redraws: this.#redraws, itemOf: (node) => this.getTreeItem(node) }, named);

  /**
   * If the tree is redrawn below a menu, VS Code passes nothing for the clicked row, which is then the focused one.
   * @throws CommandError if it isn't certain which row was clicked
   */
  async given(given: readonly unknown[]): Promise<readonly unknown[]> {
    const [node, nodes] = given;
    if (given.length < 2 || (node ?? undefined) !== undefined) return given;
    const rows = await this.focused(Array.isArray(nodes) ? nodes.length : 0);
    if (rows.length === 0) throw rowsChanged();
    return [rows[0], rows];
  }

  refresh(): Promise<void> {
    this.#counts.changed();
    this.#watch.tryAgain();
    return this.#withProgress(() => this.#feed.ready());
  }

  loadMore(): Promise<void> {
    return this.#withProgress(() => this.#feed.loadMore());
  }

  getChildren(node?: EventsNode): Promise<EventsNode[]> {
    return this.#redraws.answer(node, () => (node === undefined ? this.#roots() : []));
  }

  async #roots(): Promise<EventsNode[]> {
    if (this.#watch.client !== undefined) await this.#feed.ready();
    const { list, failure } = this.#feed;
    const isRead = this.#watch.client !== undefined && failure === undefined;
    this.#unmatched = isRead && list.size === 0 ? this.#watch.filter : '';
    this.#lookAround();
    this.#showHeading();
    return [
      ...(this.#watch.paused ? [paused] : []),
      ...(failure === undefined ? [] : [unreadable]),
      ...(list.hasNewer ? [newest] : []),
      ...list.newestFirst(),
      ...(this.#isNoMatch ? [noMatch] : []),
      ...(list.hasOlder ? [more] : []),
    ];
  }

  getTreeItem(node: EventsNode): vscode.TreeItem {
    switch (node.kind) {
      case 'event':
        return eventItem(node, this.#around);
      case 'more':
        return moreItem();
      case 'paused':
        return pausedItem(this.#watch.fresh);
      case 'newest':
        return newestItem(node);
      case 'noMatch':
        return noMatchItem();
      case 'failure':
        return failureItem();
    }
  }

  resolveTreeItem(item: vscode.TreeItem, node: EventsNode): vscode.TreeItem {
    if (node.kind === 'event') {
      this.#lookAround();
      item.tooltip = eventTooltip(node, this.#around);
    }
    return item;
  }

  #setKey(key: 'paused' | 'filtered', value: boolean, set: () => unknown): void {
    if (this.#keys.get(key) === value) return;
    this.#keys.set(key, value);
    set();
  }

  #sayAround(): void {
    const { client, filter, paused: isPaused } = this.#watch;
    const { executeCommand } = vscode.commands;
    this.#setKey('paused', isPaused, () => executeCommand('setContext', `${prefix}.paused`, isPaused));
    this.#setKey('filtered', filter !== '', () => executeCommand('setContext', `${prefix}.filtered`, filter !== ''));
    if (client === this.#countedOf && filter === this.#countedBy) return;
    this.#countedOf = client;
    this.#countedBy = filter;
    this.#counts.begin();
  }

  get #isNoMatch(): boolean {
    const { filter } = this.#watch;
    return filter !== '' && filter === this.#unmatched && this.#feed.list.size === 0;
  }

  /** Without rows there is no message, because VS Code shows the welcome content only then. */
  #showHeading(): void {
    const { filter } = this.#watch;
    const { list, failure } = this.#feed;
    const above = list.size > 0 || this.#isNoMatch || failure !== undefined;
    const message = above ? this.#message(filter) : undefined;
    const description = above ? this.#heading(filter) : filter === '' ? undefined : filter;
    if (this.#view.message !== message) this.#view.message = message;
    if (this.#view.description !== description) this.#view.description = description;
  }

  #heading(filter: string): string {
    const { list } = this.#feed;
    const { status } = this.#session;
    const { total, atLeast } = this.#counts.counted;
    const written = (count: number): string => count.toLocaleString(vscode.env.language);
    const all = status === undefined ? undefined : written(eventCount(status));
    if (filter === '' && all !== undefined) return all;
    // Before the count is known, the number of loaded events is the minimum.
    const found = `${written(Math.max(total, list.size))}${atLeast || (total < list.size && list.hasOlder) ? '+' : ''}`;
    return filter === '' || all === undefined ? found : say('{0} of {1}', found, all);
  }

  #message(filter: string): string | undefined {
    const { searchable, left } = this.#watch;
    const { list, failure } = this.#feed;
    const { status } = this.#session;
    const named = withListNames(filter, this.#around);
    const parts: string[] = [];
    if (this.#isNoMatch) parts.push(say('No event matches: {0}', named));
    else if (filter !== '') parts.push(say('Filter: {0}', named));
    const { language } = vscode.env;
    if (status === undefined) {
      if (left?.state === 'paused') parts.unshift(leftPausedText(left, language));
      if (list.size > 0) parts.unshift(say('The relay isn’t running; showing the events it received.'));
    } else {
      const { sending, answering, tunnel } = status;
      if (isTunnelFailing(tunnel)) parts.unshift(say('No public URL: {0}', tunnel.reason));
      const reader = { now: this.#around.now, language };
      if (sending.state === 'paused') parts.unshift(pausedText(sending, reader));
      if (answering.state === 'on-purpose') parts.unshift(onPurposeText(answering, reader));
    }
    if (searchable !== undefined) {
      parts.push(say('Preparing the history: {0}% is searchable.', searchable));
    }
    if (failure !== undefined) {
      // An unbreakable path would push the rest out of sight.
      const why = printable(withNext(failure), 1000).replace(/[\\/]/g, '$&\u200b');
      parts.unshift(say('Couldn’t read events: {0}', why));
    }
    return parts.length === 0 ? undefined : parts.join('\n');
  }

  #draw(drawing: Drawing): void {
    if (drawing === 'all') {
      this.#redraws.draw();
      return;
    }
    this.#lookAround();
    this.#redraws.draw(drawing);
  }

  #look(visible: boolean): void {
    this.#feed.setVisible(visible);
    if (visible) this.#counts.changed();
    else this.#renew().catch((error: unknown) => this.#log.warn(`the view could not be opened anew: ${String(error)}`));
  }

  #lookAround(): void {
    this.#around = rowContextOf(this.#session.status, this.#around, vscode.env.language);
  }

  #follow(state: SessionState): void {
    void vscode.commands.executeCommand('setContext', `${prefix}.readOnly`, this.#history.exists);
    if (state.kind !== 'running') {
      this.#failed = 0;
      this.#failures.begin();
      this.#showBadge();
      return;
    }
    if (this.#feed.list.size > 0) this.#showHeading();
    this.#counts.changed();
    const { failed } = state.status.counts;
    if (failed === this.#failed) return;
    this.#failed = failed;
    this.#failures.changed();
  }

  #showBadge(): void {
    const failed = this.#session.status === undefined ? 0 : this.#failures.counted.total;
    if (failed === (this.#view.badge?.value ?? 0)) return;
    this.#view.badge =
      failed === 0
        ? undefined
        : {
            value: failed,
            tooltip: failed === 1 ? say('1 event failed') : say('{0} events failed', failed),
          };
  }

  async #withProgress(task: () => Promise<void>): Promise<void> {
    await vscode.window.withProgress({ location: { viewId: `${prefix}.events` } }, task);
  }
}
