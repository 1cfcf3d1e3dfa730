/** The table of events in the panel: the host of its page, which only draws. */
import * as vscode from 'vscode';
import type { EventRow, TracedEvent } from '../../protocol/history.ts';
import type { ListNames } from '../accounts/list-names.ts';
import { commandId } from '../commands.ts';
import type { CommandName } from '../commands.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import { leftPausedText, pausedText } from '../sending/sending-words.ts';
import { withNext } from '../ui/error-words.ts';
import { PageHost } from '../ui/page-host.ts';
import { printable } from '../ui/printable.ts';
import type { EventNode } from '../events/event-node.ts';
import type { HistoryWatch } from '../events/history-watch.ts';
import type { EventsView } from '../event-tree/events-view.ts';
import { exampleItems } from '../event-tree/filter-picker.ts';
import type {
  HostMessage,
  OfferedFilter,
  PageMessage,
  RowWindow,
  TableAction,
  TableRow,
  TableState,
} from './messages.ts';
import { TableFeed } from './table-feed.ts';
import type { FeedNews, TracedWindow } from './table-feed.ts';
import { tableRow } from './table-row.ts';
import { tableTexts } from './texts.ts';

/** The view's id. */
export const tableViewId = `${prefix}.table`;

export interface TableParts {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions'>;
  readonly log: vscode.LogOutputChannel;
  readonly session: Session;
  readonly watch: HistoryWatch;
  readonly names: ListNames;
  readonly events: EventsView;
}

/** Draws the table wherever VS Code asks for it, and knows what is selected in it. */
export class TableView implements vscode.Disposable {
  readonly #parts: TableParts;
  readonly #feed: TableFeed;
  /** What the page was told of what stands around the rows, by the kinds of messages. */
  readonly #said = new Map<HostMessage['type'], string>();
  #page: PageHost<PageMessage, HostMessage> | undefined;
  #selected: readonly string[] = [];
  /** What the tree has selected; the table need not hold it. */
  #revealed: EventRow | undefined;
  #toReveal: string | undefined;

  constructor(parts: TableParts) {
    this.#parts = parts;
    const { session, watch, events, names } = parts;
    this.#feed = new TableFeed({ watch, say: (news) => this.#tell(news) });
    parts.context.subscriptions.push(
      this,
      session.onDidChange(() => this.#sayAround()),
      names.onDidChange(() => this.#feed.later('loaded')),
      events.onDidSelect((rows) => this.#reveal(rows)),
    );
  }

  dispose(): void {
    this.#feed.dispose();
  }

  /** Draws the table into a view that VS Code shows. */
  show(view: vscode.WebviewView): void {
    const { context, log } = this.#parts;
    const page = new PageHost<PageMessage, HostMessage>(view, {
      ...{ name: 'table', title: vscode.l10n.t('Webhooks'), extensionUri: context.extensionUri, log },
      read: async (raw) => (await import('../deferred.ts')).readTableMessage(raw),
      answer: (message) => this.#answer(message),
      // While it is hidden nothing is asked.
      gone: () => {
        if (this.#page === page) this.#feed.hide();
      },
    });
    this.#page = page;
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

  async #answer(message: PageMessage): Promise<void> {
    switch (message.type) {
      case 'ready':
        if (this.#page?.isVisible !== true) return;
        this.#said.clear();
        this.#page.post({ type: 'setup', texts: tableTexts(), language: vscode.env.language });
        this.#sayAround();
        this.#feed.show(message.sort, message.sight);
        return;
      case 'see':
        this.#feed.see(message.sight, message.again);
        return;
      case 'want':
        this.#feed.want(message.snapshot, message.offsets);
        return;
      case 'sort':
        this.#feed.setSort(message.sort);
        return;
      case 'pause':
        this.#parts.watch.setPaused(message.on);
        return;
      case 'filter':
        await this.#filter(message.text.trim(), message.done);
        return;
      case 'select':
        this.#select(message.ids);
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
        this.#parts.watch.refresh();
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
    const revealed = this.#revealed;
    return ids
      .map((id) => this.#feed.row(id) ?? (revealed?.id === id ? revealed : undefined))
      .filter((row) => row !== undefined);
  }

  #select(ids: readonly string[]): void {
    this.#selected = ids;
    this.#feed.select(ids);
  }

  async #filter(text: string, done: boolean): Promise<void> {
    const { watch } = this.#parts;
    const refusal = await watch.refusalOf(text);
    const problem = refusal === undefined ? null : withNext(refusal, vscode.l10n);
    this.#page?.post({ type: 'problem', text, problem });
    if (done && problem === null && watch.client !== undefined) await watch.setFilter(text);
  }

  /** The tree's selection becomes the table's. */
  #reveal([row]: readonly EventRow[]): void {
    if (row === undefined) return;
    this.#revealed = row;
    this.#toReveal = row.id;
    void this.#revealNow();
  }

  async #revealNow(): Promise<void> {
    const [id, { snapshot }] = [this.#toReveal, this.#feed];
    if (id === undefined || snapshot === undefined || this.#page?.isReady !== true) return;
    this.#toReveal = undefined;
    const at = await this.#feed.find(id);
    this.#select([id]);
    this.#page.post({ type: 'reveal', id, snapshot, at });
  }

  #tell(news: FeedNews): void {
    switch (news.type) {
      case 'around':
        this.#sayAround();
        return;
      case 'snapshot':
        this.#page?.post({
          ...news,
          sort: this.#feed.sort,
          windows: news.windows.map((window) => this.#drawn(window)),
        });
        void this.#revealNow();
        return;
      case 'rows':
        this.#page?.post({ ...news, window: this.#drawn(news.window) });
        return;
      case 'live': {
        const { added, changed } = news;
        this.#page?.post({ ...news, added: added.map(this.#row), changed: changed.map(this.#row) });
        return;
      }
      case 'strip':
        this.#page?.post(news);
    }
  }

  readonly #row = (event: TracedEvent): TableRow =>
    tableRow(event, { nameOfList: this.#parts.names.nameOf }, vscode.l10n);

  #drawn({ offset, events }: TracedWindow): RowWindow {
    return { offset, rows: events.map((event) => event && this.#row(event)) };
  }

  /** Says what stands around the rows, as far as the page does not know it. */
  #sayAround(): void {
    if (this.#page?.isReady !== true) return;
    const { watch } = this.#parts;
    const { filter, recentFilters, paused, fresh } = watch;
    const around: HostMessage[] = [
      { type: 'state', state: this.#state() },
      this.#sending(),
      { type: 'filter', filter, offered: offeredFilters(recentFilters) },
      { type: 'news', paused, count: fresh },
    ];
    for (const message of around) {
      const text = JSON.stringify(message);
      if (this.#said.get(message.type) === text) continue;
      this.#said.set(message.type, text);
      this.#page.post(message);
    }
  }

  #state(): TableState {
    const { session, watch } = this.#parts;
    const { state } = session;
    const { failure } = this.#feed;
    if (watch.isLeft && failure === undefined) return { kind: 'readOnly' };
    if (state.kind === 'failed') return { kind: 'failed', message: printable(state.message, 1000) };
    if ((state.kind === 'running' || watch.isLeft) && failure !== undefined)
      return { kind: 'unreadable', message: printable(withNext(failure, vscode.l10n), 1000) };
    return { kind: state.kind };
  }

  /** That sending is paused, in words. */
  #sending(): HostMessage {
    const { session, watch } = this.#parts;
    const canGoOn = session.client !== undefined;
    const sending = canGoOn ? session.status?.sending : watch.left;
    const { language } = vscode.env;
    const paused =
      sending?.state !== 'paused'
        ? null
        : canGoOn
          ? pausedText(sending, { now: Date.now(), language }, vscode.l10n)
          : leftPausedText(sending, language, vscode.l10n);
    return { type: 'sending', paused, canGoOn };
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
