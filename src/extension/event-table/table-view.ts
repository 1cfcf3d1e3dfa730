import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { ChosenEvents, EventRow, TracedEvent } from '../../protocol/history.ts';
import { maxChosen } from '../../protocol/event-filter.ts';
import type { ListNames } from '../accounts/list-names.ts';
import { commandId, type CommandName } from '../commands.ts';
import { readEntries } from '../destinations/destination-settings.ts';
import { prefix } from '../prefix.ts';
import type { Session } from '../session/session.ts';
import { leftPausedText, onPurposeText, pausedText } from '../sending/sending-words.ts';
import { eventCount } from '../status/context-keys.ts';
import { CommandError } from '../ui/command-error.ts';
import { withNext } from '../ui/error-words.ts';
import { rowsChanged } from '../ui/focused-rows.ts';
import { offer } from '../ui/offer.ts';
import { PageHost } from '../ui/page-host.ts';
import { printable } from '../ui/printable.ts';
import { cancelable, GivenUpError } from '../ui/progress.ts';
import type { EventNode, MatchingNode } from '../events/event-node.ts';
import type { HistoryWatch } from '../events/history-watch.ts';
import type { EventsView } from '../event-tree/events-view.ts';
import { exampleItems } from '../event-tree/filter-picker.ts';
import { settledPart, suggest, wholePart } from '../event-tree/filter-suggestions.ts';
import type { HostMessage, OfferedFilter, PageMessage, RowWindow, TableRow, TableState } from './messages.ts';
import { TableFeed, type FeedNews } from './table-feed.ts';
import { tableRow } from './table-row.ts';
import { tableTexts } from './texts.ts';

export const tableViewId = `${prefix}.table`;

const mostWithoutProgress = 1000;

const takesFilter: ReadonlySet<CommandName> = new Set(['resend', 'resendTo', 'discard']);

export interface TableParts {
  readonly context: Pick<vscode.ExtensionContext, 'extensionUri' | 'subscriptions'>;
  readonly log: vscode.LogOutputChannel;
  readonly session: Session;
  readonly watch: HistoryWatch;
  readonly names: ListNames;
  readonly events: EventsView;
}

export class TableView implements vscode.Disposable {
  readonly #parts: TableParts;
  readonly #feed: TableFeed;
  readonly #said = new Map<HostMessage['type'], string>();
  #page: PageHost<PageMessage, HostMessage> | undefined;
  /** The tree's selection, until the table shows it, doesn't match it, or has another choice. */
  #toReveal: { readonly id: string; readonly begun: number } | undefined;

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

  show(view: vscode.WebviewView): void {
    const { context, log } = this.#parts;
    const page = new PageHost<PageMessage, HostMessage>(view, {
      name: 'table',
      title: say('Webhook Events'),
      extensionUri: context.extensionUri,
      log,
      read: async (raw) => (await import('../deferred.ts')).readTableMessage(raw),
      answer: (message) => this.#answer(message),
      gone: () => {
        if (this.#page === page) this.#feed.hide();
      },
    });
    this.#page = page;
  }

  /**
   * Replaces the page's data, which VS Code passes from the table's menu, by rows like those of the tree's menu.
   * @throws CommandError if the rows are no longer those that the user saw; GivenUpError
   */
  async given(given: readonly unknown[], command: CommandName): Promise<readonly unknown[]> {
    const context = given[0] as { readonly webview?: unknown; readonly chosen?: unknown } | undefined;
    if (context?.webview !== tableViewId) return given;
    const chosen = (await import('../deferred.ts')).readChosen(context.chosen);
    if (chosen !== undefined && 'filter' in chosen && takesFilter.has(command)) {
      const { filter, before, except, count } = chosen;
      return [{ kind: 'matching', count, which: { filter, before, except } } satisfies MatchingNode];
    }
    const rows = chosen === undefined ? [] : await this.#rowsOf(chosen);
    const nodes = rows.map((row): EventNode => ({ kind: 'event', row }));
    const clicked = nodes.find(({ row }) => row.id === chosen?.active) ?? nodes[0];
    if (chosen === undefined || clicked === undefined) throw rowsChanged();
    const gone = 'ids' in chosen ? chosen.ids.length - rows.length : 0;
    if (gone > 0) void offer('Information', say('No longer in the history: {0}.', gone), {});
    return [clicked, nodes, ...given.slice(1)];
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
        this.#feed.want(message.generation, message.offsets);
        return;
      case 'range': {
        const { turn, generation, from, to } = message;
        this.#page?.post({ type: 'range', turn, ids: await this.#feed.idsAt(generation, from, to).catch(() => []) });
        return;
      }
      case 'sort':
        this.#feed.setSort(message.sort);
        return;
      case 'pause':
        this.#parts.watch.setPaused(message.on);
        return;
      case 'filter':
        await this.#filter(message.text.trim(), message.done);
        return;
      case 'choose':
        this.#toReveal = undefined;
        this.#feed.choose(message.turn, message.chosen);
        return;
      case 'act':
        // Not awaited, because the command may ask the user. Uses the same path as the menu.
        void vscode.commands.executeCommand(
          commandId(message.action === 'copyAsCurl' ? 'copyAs' : message.action),
          { webview: tableViewId, chosen: message.chosen },
          ...(message.action === 'copyAsCurl' ? ['curl'] : []),
        );
        return;
      case 'start':
        void vscode.commands.executeCommand(commandId('start'));
        return;
      case 'sample':
        void vscode.commands.executeCommand(commandId('sendSample'), 'one-of-each');
        return;
      case 'addDestination':
      case 'continueSending':
      case 'sendNext':
      case 'answerDeliveries':
        void vscode.commands.executeCommand(commandId(message.type));
        return;
      case 'retry':
        this.#parts.watch.tryAgain();
        return;
      case 'showLog':
        this.#parts.log.show();
        return;
    }
  }

  async #rowsOf(chosen: ChosenEvents): Promise<EventRow[]> {
    const count = 'ids' in chosen ? chosen.ids.length : chosen.count;
    if (count > maxChosen) {
      throw new CommandError(
        say('You selected {0} events; the limit is {1}', inFull(count), inFull(maxChosen)),
        say('Narrow the selection with a filter, and then try again.'),
      );
    }
    if (count <= mostWithoutProgress) return this.#feed.rowsOf(chosen);
    return cancelable(say('Reading events'), async (signal) => {
      const rows = await this.#feed.rowsOf(chosen, () => signal.aborted);
      if (signal.aborted) throw new GivenUpError('reading the chosen events');
      return rows;
    });
  }

  /** Adds a completion to a complete filter if necessary; applies an incomplete one as far as it is valid. */
  async #filter(text: string, done: boolean): Promise<void> {
    const { watch, events } = this.#parts;
    const ways = suggest(text, events.lists);
    const meant = done ? wholePart(text, ways) : settledPart(text, ways);
    const refusal = await watch.refusalOf(meant);
    if (refusal === undefined && watch.client !== undefined) await watch.setFilter(meant, !done);
    this.#page?.post({
      type: 'typed',
      text,
      ways: ways.suggestions.map(({ filter, name = '', open }) => ({ filter, description: name, begins: open })),
      problem: done && refusal !== undefined ? withNext(refusal) : null,
    });
  }

  #reveal([row]: readonly EventRow[]): void {
    if (row === undefined) return;
    this.#toReveal = { id: row.id, begun: this.#feed.begun };
    void this.#revealNow();
  }

  async #revealNow(): Promise<void> {
    const [sought, { generation }] = [this.#toReveal, this.#feed];
    if (sought === undefined || generation === undefined || this.#page?.isReady !== true) return;
    const place = await this.#feed.find(sought.id, sought.begun);
    // The event may arrive later.
    if (place === undefined || sought !== this.#toReveal) return;
    // If the filter doesn't match now, don't choose the event much later.
    this.#toReveal = undefined;
    if (place === null) return;
    this.#page.post({ type: 'reveal', id: sought.id, generation, place });
  }

  #tell(news: FeedNews): void {
    switch (news.type) {
      case 'around':
        this.#sayAround();
        return;
      case 'view':
        this.#page?.post({ ...news, windows: news.windows.map((window) => this.#drawn(window)) });
        void this.#revealNow();
        return;
      case 'rows':
        this.#page?.post({ ...news, window: this.#drawn(news.window) });
        return;
      case 'live': {
        const { added, changed } = news;
        this.#page?.post({ ...news, added: added.map(this.#row), changed: changed.map(this.#row) });
        if (added.length > 0) void this.#revealNow();
        return;
      }
      case 'strip':
        this.#page?.post(news);
    }
  }

  readonly #row = (event: TracedEvent): TableRow =>
    tableRow(event, { nameOfList: this.#parts.names.nameOf, language: vscode.env.language });

  #drawn({ offset, rows }: RowWindow<TracedEvent>): RowWindow {
    return { offset, rows: rows.map(this.#row) };
  }

  #sayAround(): void {
    if (this.#page?.isReady !== true) return;
    const { watch } = this.#parts;
    const { filter, recentFilters, paused, fresh } = watch;
    const { status } = this.#parts.session;
    const around: HostMessage[] = [
      { type: 'state', state: this.#state() },
      this.#sending(),
      { type: 'filter', filter, offered: offeredFilters(recentFilters) },
      { type: 'news', paused, count: fresh },
      { type: 'whole', all: status === undefined ? this.#feed.all : eventCount(status), same: this.#feed.same },
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
    if (state.kind !== 'starting' && failure !== undefined)
      return { kind: 'unreadable', message: printable(withNext(failure), 1000) };
    return { kind: state.kind };
  }

  #sending(): HostMessage {
    const { session, watch } = this.#parts;
    const canGoOn = session.client !== undefined;
    const sending = canGoOn ? session.status?.sending : watch.left;
    const { language } = vscode.env;
    const paused =
      sending?.state !== 'paused'
        ? null
        : canGoOn
          ? pausedText(sending, { now: Date.now(), language })
          : leftPausedText(sending, language);
    const answering = session.status?.answering;
    const onPurpose =
      answering?.state === 'on-purpose' ? onPurposeText(answering, { now: Date.now(), language }) : null;
    const hasSampleReceiver = canGoOn && readEntries().entries.length === 0;
    return { type: 'sending', paused, canGoOn, onPurpose, hasSampleReceiver };
  }
}

function inFull(count: number): string {
  return count.toLocaleString(vscode.env.language);
}

function offeredFilters(recent: readonly string[]): OfferedFilter[] {
  return [
    ...recent.map((filter) => ({ filter, description: say('recently used'), begins: false })),
    ...exampleItems()
      .filter(({ kind }) => kind !== vscode.QuickPickItemKind.Separator)
      .map(({ label, description = '', typeOn }) => ({ filter: label, description, begins: typeOn !== undefined })),
  ];
}
