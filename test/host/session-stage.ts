/** A window's session with a context of the test's own, a relay that does as it is told, and a user who answers. */
import { words } from '../../src/common/words.ts';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { SecretBox } from '../../src/extension/secrets/secrets.ts';
import { Session, type SessionState } from '../../src/extension/session/session.ts';
import { prepareDataDirectory } from '../../src/protocol/data-directory.ts';
import { protocolVersion } from '../../src/protocol/methods.ts';
import type { Method, ParsedParams, RelayNotification, RelayNotificationParams } from '../../src/protocol/methods.ts';
import { settingsSchema } from '../../src/protocol/settings.ts';
import type { Status, TunnelStatus } from '../../src/protocol/status.ts';
import type { Announcer, Listener } from '../../src/relay/clients/announcer.ts';
import { Control, type Handlers } from '../../src/relay/clients/control.ts';

export interface Window {
  readonly session: Session;
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  /** All states so far. */
  readonly states: readonly SessionState[];
  readonly storage: Storage;
  /** Ends the window, as a reload does: its relay goes on. */
  leave(): void;
  /** Ends its relay, whichever it is, and the window. */
  close(): Promise<void>;
}

/** What VS Code keeps for all windows: state and secrets, with whoever follows these, and a folder for files. */
interface Storage {
  readonly folder: string;
  readonly kept: Map<string, unknown>;
  readonly secret: Map<string, string>;
  readonly changedSecret: vscode.EventEmitter<vscode.SecretStorageChangeEvent>;
}

/** package.json of the extension. */
function manifest(): object {
  return JSON.parse(readFileSync(join(process.env['HOST_TESTS_ROOT'] ?? '', 'package.json'), 'utf8')) as object;
}

/**
 * A window of an extension of this version.
 * @param storage what another window keeps, where both are of one user
 * @param workspace the storage of its folder; null where it has none; left out: one of its own
 */
export function openWindow(
  version = '9.0.0',
  storage: Storage = {
    ...{ folder: temporaryFolder(), kept: new Map(), secret: new Map(), changedSecret: new vscode.EventEmitter() },
  },
  workspace: string | null = temporaryFolder(),
): Window {
  const { kept, secret, changedSecret } = storage;
  const memory = {
    keys: () => [...kept.keys()],
    get: (key: string, fallback?: unknown) => kept.get(key) ?? fallback,
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  };
  const context = {
    subscriptions: [] as vscode.Disposable[],
    globalState: memory,
    workspaceState: memory,
    secrets: {
      get: (key: string) => Promise.resolve(secret.get(key)),
      store: (key: string, value: string) => {
        secret.set(key, value);
        changedSecret.fire({ key });
        return Promise.resolve();
      },
      delete: (key: string) => {
        secret.delete(key);
        changedSecret.fire({ key });
        return Promise.resolve();
      },
      onDidChange: changedSecret.event,
    },
    storageUri: workspace === null ? undefined : vscode.Uri.file(workspace),
    globalStorageUri: vscode.Uri.file(storage.folder),
    asAbsolutePath: (path: string) => join(process.env['HOST_TESTS_ROOT'] ?? '', path),
    logUri: vscode.Uri.file(storage.folder),
    extension: { packageJSON: { ...manifest(), version } },
  } as unknown as vscode.ExtensionContext;
  const log = vscode.window.createOutputChannel(`A window of a test in ${workspace ?? storage.folder}`, { log: true });
  const secrets = new SecretBox(context);
  const session = new Session(context, log, secrets);
  prepareDataDirectory(session.dataDir);
  const states: SessionState[] = [];
  session.onDidChange((state) => states.push(state));
  const leave = (): void => {
    for (const each of [...context.subscriptions, session, log]) void each.dispose();
  };
  return {
    ...{ session, context, log, secrets, states, storage, leave },
    async close() {
      await session.stop();
      leave();
      // The relay's process may still be putting down what it has.
      for (const folder of [storage.folder, workspace ?? storage.folder])
        rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'cm-session-'));
}

const endpointUrl = (base: string, name: string): string => `${base}/hooks/0123456789abcdef0123456789abcdef/${name}`;

/** The control channel of a relay of which the test says what it answers, and when. */
export class StandInRelay {
  /** Methods asked for, in order. */
  readonly asked: Method[] = [];
  status: Status;
  /** Done with each request before it is answered; what it throws is the answer. */
  before: (method: Method, params: unknown) => void | Promise<void> = () => undefined;
  readonly #control: Control;
  readonly #listeners = new Set<Listener>();
  #closed: Promise<void> | undefined;

  /** @param forClients false: a command line has started it */
  constructor(dataDir: string, version: string, forClients = true) {
    const local = 'http://127.0.0.1:1';
    this.status = {
      ...{ protocolVersion, version, pid: 1, dataDir, startedAt: new Date().toISOString() },
      campaignMonitorUrl: endpointUrl(local, 'campaign-monitor'),
      openConnectorsUrl: endpointUrl(local, 'open-connectors'),
      ...{ publicUrl: null, publicCampaignMonitorUrl: null, publicOpenConnectorsUrl: null },
      earlierOpenConnectorsUrls: [],
      tunnel: { state: 'closed', kind: 'none', reason: 'No tunnel is open.', said: [words('No tunnel is open')] },
      settings: settingsSchema.parse({}),
      destinations: [],
      counts: {
        ...{ deliveries: 0, events: 0, rejected: 0, tests: 0, waiting: 0, held: 0 },
        ...{ sent: 0, failed: 0, discarded: 0, strangers: 0, storedBytes: 0 },
      },
      sending: { state: 'flowing', held: { pause: 0, breakpoint: 0, missingKey: 0, destination: 0 }, breakpoints: 0 },
      answering: { state: 'as-usual' },
      ...{ index: { events: 0, of: 0, failure: null }, missingKeys: [], clients: 1, notices: [] },
    };
    const answer =
      <T>(method: Method, result: () => T) =>
      async (params: unknown): Promise<T> => {
        this.asked.push(method);
        await this.before(method, params);
        return result();
      };
    const handlers = {
      'relay/status': answer('relay/status', () => this.status),
      'relay/configure': async (params: ParsedParams<'relay/configure'>) => {
        this.status = {
          ...this.status,
          settings: settingsSchema.parse({ ...this.status.settings, ...params.settings }),
        };
        return answer('relay/configure', () => this.status)(params);
      },
      'relay/stop': answer('relay/stop', () => {
        setImmediate(() => void this.close());
        return { stopping: true };
      }),
      'tunnel/open': answer('tunnel/open', () => this.status.tunnel),
      'tunnel/close': answer('tunnel/close', () => this.status.tunnel),
    };
    const announcer = {
      listen: (listener: Listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      caughtUp: () => undefined,
    };
    this.#control = new Control({
      ...{ dataDir, forClients },
      handlers: handlers as unknown as Handlers,
      announcer: announcer as unknown as Announcer,
      onClients: () => undefined,
      log: () => undefined,
    });
  }

  get clients(): number {
    return this.#control.clients;
  }

  async open(): Promise<this> {
    await this.#control.open();
    return this;
  }

  /** The tunnel is so from now on; clients do not hear of it before {@link say}. */
  setTunnel(tunnel: TunnelStatus): void {
    const base = tunnel.state === 'open' ? tunnel.url : null;
    this.status = {
      ...this.status,
      tunnel,
      publicUrl: base,
      publicCampaignMonitorUrl: base && endpointUrl(base, 'campaign-monitor'),
      publicOpenConnectorsUrl: base && endpointUrl(base, 'open-connectors'),
    };
  }

  /** Tells every client how it is. */
  say(): void {
    for (const each of this.#listeners) each('status/changed', { status: this.status });
  }

  /** Tells every client something else. */
  tell<N extends RelayNotification>(notification: N, params: RelayNotificationParams<N>): void {
    for (const each of this.#listeners) each(notification, params);
  }

  close(): Promise<void> {
    this.#closed ??= this.#control.close();
    return this.#closed;
  }
}

type Choice = string | undefined;
export interface Message {
  readonly text: string;
  /** What stands below it in a dialog. */
  readonly detail: string;
  readonly buttons: readonly string[];
  /** Presses a button, or closes it. */
  choose(choice: Choice): void;
}

/** Takes the place of VS Code's messages, progress and commands until it is put back. */
export class User {
  readonly messages: Message[] = [];
  /** Commands of this extension that were run, which are not carried out but for those in {@link commands}. */
  readonly ran: string[] = [];
  readonly commands = new Map<string, () => unknown>();
  /** What was shown as progress. */
  readonly shown: vscode.ProgressOptions[] = [];
  /** What the progress notifications say. */
  readonly reports: (string | undefined)[] = [];
  /** What is chosen of a quick pick that takes several: the labels and descriptions that it offers, and which of them. */
  pick: (offered: readonly vscode.QuickPickItem[]) => readonly vscode.QuickPickItem[] | undefined = () => undefined;
  /** Cancels what shows progress. */
  cancel: () => void = () => undefined;
  readonly #putBack: (() => void)[] = [];

  constructor() {
    const said = (text: string, ...rest: unknown[]): Promise<Choice> =>
      new Promise((resolve) => {
        const buttons = rest.filter((each) => typeof each === 'string');
        const options = rest.find((each): each is vscode.MessageOptions => typeof each === 'object');
        this.messages.push({ text, detail: options?.detail ?? '', buttons, choose: resolve });
      });
    for (const name of ['showInformationMessage', 'showWarningMessage', 'showErrorMessage'] as const) {
      this.#replace(vscode.window, name, said);
    }
    const withProgress = (
      options: vscode.ProgressOptions,
      task: (progress: vscode.Progress<{ message?: string }>, token: vscode.CancellationToken) => Thenable<unknown>,
    ): Thenable<unknown> => {
      this.shown.push(options);
      const cancellation = new vscode.CancellationTokenSource();
      this.cancel = () => cancellation.cancel();
      return task({ report: ({ message }) => this.reports.push(message) }, cancellation.token);
    };
    this.#replace(vscode.window, 'withProgress', withProgress as never);
    const showQuickPick = vscode.window.showQuickPick;
    const picked = (items: readonly vscode.QuickPickItem[], options?: vscode.QuickPickOptions): unknown =>
      options?.canPickMany === true ? Promise.resolve(this.pick(items)) : showQuickPick(items, options);
    this.#replace(vscode.window, 'showQuickPick', picked as never);
    const execute = vscode.commands.executeCommand;
    const executeCommand = (command: string, ...args: unknown[]): Thenable<unknown> => {
      if (!command.startsWith('campaignMonitorRelay.')) return execute(command, ...args);
      const name = command.slice('campaignMonitorRelay.'.length);
      this.ran.push(name);
      return Promise.resolve(this.commands.get(name)?.());
    };
    this.#replace(vscode.commands, 'executeCommand', executeCommand as never);
  }

  /** The message with this text, once it is there. */
  message(text: string): Message | undefined {
    return this.messages.find((each) => each.text.includes(text));
  }

  putBack(): void {
    for (const each of this.#putBack.splice(0)) each();
    // Nothing is left waiting for an answer.
    for (const each of this.messages) each.choose(undefined);
  }

  #replace<T extends object, K extends keyof T>(object: T, name: K, value: T[K]): void {
    const before = object[name];
    object[name] = value;
    this.#putBack.push(() => void (object[name] = before));
  }
}

/** Sets one of the extension's settings, for the user, or in the workspace's own file. */
export function setSetting(name: string, value: unknown, target = vscode.ConfigurationTarget.Global): Thenable<void> {
  return vscode.workspace.getConfiguration('campaignMonitorRelay').update(name, value, target);
}
