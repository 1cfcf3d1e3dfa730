/** This window's relay: starts it or attaches to it, has it configured, and says how it is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { channelFile } from '../../protocol/channel-file.ts';
import type { HeldAtStop } from '../../protocol/debug.ts';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import { setting } from '../configuration.ts';
import { GivenUpError } from '../ui/progress.ts';
import { Configurator } from './configurator.ts';
import { CredentialConsents } from '../consents/credential-consent.ts';
import { startRelayProcess } from './process.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import { offerRestart, sayEnded, sayNotAttached, sayStoppedElsewhere } from './session-messages.ts';
import { readSettings } from './settings.ts';
import { SharedStart, unlessAborted } from './shared-start.ts';
import { TunnelConsents } from '../consents/public-url-consent.ts';
import { sharedStorage } from './workspace-storage.ts';

export type SessionState =
  /** `elsewhere`: another window or the command line ended it. */
  | { readonly kind: 'stopped'; readonly elsewhere?: true }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly client: RelayClient; readonly status: Status }
  /** It could not be started, or it ended by itself. */
  | { readonly kind: 'failed'; readonly message: string };

/** That a relay has ended is said where it has not come back after so long, in milliseconds: it may be restarted elsewhere. */
const sayAfterMs = 2000;

/** The relay that runs is of another version, and does not take what this one asks of it: restarting it helps. */
export class OtherVersionError extends Error {
  override readonly name = 'OtherVersionError';
  constructor(version: string, own: string, cause: unknown) {
    super(
      vscode.l10n.t(
        'The running relay is version {0}, which doesn’t work with version {1} of this extension. Restart the relay; no events are lost.',
        version,
        own,
      ),
      { cause },
    );
  }
}

/** This window's relay: found or started, configured, and left. */
export class Session implements vscode.Disposable {
  /** The data directory: in the storage that the windows of this folder share, else in that of all windows without one. */
  readonly dataDir: string;
  /** Where the user lets stored keys and credentials go, and which tunnels were agreed to and opened. */
  readonly consents: CredentialConsents;
  readonly tunnels: TunnelConsents;
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #configurator: Configurator;
  readonly #changed = new vscode.EventEmitter<SessionState>();
  readonly #added = new vscode.EventEmitter<RelayNotificationParams<'event/added'>>();
  readonly #attempted = new vscode.EventEmitter<RelayNotificationParams<'attempt/recorded'>>();
  readonly #corrected = new vscode.EventEmitter<RelayNotificationParams<'event/changed'>>();
  readonly #stopped = new vscode.EventEmitter<RelayNotificationParams<'debug/stopped'>>();
  readonly #continued = new vscode.EventEmitter<RelayNotificationParams<'debug/continued'>>();
  #state: SessionState = { kind: 'stopped' };
  readonly #starting = new SharedStart((signal) => this.#start(signal));
  #attaching: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Tells that a relay of this folder begins to run. */
  #starts: vscode.FileSystemWatcher | undefined;
  /** This window has gone. */
  #disposed = false;

  readonly onDidChange = this.#changed.event;
  readonly onDidAddEvents = this.#added.event;
  readonly onDidRecordAttempts = this.#attempted.event;
  readonly onDidCorrectEvents = this.#corrected.event;
  /** Sending stopped: by a client, or at a breakpoint. */
  readonly onDidStopSending = this.#stopped.event;
  readonly onDidContinueSending = this.#continued.event;

  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, secrets: SecretBox) {
    this.#context = context;
    this.#log = log;
    const { storageUri, globalStorageUri } = context;
    this.dataDir = join(storageUri === undefined ? globalStorageUri.fsPath : sharedStorage(storageUri.fsPath), 'relay');
    this.consents = new CredentialConsents(context, secrets);
    this.tunnels = new TunnelConsents(context.globalState, this.dataDir);
    this.#configurator = new Configurator({
      ...{ log, secrets, consents: this.consents, tunnels: this.tunnels },
      onStatus: (client, status) => this.#update(client, status),
    });
    context.subscriptions.push(this.#configurator);
  }

  get state(): SessionState {
    return this.#state;
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
   * @param signal gives up waiting; where nobody else waits for the same start, that is ended too
   * @throws SettingsError, RelayStartError, OtherVersionError, GivenUpError, and what the relay refuses
   */
  start(signal?: AbortSignal): Promise<RelayClient> {
    if (this.#state.kind === 'running' && this.#stopping === undefined) return Promise.resolve(this.#state.client);
    return this.#starting.join(signal);
  }

  /**
   * Attaches where a relay runs, and from now on whenever another window of this folder starts one. One that a command line
   * starts keeps what it was told there until the user starts the relay here. Does nothing where none has ever run here.
   */
  follow(): void {
    if (this.#starts !== undefined || this.#disposed || !existsSync(this.dataDir)) return;
    const file = new vscode.RelativePattern(vscode.Uri.file(this.dataDir), channelFile);
    const starts = vscode.workspace.createFileSystemWatcher(file, false, false, true);
    this.#starts = starts;
    for (const begins of [starts.onDidCreate, starts.onDidChange]) begins(() => void this.#attachToShared());
    void this.attach();
  }

  async #attachToShared(): Promise<void> {
    const { keptChannelOf } = await import('../deferred.ts');
    if (keptChannelOf(this.dataDir)?.forClients === true) await this.attach();
  }

  /** Attaches where a relay runs already, as after a reload of the window; else does nothing. */
  attach(): Promise<void> {
    const { kind } = this.#state;
    // Nothing is loaded where no relay has ever run.
    if (kind === 'running' || kind === 'starting' || this.#starting.underWay !== undefined || !existsSync(this.dataDir))
      return Promise.resolve();
    this.#attaching ??= this.#attach().finally(() => (this.#attaching = undefined));
    return this.#attaching;
  }

  /**
   * Ends the relay that runs for this window, one that it could not attach to as well.
   * @param held what becomes of what a pause or a breakpoint holds
   */
  stop(held: HeldAtStop = 'keep'): Promise<void> {
    this.#stopping ??= this.#stop(held).finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  /** Asks the relay how it is: what it says unasked comes a moment after an order. */
  async refresh(): Promise<void> {
    const { client } = this;
    if (client !== undefined) this.#update(client, await client.request('relay/status', {}));
  }

  /** The user agrees to the tunnel of the settings: its public URL is opened now, and at each start until it is closed. */
  async openTunnel(tunnel: TunnelConfig): Promise<void> {
    await this.tunnels.open(tunnel);
    await this.#configurator.refresh();
    await this.client?.request('tunnel/open', {});
  }

  /** Closes the public URL, also for later starts. */
  async closeTunnel(): Promise<void> {
    await this.tunnels.close();
    await this.client?.request('tunnel/close', {});
  }

  /**
   * The user allows a host that the tunnel's server names, for as long as the settings name that server: the tunnel is
   * opened again.
   * @param tunnel the relay's
   */
  async allowHost(tunnel: TunnelConfig, host: string): Promise<void> {
    await this.tunnels.recordHost(tunnel, host);
    await this.tunnels.open(tunnel);
    await this.#configurator.refresh();
  }

  /** Shows where stored keys and credentials may go, and applies what the user changes of it. */
  chooseConsents(): Promise<void> {
    return this.#configurator.chooseConsents();
  }

  /** Applies what the user has said elsewhere about where stored keys and credentials may go. */
  applyConsents(): Promise<void> {
    return this.#configurator.refresh();
  }

  dispose(): void {
    this.#disposed = true;
    this.#starts?.dispose();
    this.client?.close();
    for (const emitter of [
      ...[this.#changed, this.#added, this.#attempted, this.#corrected],
      ...[this.#stopped, this.#continued],
    ])
      emitter.dispose();
  }

  async #attach(): Promise<void> {
    try {
      // It is asked about when the user starts it.
      const { isUnknownDirectory } = await import('./directory-question.ts');
      if (await isUnknownDirectory(this.dataDir)) return;
      const client = await this.#connect();
      if (client !== undefined) await this.#use(client);
    } catch (error) {
      this.#log.warn(`the running relay cannot be used: ${(error as Error).message}`);
      if (error instanceof OtherVersionError) void offerRestart(error.message);
      else void sayNotAttached(error as Error);
    }
  }

  async #stop(held: HeldAtStop): Promise<void> {
    // One that is on its way is ended too.
    await Promise.allSettled([this.#attaching, this.#starting.underWay]);
    const client = this.client ?? (await this.#connect());
    if (client === undefined) return;
    // A change that comes now is not refused by a relay that ends, it is for the next one.
    this.#configurator.end(client);
    try {
      await client.request('relay/stop', { held });
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

  async #start(signal: AbortSignal): Promise<RelayClient> {
    // One that is asked for later waits for this start.
    const stopping = this.#stopping;
    const { connectToRelay } = await import('../deferred.ts');
    await unlessAborted(Promise.allSettled([stopping]), signal);
    // A window that is loaded again may be attaching at this moment: one connection is enough.
    await unlessAborted(Promise.allSettled([this.#attaching]), signal);
    if (this.client !== undefined) return this.client;
    this.#set({ kind: 'starting' });
    let isOurs = false;
    try {
      const { keepAliveMinutes } = await readSettings();
      const { admitDirectory } = await import('./directory-question.ts');
      await unlessAborted(admitDirectory(this.dataDir, this.#log), signal);
      let client = await unlessAborted(this.#connect(), signal);
      if (client === undefined) {
        isOurs = true;
        await startRelayProcess({
          bundle: this.#context.asAbsolutePath('dist/cm-relay.js'),
          storage: this.#context.globalStorageUri.fsPath,
          dataDir: this.dataDir,
          version: this.#version,
          port: setting('port'),
          keepAliveMinutes,
          signal,
        });
        client = await unlessAborted(connectToRelay(this.dataDir), signal);
      }
      await this.#use(client, signal);
      return client;
    } catch (error) {
      // Its process may be ready already: as if it had not been started. Who starts again waits for that.
      if (signal.aborted && isOurs)
        void this.stop().catch((failure: unknown) => this.#log.warn((failure as Error).message));
      const isGivenUp = signal.aborted || error instanceof GivenUpError;
      this.#set(isGivenUp ? { kind: 'stopped' } : { kind: 'failed', message: (error as Error).message });
      throw error;
    }
  }

  get #version(): string {
    return (this.#context.extension.packageJSON as { version: string }).version;
  }

  /**
   * Takes a connection: listens, configures, and watches for its end; leaves it where it cannot be used.
   * @throws OtherVersionError, what the relay refuses, and the signal's reason
   */
  async #use(client: RelayClient, signal = new AbortController().signal): Promise<void> {
    const { compareVersions, isRefusal, tunnelInWords } = await import('../deferred.ts');
    this.#inWords = tunnelInWords;
    client.on('status/changed', ({ status }) => {
      this.#update(client, status);
      this.#configurator.follow(client, status);
    });
    client.on('event/added', (params) => this.#added.fire(params));
    client.on('attempt/recorded', (params) => this.#attempted.fire(params));
    client.on('event/changed', (params) => this.#corrected.fire(params));
    client.on('debug/stopped', (params) => this.#stopped.fire(params));
    client.on('debug/continued', (params) => this.#continued.fire(params));
    client.on('log', ({ level, message }) => this.#log[level](`relay: ${message}`));
    void client.closed.then(() => this.#onClosed(client));
    try {
      const version = await unlessAborted(client.version(), signal);
      const newer = compareVersions(this.#version, version);
      const status = await unlessAborted(this.#configurator.begin(client), signal).catch((error: unknown) => {
        throw newer !== 0 && isRefusal(error) ? new OtherVersionError(version, this.#version, error) : error;
      });
      this.#run(client, status);
      this.follow();
      void this.#configurator.askWhereSecretsGo();
      if (newer <= 0) return;
      void offerRestart(
        vscode.l10n.t(
          'The running relay is version {0}; this extension is version {1}. You can restart the relay without losing events.',
          version,
          this.#version,
        ),
      );
    } catch (error) {
      this.#configurator.end(client);
      client.close();
      throw error;
    }
  }

  #onClosed(client: RelayClient): void {
    this.#configurator.end(client);
    if (this.#disposed || this.#stopping !== undefined || this.client !== client) return;
    if (client.endsInOrder()) {
      this.#log.info('the relay was stopped by another window or on the command line');
      this.#set({ kind: 'stopped', elsewhere: true });
      this.#sayLater(sayStoppedElsewhere);
      return;
    }
    this.#log.error('the relay has ended unexpectedly');
    const message = vscode.l10n.t('The relay stopped unexpectedly. No acknowledged event was lost.');
    this.#set({ kind: 'failed', message });
    this.#sayLater(() => sayEnded(message));
  }

  /** Says what has just become of the relay, unless it has become something else by then. */
  #sayLater(say: () => Promise<void>): void {
    const state = this.#state;
    setTimeout(() => {
      if (this.#state === state && !this.#disposed) void say();
    }, sayAfterMs);
  }

  /** How the attached relay is: nothing before it has the settings, and nothing while it is being stopped. */
  #update(client: RelayClient, status: Status): void {
    if (this.client === client && this.#stopping === undefined) this.#run(client, status);
  }

  /** The relay is so; its tunnel in the user's language, for whoever shows it. */
  #run(client: RelayClient, status: Status): void {
    this.#set({ kind: 'running', client, status: { ...status, tunnel: this.#inWords(status.tunnel, vscode.l10n) } });
  }

  /** Loaded with the first connection. */
  #inWords: (tunnel: TunnelStatus, l10n: typeof vscode.l10n) => TunnelStatus = (tunnel) => tunnel;

  #set(state: SessionState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}
