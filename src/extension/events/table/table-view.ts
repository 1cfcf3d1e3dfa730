/** The table of events in the panel: the host of its page, which only draws. */
import * as vscode from 'vscode';
import type { EventRow } from '../../../protocol/history.ts';
import type { ListNames } from '../../campaign-monitor/list-names.ts';
import { commandId } from '../../commands.ts';
import type { CommandName } from '../../commands.ts';
import { prefix } from '../../prefix.ts';
import type { RelayClient } from '../../../protocol/relay-client.ts';
import type { Session } from '../../relay/session/session.ts';
import { leftPausedText, pausedText } from '../../relay/sending/sending-words.ts';
import type { StoppedHistory } from '../../relay/session/stopped-history.ts';
import { withNext } from '../../ui/error-words.ts';
import { PageHost } from '../../ui/page-host.ts';
import { printable } from '../../ui/printable.ts';
import type { EventNode } from '../event-node.ts';
import type { EventsView } from '../view/events-view.ts';
import { exampleItems } from '../view/filter-picker.ts';
import type { HostMessage, OfferedFilter, PageMessage, RowWindow, TableAction, TableState } from './messages.ts';
import { TableFeed } from './table-feed.ts';
import type { FeedNews, TracedWindow } from './table-feed.ts';
import { tableRow } from './table-row.ts';
import { tableTexts } from './texts.ts';

/** The view's id. */
export const tableViewId = `${prefix}.table`;

/** Rows that are kept for commands, at most: those that the page was given last. */
const mostKept = 5000;

export interface TableParts {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions'>;
  readonly log: vscode.LogOutputChannel;
  readonly session: Session;
  /** Reads what was received, whether a relay runs or not. */
  readonly history: StoppedHistory;
  readonly names: ListNames;
  readonly events: EventsView;
}

/** Draws the table wherever VS Code asks for it, and knows what is selected in it. */
export class TableView implements vscode.Disposable {
  readonly #parts: TableParts;
  readonly #feed: TableFeed;
  readonly #rows = new Map<string, EventRow>();
  #page: PageHost<PageMessage, HostMessage> | undefined;
  #selected: readonly string[] = [];
  #toReveal: string | undefined;
  #failure: Error | undefined;
  /** What reads the history while no relay runs. */
  #stopped: RelayClient | undefined;
  /** What the page says of sending. */
  #sending: string | undefined;

  constructor(parts: TableParts) {
    this.#parts = parts;
    const { session, events, names } = parts;
    this.#feed = new TableFeed({ say: (news) => this.#tell(news) });
    this.#feed.setFilter(events.filter);
    void this.#attach();
    parts.context.subscriptions.push(
      this,
      session.onDidAddEvents(() => this.#feed.changed()),
      session.onDidRecordAttempts(() => this.#feed.changed()),
      session.onDidCorrectEvents(() => this.#feed.changed()),
      session.onDidChange(() => this.#follow()),
      names.onDidChange(() => this.#feed.changed()),
      events.onDidChangeFilter(() => this.#takeFilter()),
      events.onDidSelect((rows) => this.#reveal(rows)),
    );
  }

  dispose(): void {
    this.#feed.dispose();
  }

  /** Draws the table into a view that VS Code shows. */
  show(view: vscode.WebviewView): void {
    const { context, log } = this.#parts;
    this.#page = new PageHost(view, {
      ...{ name: 'table', title: vscode.l10n.t('Webhooks'), extensionUri: context.extensionUri, log },
      read: async (raw) => (await import('../../deferred.ts')).readTableMessage(raw),
      answer: (message) => this.#answer(message),
      gone: () => this.#follows(),
    });
    view.onDidChangeVisibility(() => {
      if (view.visible) void this.#attach();
    });
  }

  /**
   * The events that a command acts on, where it is about the table's.
   * @param target what VS Code gives the command: for a row of the table the context of its menu
   * @returns undefined where it is about others
   */
  chosen(target: unknown): EventRow[] | undefined {
    const isOurs = (target as { readonly webview?: unknown } | undefined)?.webview === tableViewId;
    return isOurs ? this.#rowsOf(this.#selected) : undefined;
  }

  /** While the view is hidden the page is gone, and nothing is asked. */
  #follows(): void {
    this.#feed.setVisible(this.#page?.isVisible === true && this.#page.isReady);
  }

  #follow(): void {
    if (this.#parts.session.state.kind !== 'running') this.#failure = undefined;
    void this.#attach();
    this.#feed.changed();
    this.#sayState();
    void this.#saySending();
  }

  /** Asks the relay from now on; without one what reads its history, once somebody looks. */
  async #attach(): Promise<void> {
    const { session, history } = this.#parts;
    if (session.client !== undefined) {
      this.#stopped = undefined;
      this.#feed.attach(session.client);
      return;
    }
    // What is shown while a relay starts stays.
    if (this.#stopped !== undefined) return;
    this.#feed.attach(undefined);
    if (this.#page?.isVisible !== true) return;
    const client = await history.reader().catch(() => undefined);
    if (client === undefined || this.#parts.session.state.kind === 'running') return;
    this.#stopped = client;
    this.#feed.attach(client);
    this.#sayState();
    await client.closed;
    // Its process has ended: the next look asks another one.
    if (this.#stopped !== client) return;
    this.#stopped = undefined;
    void this.#attach();
    this.#sayState();
  }

  #takeFilter(): void {
    this.#feed.setFilter(this.#parts.events.filter);
    this.#sayFilter();
  }

  async #answer(message: PageMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        if (message.sort !== null) this.#feed.setSort(message.sort);
        if (message.sight !== null) this.#feed.see(message.sight);
        this.#page?.post({ type: 'setup', texts: tableTexts(), language: vscode.env.language });
        void this.#attach();
        this.#sayState();
        this.#sending = undefined;
        void this.#saySending();
        this.#sayFilter();
        this.#follows();
        this.#feed.refresh();
        return;
      case 'see':
        this.#feed.see(message.sight);
        if (message.again) this.#feed.changed();
        return;
      case 'want':
        this.#feed.want(message.snapshot, message.offsets);
        return;
      case 'sort':
        this.#feed.setSort(message.sort);
        return;
      case 'pause':
        this.#feed.setPaused(message.on);
        return;
      case 'filter':
        await this.#filter(message.text.trim(), message.done);
        return;
      case 'select':
        this.#selected = message.ids;
        return;
      case 'act':
        // Not awaited: what it asks of the user is no reason to stand still.
        void this.#act(message.action, message.ids);
        return;
      case 'start':
        void vscode.commands.executeCommand(commandId('start'));
        return;
      case 'sample':
        void vscode.commands.executeCommand(commandId('sendSample'));
        return;
      case 'continueSending':
      case 'sendNext':
        void vscode.commands.executeCommand(commandId(message.type));
        return;
      case 'retry':
        this.#feed.refresh();
        return;
      case 'showLog':
        this.#parts.log.show();
        return;
    }
  }

  async #act(action: TableAction & CommandName, ids: readonly string[]) {
    const nodes = this.#rowsOf(ids).map((row): EventNode => ({ kind: 'event', row }));
    if (nodes.length > 0) await vscode.commands.executeCommand(commandId(action), nodes[0], nodes);
  }

  #rowsOf(ids: readonly string[]): EventRow[] {
    return ids.map((id) => this.#rows.get(id)).filter((row) => row !== undefined);
  }

  async #filter(text: string, done: boolean): Promise<void> {
    const { events, history } = this.#parts;
    const problem = await this.#problemOf(text);
    this.#page?.post({ type: 'problem', text, problem });
    if (done && problem === null && (await history.reader()) !== undefined) await events.setFilter(text);
  }

  /** What is wrong with a filter, as the relay says it; null where nothing is. */
  async #problemOf(filter: string): Promise<string | null> {
    if (filter === '') return null;
    try {
      await (await this.#parts.history.reader())?.request('events/query', { filter, limit: 1 });
      return null;
    } catch (error) {
      return withNext(error, vscode.l10n);
    }
  }

  /** The tree's selection becomes the table's. */
  #reveal(rows: readonly EventRow[]): void {
    const [row] = rows;
    if (row === undefined) return;
    this.#rows.set(row.id, row);
    this.#toReveal = row.id;
    void this.#revealNow();
  }

  async #revealNow(): Promise<void> {
    const [id, { snapshot }] = [this.#toReveal, this.#feed];
    if (id === undefined || snapshot === undefined || this.#page?.isReady !== true) return;
    this.#toReveal = undefined;
    const at = await this.#feed.find(id);
    this.#selected = [id];
    this.#page.post({ type: 'reveal', id, snapshot, at });
  }

  #tell(news: FeedNews): void {
    if (news.type === 'failed') {
      this.#failure = news.error;
      this.#parts.log.warn(`the table: ${news.error.message}`);
      this.#sayState();
      return;
    }
    if (news.type === 'snapshot') {
      const { snapshot, total, unseen, anchor, moved } = news;
      this.#clearFailure();
      const windows = news.windows.map((window) => this.#drawn(window));
      const { sort, paused } = this.#feed;
      this.#page?.post({ type: 'snapshot', snapshot, total, unseen, anchor, moved, sort, paused, windows });
      void this.#revealNow();
    } else if (news.type === 'rows') {
      this.#clearFailure();
      this.#page?.post({ type: 'rows', snapshot: news.snapshot, window: this.#drawn(news.window) });
    } else this.#page?.post(news);
  }

  #clearFailure(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#sayState();
  }

  #drawn({ offset, events }: TracedWindow): RowWindow {
    const around = { nameOfList: this.#parts.names.nameOf };
    const rows = events.map((event) => {
      if (event === null) return null;
      // As the one that was given last.
      this.#rows.delete(event.row.id);
      this.#rows.set(event.row.id, event.row);
      return tableRow(event, around, vscode.l10n);
    });
    for (const id of this.#rows.keys()) {
      if (this.#rows.size <= mostKept) break;
      if (!this.#selected.includes(id)) this.#rows.delete(id);
    }
    return { offset, rows };
  }

  #sayState(): void {
    this.#page?.post({ type: 'state', state: this.#state() });
  }

  #state(): TableState {
    const { state } = this.#parts.session;
    if (this.#stopped !== undefined && this.#failure === undefined) return { kind: 'readOnly' };
    if (state.kind === 'failed') return { kind: 'failed', message: printable(state.message, 1000) };
    if ((state.kind === 'running' || this.#stopped !== undefined) && this.#failure !== undefined)
      return { kind: 'unreadable', message: printable(withNext(this.#failure, vscode.l10n), 1000) };
    return { kind: state.kind };
  }

  /** That sending is paused, where the page does not say so yet. */
  async #saySending(): Promise<void> {
    if (this.#page?.isReady !== true) return;
    const { session, history } = this.#parts;
    const sending = session.client === undefined ? await history.sending() : session.status?.sending;
    const { language } = vscode.env;
    const canGoOn = session.client !== undefined;
    const paused =
      sending?.state !== 'paused'
        ? null
        : canGoOn
          ? pausedText(sending, { now: Date.now(), language }, vscode.l10n)
          : leftPausedText(sending, language, vscode.l10n);
    const said = JSON.stringify([paused, canGoOn]);
    if (said === this.#sending) return;
    this.#sending = said;
    this.#page.post({ type: 'sending', paused, canGoOn });
  }

  #sayFilter(): void {
    const { filter, recentFilters } = this.#parts.events;
    this.#page?.post({ type: 'filter', filter, offered: offeredFilters(recentFilters) });
  }
}

/** The last filters, and the examples that the view's own picker offers. */
function offeredFilters(recent: readonly string[]): OfferedFilter[] {
  return [
    ...recent.map((filter) => ({ filter, description: vscode.l10n.t('last used'), begins: false })),
    ...exampleItems()
      .filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator)
      .map(({ label, description = '', typeOn }) => ({ filter: label, description, begins: typeOn !== undefined })),
  ];
}
