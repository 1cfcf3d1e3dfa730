import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { ListNames } from '../accounts/list-names.ts';
import { commandId, type CommandName } from '../commands.ts';
import { setting } from '../configuration.ts';
import type * as deferredModule from '../deferred.ts';
import type { RelayErrorCode } from '../../protocol/errors.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Session } from '../session/session.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { Coalescer } from '../ui/coalescer.ts';
import { withNext } from '../ui/error-words.ts';
import { offer } from '../ui/offer.ts';
import { PageHost } from '../ui/page-host.ts';
import { printable } from '../ui/printable.ts';
import { walked } from '../ui/walkthrough.ts';
import type { EventNode } from '../events/event-node.ts';
import { documentTexts, openDocument } from '../event-documents/event-documents.ts';
import { rowContextOf } from '../events/event-words.ts';
import type { DrawnEvent, ReadEvent, Viewer } from './event-view.ts';
import type {
  Column,
  ColumnName,
  EditorAction,
  EventView,
  HostMessage,
  Obstacle,
  PageMessage,
  TextKind,
} from './messages.ts';

import { editorTexts } from './texts.ts';

type Deferred = typeof deferredModule;

const columnNames: readonly ColumnName[] = ['cameIn', 'sent', 'answered'];

/** Attempts arrive in bursts. */
const readPauseMs = 150;

const statusPauseMs = 1000;

function commandOf(action: Exclude<EditorAction, 'tryAgain'>): readonly [name: CommandName, ...format: string[]] {
  switch (action) {
    case 'editAndRelease':
      return ['editAndResend'];
    case 'copyAsCurl':
      return ['copyAs', 'curl'];
    case 'copyAsHttp':
      return ['copyAs', 'http'];
    case 'copyAsHar':
      return ['copyAs', 'har'];
    case 'copyAsFixture':
      return ['copyAs', 'fixture'];
    case 'copyAddress':
      return ['copyAs', 'address'];
    default:
      return [action];
  }
}

export interface EventPanelsParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly history: StoppedHistory;
  readonly log: vscode.LogOutputChannel;
  readonly names: ListNames;
}

export class EventPanels implements vscode.Disposable {
  readonly #parts: EventPanelsParts;
  readonly #open = new Set<EventPanel>();
  readonly #subscriptions: readonly { dispose(): unknown }[];

  constructor(parts: EventPanelsParts) {
    this.#parts = parts;
    const { session, names } = parts;
    const all = (concerned: (panel: EventPanel) => boolean): void => {
      for (const panel of this.#open) if (concerned(panel)) panel.refresh();
    };
    // Discarded, held, and released events show only in the counts, which a busy relay sends all the time.
    const told = new Coalescer(
      () => all(() => true),
      () => statusPauseMs,
    );
    this.#subscriptions = [
      session.onDidRecordAttempts(({ attempts, missed }) => {
        const deliveries = new Set(attempts.map(({ deliveryId }) => deliveryId));
        all((panel) => missed > 0 || panel.isOf(deliveries));
      }),
      session.onDidChange(() => told.request()),
      { dispose: () => told.cancel() },
      names.onDidChange(() => all(() => true)),
    ];
    parts.context.subscriptions.push(this);
  }

  show(panel: vscode.WebviewPanel, eventId: string | undefined): void {
    const shown = new EventPanel(this.#parts, panel, eventId ?? '');
    this.#open.add(shown);
    panel.onDidDispose(() => {
      this.#open.delete(shown);
      shown.dispose();
    });
    walked('look');
  }

  dispose(): void {
    for (const each of this.#subscriptions) each.dispose();
    for (const panel of this.#open) panel.dispose();
  }
}

class EventPanel implements vscode.Disposable {
  readonly #eventId: string;
  readonly #parts: EventPanelsParts;
  readonly #panel: vscode.WebviewPanel;
  readonly #page: PageHost<PageMessage, HostMessage>;
  readonly #reading: Coalescer;
  #deferred: Deferred | undefined;
  #disposed = false;
  /** If undefined, the newest response is shown. */
  #chosen: string | undefined;
  #read: ReadEvent | undefined;
  #drawn: DrawnEvent | undefined;
  #columns: Partial<Record<ColumnName, Column>> = {};
  #made: Partial<Record<ColumnName, string>> = {};
  #shown: Partial<Record<ColumnName, string>> = {};
  #client: RelayClient | undefined;

  constructor(parts: EventPanelsParts, panel: vscode.WebviewPanel, eventId: string) {
    this.#parts = parts;
    this.#panel = panel;
    this.#eventId = eventId;
    this.#reading = new Coalescer(
      () => this.#draw(),
      () => readPauseMs,
    );
    this.#page = new PageHost(panel, {
      name: 'editor',
      title: say('Event'),
      extensionUri: parts.context.extensionUri,
      log: parts.log,
      read: async (raw) => (this.#deferred ??= await import('../deferred.ts')).readEditorMessage(raw),
      answer: (message) => this.#answer(message),
      // Keep what the page shows, but not what it was computed from.
      gone: () => (this.#read = undefined),
    });
  }

  isOf(deliveries: ReadonlySet<string>): boolean {
    return this.#read !== undefined && deliveries.has(this.#read.found.delivery.id);
  }

  refresh(): void {
    if (this.#page.isReady) this.#reading.request();
  }

  dispose(): void {
    this.#disposed = true;
    this.#reading.cancel();
  }

  #answer(message: PageMessage): void {
    switch (message.type) {
      case 'ready':
        if (typeof message.chosen === 'string') this.#chosen ??= message.chosen;
        this.#shown = {};
        this.#reading.request();
        return;
      case 'choose':
        this.#chosen = message.step;
        this.#reading.request();
        return;
      case 'act':
        void this.#act(message.action);
        return;
      case 'openText':
        void this.#openText(message.kind);
        return;
    }
  }

  async #act(action: EditorAction): Promise<void> {
    if (action === 'tryAgain') {
      this.#parts.history.tryAgain();
      this.refresh();
      return;
    }
    const row = this.#read?.found.event;
    const node: EventNode | undefined = row && { kind: 'event', row };
    const aboutTheRelay = action === 'start' || action === 'showLog' || action === 'manageSecrets';
    if (node === undefined && !aboutTheRelay) return;
    const [name, ...format] = commandOf(action);
    await vscode.commands.executeCommand(commandId(name), ...(aboutTheRelay ? [] : [node, [node], ...format]));
    // The resent attempt is the newest, and is shown when it arrives.
    if (action === 'resend' || action === 'resendTo') this.#chosen = undefined;
    this.refresh();
  }

  async #openText(kind: TextKind): Promise<void> {
    const subject = this.#drawn?.subjects.get(this.#drawn.view.chosen);
    const chosen =
      subject?.kind === 'attempt' && this.#read !== undefined
        ? this.#deferred?.answerPlace(this.#read, subject.attempt)
        : undefined;
    try {
      await openDocument(this.#parts, { eventId: this.#eventId, kind, attempt: chosen ?? null });
    } catch (error) {
      this.#parts.log.error(`a document of ${this.#eventId}: ${(error as Error).message}`);
      await offer('Error', withNext(error), { [say('Show Log')]: () => this.#parts.log.show() });
    }
  }

  async #draw(): Promise<void> {
    const { session, history, log } = this.#parts;
    const { status, state } = session;
    let client: RelayClient | undefined;
    try {
      client = state.kind === 'starting' ? undefined : await history.reader();
      if (client === undefined) {
        this.#say(this.#stopped(state.kind === 'starting'));
        return;
      }
      const deferred = (this.#deferred ??= await import('../deferred.ts'));
      // Another relay process may have received other keys and credentials.
      if (this.#client !== client) this.#made = {};
      this.#client = client;
      const read = await deferred.readEvent(client, this.#eventId, this.#read?.whole);
      const viewer = this.#viewer(status);
      const drawn = deferred.drawEvent(read, this.#chosen, viewer);
      const subject = drawn.subjects.get(drawn.view.chosen);
      const keys = deferred.columnKeys(read, subject);
      const columns = { ...this.#columns };
      if (keys.cameIn !== this.#made.cameIn) columns.cameIn = deferred.cameInColumn(read, viewer);
      if (keys.sent !== this.#made.sent) columns.sent = await deferred.sentColumn(client, read, subject, viewer);
      if (keys.answered !== this.#made.answered) columns.answered = deferred.answeredColumn(read, subject, viewer);
      for (const name of columnNames) if (columns[name] !== this.#columns[name]) this.#shown[name] = undefined;
      this.#columns = columns;
      this.#made = keys;
      this.#read = read;
      this.#drawn = drawn;
      // VS Code's default would be the event's ID.
      this.#panel.title = drawn.view.heading;
      // Without a relay, an event can only be viewed.
      this.#show(status === undefined ? { ...drawn.view, actions: [], stale: this.#stopped(false) } : drawn.view);
    } catch (error) {
      // Another relay is running now, and is asked instead.
      if (this.#disposed || (session.client !== undefined && session.client !== client)) return;
      const { code, message } = error as Error & { code?: RelayErrorCode };
      if (code !== 'not-found') log.error(`the event ${this.#eventId} could not be shown: ${message}`);
      this.#say(
        code === 'not-found'
          ? { text: say('Event {0} is no longer in the history.', printable(this.#eventId)), action: null }
          : {
              text: say('Couldn’t read the event: {0}', printable(withNext(error), 1000)),
              action: 'tryAgain',
            },
      );
    }
  }

  #viewer(status: Session['status']): Viewer {
    const naming = { nameOfList: this.#parts.names.nameOf };
    return {
      ...naming,
      around: rowContextOf(status, naming, vscode.env.language),
      objectIdField: status?.settings.mapping.objectIdField ?? setting('mapping').objectIdField,
      documentTexts: documentTexts(),
      language: vscode.env.language,
    };
  }

  #stopped(starting: boolean): Obstacle {
    if (starting) return { text: say('Starting relay…'), action: null };
    return this.#drawn === undefined
      ? { text: say('The relay isn’t running. The event loads when the relay starts.'), action: 'start' }
      : { text: say('The relay isn’t running; showing the event’s last recorded state.'), action: 'start' };
  }

  #say(obstacle: Obstacle): void {
    const view = this.#drawn?.view;
    if (view === undefined) this.#page.post({ type: 'obstacle', texts: editorTexts(), obstacle });
    else this.#show({ ...view, actions: [], texts: [], stale: obstacle });
  }

  #show(view: EventView): void {
    if (!this.#page.isReady) return;
    const missing = columnNames.filter((name) => this.#shown[name] !== this.#made[name]);
    const columns = Object.fromEntries(missing.map((name) => [name, this.#columns[name]]));
    this.#shown = { ...this.#made };
    this.#page.post({ type: 'event', texts: editorTexts(), view, columns });
  }
}
