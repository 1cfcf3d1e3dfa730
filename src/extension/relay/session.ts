/** This window's relay: starts it or attaches to it, keeps it configured, and says how it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Status } from '../../protocol/status.ts';
import { commandId, prefix } from '../commands.ts';
import { unlinked } from '../ui/printable.ts';
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

/** The relay that runs is of another version, and does not take what this one asks of it: restarting it helps. */
export class OtherVersionError extends Error {
  override readonly name = 'OtherVersionError';
  constructor(version: string, own: string, cause: unknown) {
    super(
      vscode.l10n.t(
        'The running relay is version {0} and does not understand this extension, {1}. Restarting loses nothing.',
        version,
        own,
      ),
      { cause },
    );
  }
}

/** Which tunnels the user agreed to, by kind and host. */
const agreedKey = `${prefix}.agreedTunnels`;

/** This window's relay: found or started, configured, and left. */
export class Session implements vscode.Disposable {
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #secrets: SecretBox;
  readonly #receiver: SampleReceiver;
  readonly #changed = new vscode.EventEmitter<SessionState>();
  readonly #added = new vscode.EventEmitter<RelayNotificationParams<'event/added'>>();
  readonly #attempted = new vscode.EventEmitter<RelayNotificationParams<'attempt/recorded'>>();
  readonly #corrected = new vscode.EventEmitter<RelayNotificationParams<'event/changed'>>();
  /** Until when a relay knows which keys and credentials were removed: each is told once, since others may give it again. */
  readonly #removalsTold = new WeakMap<RelayClient, string>();
  #state: SessionState = { kind: 'stopped' };
  #starting: Promise<RelayClient> | undefined;
  #attaching: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** This window has gone. */
  #disposed = false;

  readonly onDidChange = this.#changed.event;
  readonly onDidAddEvents = this.#added.event;
  readonly onDidRecordAttempts = this.#attempted.event;
  readonly onDidCorrectEvents = this.#corrected.event;

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
   * Attaches to the relay that runs for this window, or starts one; after the end of one that is being stopped.
   * @param signal gives up; where a start is under way already, it is that one's signal that counts
   * @throws SettingsError, RelayStartError, OtherVersionError, and what the relay refuses
   */
  start(signal?: AbortSignal): Promise<RelayClient> {
    if (this.#state.kind === 'running' && this.#stopping === undefined) return Promise.resolve(this.#state.client);
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

  /** Ends the relay that runs for this window, one that it could not attach to as well. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  /** Asks the relay how it is: what it says unasked comes a moment after an order. */
  async refresh(): Promise<void> {
    const { client } = this;
    if (client !== undefined) this.#update(client, await client.request('relay/status', {}));
  }

  /** The tunnel of the settings, where it is open to the public and the user has not agreed to it yet; else null. */
  tunnelToAgree(): string | null {
    const name = this.#tunnelName();
    return name === null || this.#context.globalState.get<string[]>(agreedKey, []).includes(name) ? null : name;
  }

  /** Whether the tunnel of the settings is open to the public and the user has not agreed to it yet. */
  needsAgreement(): boolean {
    return this.tunnelToAgree() !== null;
  }

  /**
   * The user agrees to a tunnel: it is opened now, and whenever the relay starts, where it is that of the settings.
   * @param name what {@link tunnelToAgree} gave when the user was asked
   */
  async agree(name: string): Promise<void> {
    const agreed = this.#context.globalState.get<string[]>(agreedKey, []);
    await this.#context.globalState.update(agreedKey, [...new Set([...agreed, name])]);
    await this.#reconfigure();
  }

  dispose(): void {
    this.#disposed = true;
    this.client?.close();
    for (const emitter of [this.#changed, this.#added, this.#attempted, this.#corrected]) emitter.dispose();
  }

  async #attach(): Promise<void> {
    const { connectToRelay, NoRelayError } = await import('../deferred.ts');
    try {
      await this.#use(await connectToRelay(this.dataDir));
    } catch (error) {
      if (error instanceof NoRelayError) return;
      this.#log.warn(`the running relay cannot be used: ${(error as Error).message}`);
      if (error instanceof OtherVersionError) void this.#offerRestart(error.message);
    }
  }

  async #stop(): Promise<void> {
    // One that is on its way is ended too.
    await Promise.allSettled([this.#attaching, this.#starting]);
    const client = this.client ?? (await this.#connect());
    if (client === undefined) return;
    try {
      await client.request('relay/stop', {});
      await client.closed;
    } finally {
      client.close();
      this.#set({ kind: 'stopped' });
    }
  }

  /** A connection to the relay that runs; undefined where none does. */
  async #connect(): Promise<RelayClient | undefined> {
    if (!existsSync(this.dataDir)) return undefined;
    const { connectToRelay, NoRelayError } = await import('../deferred.ts');
    try {
      return await connectToRelay(this.dataDir);
    } catch (error) {
      if (error instanceof NoRelayError) return undefined;
      throw error;
    }
  }

  async #start(signal: AbortSignal | undefined): Promise<RelayClient> {
    // One that is asked for later waits for this start.
    const stopping = this.#stopping;
    const { connectToRelay } = await import('../deferred.ts');
    await stopping?.catch(() => undefined);
    // A window that is loaded again may be attaching at this moment: one connection is enough.
    await this.#attaching;
    if (this.client !== undefined) return this.client;
    this.#set({ kind: 'starting' });
    try {
      const { settings, problems } = await readSettings();
      if (settings === null) throw new SettingsError(problems);
      let client = await this.#connect();
      if (client === undefined) {
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
      await this.#use(client);
      return client;
    } catch (error) {
      this.#set(signal?.aborted === true ? { kind: 'stopped' } : { kind: 'failed', message: (error as Error).message });
      throw error;
    }
  }

  get #version(): string {
    return (this.#context.extension.packageJSON as { version: string }).version;
  }

  /**
   * Takes a connection: listens, configures, and watches for its end; closes it where it cannot be used.
   * @throws OtherVersionError, and what the relay refuses
   */
  async #use(client: RelayClient): Promise<void> {
    client.on('status/changed', ({ status }) => this.#update(client, status));
    client.on('event/added', (params) => this.#added.fire(params));
    client.on('attempt/recorded', (params) => this.#attempted.fire(params));
    client.on('event/changed', (params) => this.#corrected.fire(params));
    client.on('log', ({ level, message }) => this.#log[level](`relay: ${message}`));
    void client.closed.then(() => {
      if (this.#disposed || this.#stopping !== undefined || this.client !== client) return;
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
    try {
      const { compareVersions, isRefusal } = await import('../deferred.ts');
      const version = await client.version();
      const newer = compareVersions(this.#version, version);
      const status = await this.#configureFirst(client).catch((error: unknown) => {
        throw newer !== 0 && isRefusal(error) ? new OtherVersionError(version, this.#version, error) : error;
      });
      this.#set({ kind: 'running', client, status });
      if (newer <= 0) return;
      void this.#offerRestart(
        vscode.l10n.t(
          'The running relay is version {0}, this extension {1}. Restarting loses nothing.',
          version,
          this.#version,
        ),
      );
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Configures a relay that may run already: where the settings cannot be used, it keeps those that it had. */
  async #configureFirst(client: RelayClient): Promise<Status> {
    try {
      return await this.#configure(client);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      void this.#sayNotApplied(error);
      return client.request('relay/status', {});
    }
  }

  /** How the attached relay is: nothing before it has the settings, and nothing while it is being stopped. */
  #update(client: RelayClient, status: Status): void {
    if (this.client === client && this.#stopping === undefined) this.#set({ kind: 'running', client, status });
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

  /** The running relay is of another version: it can be renewed. */
  async #offerRestart(message: string): Promise<void> {
    const restart = vscode.l10n.t('Restart Relay');
    const choice = await vscode.window.showInformationMessage(message, restart);
    if (choice === restart) await vscode.commands.executeCommand(commandId('restart'));
  }

  async #configure(client: RelayClient): Promise<Status> {
    const { settings, problems } = await readSettings();
    if (settings === null) throw new SettingsError(problems);
    const destinations =
      settings.destinations.length > 0
        ? settings.destinations
        : [{ url: await this.#receiver.start(), mode: 'normalised' as const, timeoutMs: 10_000 }];
    const now = new Date().toISOString();
    const since = this.#removalsTold.get(client) ?? (await client.request('relay/status', {})).startedAt;
    const removed = this.#secrets.removedSince(since);
    const kept = await this.#secrets.all();
    const status = await client.request('relay/configure', {
      settings: { ...settings, destinations, tunnel: this.needsAgreement() ? { kind: 'none' } : settings.tunnel },
      secrets: {
        signatureKeys: { ...removed.signatureKeys, ...kept.signatureKeys },
        verifyKeys: { ...removed.verifyKeys, ...kept.verifyKeys },
        credentials: { ...removed.credentials, ...kept.credentials },
      },
    });
    this.#removalsTold.set(client, now);
    return status;
  }

  /** Applies changed settings to the running relay; what waits and what is under way goes on. */
  async #reconfigure(): Promise<void> {
    const client = this.client;
    if (client === undefined) return;
    try {
      this.#update(client, await this.#configure(client));
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
        unlinked(problem.message),
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
    this.#state = state;
    this.#changed.fire(state);
  }
}
