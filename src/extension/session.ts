/** This window's relay: starts it or attaches to it, keeps it configured, and says how it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RelayNotificationParams } from '../protocol/methods.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import type { Status } from '../protocol/status.ts';
import { commandId, prefix } from './commands.ts';
import { startRelayProcess } from './relay-process.ts';
import type { SampleReceiver } from './sample-receiver.ts';
import type { SecretBox } from './secrets.ts';
import { readSettings } from './settings.ts';
import type { SettingProblem } from './settings.ts';

export type SessionState =
  /** `elsewhere`: another window or the command line ended it. */
  | { readonly kind: 'stopped'; readonly elsewhere?: true }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly client: RelayClient; readonly status: Status }
  /** It could not be started, or it ended by itself. */
  | { readonly kind: 'failed'; readonly message: string };

/** The settings cannot be used: nothing was started or changed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly SettingProblem[];
  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, message }) => `${setting}: ${message}`).join('; '));
    this.problems = problems;
  }
}

/** Which tunnels the user agreed to, by kind and host. */
const agreedKey = `${prefix}.agreedTunnels`;

export class Session implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #secrets: SecretBox;
  readonly #receiver: SampleReceiver;
  readonly #changed = new vscode.EventEmitter<SessionState>();
  readonly #added = new vscode.EventEmitter<RelayNotificationParams<'event/added'>>();
  readonly #attempted = new vscode.EventEmitter<RelayNotificationParams<'attempt/recorded'>>();
  #state: SessionState = { kind: 'stopped' };
  #starting: Promise<RelayClient> | undefined;
  #attaching: Promise<void> | undefined;
  #public = false;
  /** Ended on purpose: not a failure. */
  #ending = false;

  readonly onDidChange = this.#changed.event;
  readonly onDidAddEvents = this.#added.event;
  readonly onDidRecordAttempts = this.#attempted.event;

  constructor(
    context: vscode.ExtensionContext,
    log: vscode.LogOutputChannel,
    secrets: SecretBox,
    receiver: SampleReceiver,
  ) {
    this.#context = context;
    this.#log = log;
    this.#secrets = secrets;
    this.#receiver = receiver;
    context.subscriptions.push(
      secrets.onDidChange(() => void this.#reconfigure()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(prefix) || event.affectsConfiguration('http.proxy')) void this.#reconfigure();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.#reconfigure()),
    );
    void vscode.commands.executeCommand('setContext', `${prefix}.state`, 'stopped');
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The data directory: the workspace's storage folder, else the global one. */
  get dataDir(): string {
    return join((this.#context.storageUri ?? this.#context.globalStorageUri).fsPath, 'relay');
  }

  /** The connection, where the relay runs. */
  get client(): RelayClient | undefined {
    return this.#state.kind === 'running' ? this.#state.client : undefined;
  }

  /** How the relay is, where it runs. */
  get status(): Status | undefined {
    return this.#state.kind === 'running' ? this.#state.status : undefined;
  }

  /**
   * Attaches to the relay that runs for this window, or starts one.
   * @param signal gives up; where a start is under way already, it is that one's signal that counts
   * @throws SettingsError, RelayStartError, and what the relay refuses
   */
  start(signal?: AbortSignal): Promise<RelayClient> {
    if (this.#state.kind === 'running') return Promise.resolve(this.#state.client);
    this.#starting ??= this.#start(signal).finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  /** Attaches where a relay runs already, as after a reload of the window; else does nothing. */
  attach(): Promise<void> {
    // Nothing is loaded where no relay has ever run.
    if (this.#state.kind !== 'stopped' || this.#starting !== undefined || !existsSync(this.dataDir))
      return Promise.resolve();
    this.#attaching ??= this.#attach().finally(() => (this.#attaching = undefined));
    return this.#attaching;
  }

  async stop(): Promise<void> {
    const client = this.client;
    if (client === undefined) return;
    this.#ending = true;
    try {
      await client.request('relay/stop', {});
      await client.closed;
    } finally {
      client.close();
      this.#ending = false;
      this.#set({ kind: 'stopped' });
    }
  }

  async restart(): Promise<RelayClient> {
    await this.stop();
    return this.start();
  }

  /** Whether the tunnel of the settings is open to the public and the user has not agreed to it yet. */
  needsAgreement(): boolean {
    const name = this.#tunnelName();
    return name !== null && !this.#context.globalState.get<string[]>(agreedKey, []).includes(name);
  }

  /** The user agrees to the tunnel of the settings: it is opened now and whenever the relay starts. */
  async agree(): Promise<void> {
    const name = this.#tunnelName();
    if (name === null) return;
    const agreed = this.#context.globalState.get<string[]>(agreedKey, []);
    await this.#context.globalState.update(agreedKey, [...new Set([...agreed, name])]);
    await this.#reconfigure();
  }

  dispose(): void {
    this.#ending = true;
    this.client?.close();
    for (const emitter of [this.#changed, this.#added, this.#attempted]) emitter.dispose();
  }

  async #attach(): Promise<void> {
    const { connectToRelay, NoRelayError } = await import('./client.ts');
    try {
      await this.#use(await connectToRelay(this.dataDir));
    } catch (error) {
      if (!(error instanceof NoRelayError))
        this.#log.warn(`the running relay cannot be used: ${(error as Error).message}`);
    }
  }

  async #start(signal: AbortSignal | undefined): Promise<RelayClient> {
    const { connectToRelay, NoRelayError } = await import('./client.ts');
    // A window that is loaded again may be attaching at this moment: one connection is enough.
    await this.#attaching;
    if (this.client !== undefined) return this.client;
    this.#set({ kind: 'starting' });
    try {
      const { settings, problems } = await readSettings();
      if (settings === null) throw new SettingsError(problems);
      let client: RelayClient;
      try {
        client = await connectToRelay(this.dataDir);
      } catch (error) {
        if (!(error instanceof NoRelayError)) throw error;
        await startRelayProcess({
          bundle: this.#context.asAbsolutePath('dist/relay.js'),
          storage: this.#context.globalStorageUri.fsPath,
          dataDir: this.dataDir,
          version: this.#version,
          port: vscode.workspace.getConfiguration(prefix).get<number>('port', 0),
          keepAliveMinutes: settings.keepAliveMinutes,
          signal,
        });
        client = await connectToRelay(this.dataDir);
      }
      await this.#use(client).catch((error: unknown) => {
        client.close();
        throw error;
      });
      return client;
    } catch (error) {
      this.#set(signal?.aborted === true ? { kind: 'stopped' } : { kind: 'failed', message: (error as Error).message });
      throw error;
    }
  }

  get #version(): string {
    return (this.#context.extension.packageJSON as { version: string }).version;
  }

  /** Takes a connection: listens, configures, and watches for its end. */
  async #use(client: RelayClient): Promise<void> {
    client.on('status/changed', ({ status }) => this.#set({ kind: 'running', client, status }));
    client.on('event/added', (params) => this.#added.fire(params));
    client.on('attempt/recorded', (params) => this.#attempted.fire(params));
    client.on('log', ({ level, message }) => this.#log[level](`relay: ${message}`));
    void client.closed.then(() => {
      if (this.#ending || this.client !== client) return;
      if (client.endsInOrder()) {
        this.#log.info('the relay was stopped by another window or on the command line');
        this.#set({ kind: 'stopped', elsewhere: true });
        void this.#sayStopped();
        return;
      }
      this.#log.error('the relay has ended unexpectedly');
      const message = vscode.l10n.t('The relay has ended unexpectedly. What it acknowledged is kept.');
      this.#set({ kind: 'failed', message });
      void this.#sayEnded(message);
    });
    const status = await this.#configure(client).catch((error: unknown) => {
      if (!(error instanceof SettingsError)) throw error;
      // It runs already, with the settings that it had.
      void this.#sayNotApplied(error);
      return client.request('relay/status', {});
    });
    this.#set({ kind: 'running', client, status });
    await this.#offerRestart(status);
  }

  async #sayStopped(): Promise<void> {
    const start = vscode.l10n.t('Start Relay');
    const choice = await vscode.window.showInformationMessage(
      vscode.l10n.t('The relay was stopped by another window or on the command line.'),
      start,
    );
    if (choice === start) await vscode.commands.executeCommand(commandId('start'));
  }

  async #sayEnded(message: string): Promise<void> {
    const start = vscode.l10n.t('Start Relay');
    const show = vscode.l10n.t('Show Log');
    const choice = await vscode.window.showErrorMessage(message, start, show);
    if (choice === start) await vscode.commands.executeCommand(commandId('start'));
    if (choice === show) this.#log.show();
  }

  /** An update of the extension meets an older relay: it offers to renew it. */
  async #offerRestart(status: Status): Promise<void> {
    const { compareVersions } = await import('./client.ts');
    if (compareVersions(this.#version, status.version) <= 0) return;
    const restart = vscode.l10n.t('Restart Relay');
    void vscode.window
      .showInformationMessage(
        vscode.l10n.t(
          'The running relay is version {0}, this extension {1}. Restarting loses nothing.',
          status.version,
          this.#version,
        ),
        restart,
      )
      .then((choice) => (choice === restart ? this.restart() : undefined));
  }

  async #configure(client: RelayClient): Promise<Status> {
    const { settings, problems } = await readSettings();
    if (settings === null) throw new SettingsError(problems);
    const destinations =
      settings.destinations.length > 0
        ? settings.destinations
        : [{ url: await this.#receiver.start(), mode: 'normalised' as const, timeoutMs: 10_000 }];
    return client.request('relay/configure', {
      settings: { ...settings, destinations, tunnel: this.needsAgreement() ? { kind: 'none' } : settings.tunnel },
      secrets: await this.#secrets.all(),
    });
  }

  /** Applies changed settings to the running relay; what waits and what is under way goes on. */
  async #reconfigure(): Promise<void> {
    const client = this.client;
    if (client === undefined) return;
    try {
      this.#set({ kind: 'running', client, status: await this.#configure(client) });
    } catch (error) {
      await this.#sayNotApplied(error as Error);
    }
  }

  async #sayNotApplied(error: Error): Promise<void> {
    this.#log.error(`the settings were not applied: ${error.message}`);
    const problem = error instanceof SettingsError ? error.problems[0] : undefined;
    if (problem === undefined) return;
    const open = vscode.l10n.t('Open Setting');
    const choice = await vscode.window.showErrorMessage(
      vscode.l10n.t(
        'The setting {0} cannot be used: {1}. The relay goes on with what it had.',
        problem.setting,
        problem.message,
      ),
      open,
    );
    if (choice === open) await vscode.commands.executeCommand('workbench.action.openSettings', problem.setting);
  }

  /** A name for the public tunnel of the settings; null where nothing becomes public through somebody else's servers. */
  #tunnelName(): string | null {
    const config = vscode.workspace.getConfiguration(prefix);
    const kind = config.get<string>('tunnel.kind', 'none');
    if (kind === 'none' || kind === 'fixed') return null;
    return kind === 'localtunnel' ? `${kind} ${config.get<string>('tunnel.host', '')}` : kind;
  }

  #set(state: SessionState): void {
    const before = this.#state.kind;
    this.#state = state;
    if (before !== state.kind) void vscode.commands.executeCommand('setContext', `${prefix}.state`, state.kind);
    const isPublic = state.kind === 'running' && state.status.tunnel.state === 'open';
    if (isPublic !== this.#public) void vscode.commands.executeCommand('setContext', `${prefix}.public`, isPublic);
    this.#public = isPublic;
    this.#changed.fire(state);
  }
}
