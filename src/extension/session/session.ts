import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { channelFile } from '../../protocol/channel-file.ts';
import { sentences } from '../../common/words.ts';
import type { HeldAtStop } from '../../protocol/debug.ts';
import type { RelayNotificationParams } from '../../protocol/methods.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { TunnelConfig } from '../../protocol/settings.ts';
import type { Status } from '../../protocol/status.ts';
import { setting } from '../configuration.ts';
import { GivenUpError } from '../ui/progress.ts';
import { Configurator } from './configurator.ts';
import { CredentialConsents } from '../consents/credential-consent.ts';
import { startRelayProcess, sharedStorage } from './process.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import { offerRestart, sayEnded, sayNotAttached, sayNotice, sayStoppedElsewhere } from './session-messages.ts';
import { readSettings } from './settings.ts';
import { SharedStart, unlessAborted } from './shared-start.ts';
import { TunnelConsents } from '../consents/public-url-consent.ts';
import { CommandError } from '../ui/command-error.ts';

export type SessionState =
  /** `elsewhere`: another window or the command line stopped it. */
  | { readonly kind: 'stopped'; readonly elsewhere?: true }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly client: RelayClient; readonly status: Status }
  | { readonly kind: 'failed'; readonly message: string };

/** Milliseconds before reporting that a relay has ended: it may be restarting elsewhere. */
const sayAfterMs = 2000;

/** The running relay refuses a request of this version; restarting it helps. */
export class OtherVersionError extends Error {
  override readonly name = 'OtherVersionError';
  constructor(version: string, own: string, cause: unknown) {
    super(
      say(
        'The running relay is version {0}, which doesn’t work with version {1} of this extension. Restart the relay; no events are lost.',
        version,
        own,
      ),
      { cause },
    );
  }
}

export class Session implements vscode.Disposable {
  /** All windows without a folder share one. */
  readonly dataDir: string;
  readonly consents: CredentialConsents;
  readonly tunnels: TunnelConsents;
  readonly #context: vscode.ExtensionContext;
  readonly #log: vscode.LogOutputChannel;
  readonly #configurator: Configurator;
  readonly #changed = new vscode.EventEmitter<SessionState>();
  readonly #added = new vscode.EventEmitter<RelayNotificationParams<'event/added'>>();
  readonly #attempted = new vscode.EventEmitter<RelayNotificationParams<'attempt/recorded'>>();
  readonly #stopped = new vscode.EventEmitter<RelayNotificationParams<'debug/stopped'>>();
  readonly #continued = new vscode.EventEmitter<RelayNotificationParams<'debug/continued'>>();
  #state: SessionState = { kind: 'stopped' };
  readonly #starting = new SharedStart((signal) => this.#start(signal));
  #attaching: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #starts: vscode.FileSystemWatcher | undefined;
  #disposed = false;

  readonly onDidChange = this.#changed.event;
  readonly onDidAddEvents = this.#added.event;
  readonly onDidRecordAttempts = this.#attempted.event;
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
      log,
      secrets,
      consents: this.consents,
      tunnels: this.tunnels,
      onStatus: (client, status) => this.#update(client, status),
    });
    context.subscriptions.push(this.#configurator);
  }

  get state(): SessionState {
    return this.#state;
  }

  get client(): RelayClient | undefined {
    return this.#state.kind === 'running' ? this.#state.client : undefined;
  }

  get status(): Status | undefined {
    return this.#state.kind === 'running' ? this.#state.status : undefined;
  }

  /**
   * `signal` cancels waiting, and the start if no other caller waits for it.
   * @throws SettingsError, RelayStartError, OtherVersionError, GivenUpError, and the relay's refusal
   */
  start(signal?: AbortSignal): Promise<RelayClient> {
    if (this.#state.kind === 'running' && this.#stopping === undefined) return Promise.resolve(this.#state.client);
    return this.#starting.join(signal);
  }

  /**
   * Attaches to a running relay, now and when another window starts one. A relay that the command line started keeps
   * its configuration until the user starts the relay here.
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

  attach(): Promise<void> {
    const { kind } = this.#state;
    if (kind === 'running' || kind === 'starting' || this.#starting.underWay !== undefined || !existsSync(this.dataDir))
      return Promise.resolve();
    this.#attaching ??= this.#attach().finally(() => (this.#attaching = undefined));
    return this.#attaching;
  }

  stop(held: HeldAtStop = 'keep'): Promise<void> {
    this.#stopping ??= this.#stop(held).finally(() => (this.#stopping = undefined));
    return this.#stopping;
  }

  /** The relay's own update arrives a moment after a request. */
  async refresh(): Promise<void> {
    const { client } = this;
    if (client !== undefined) this.#update(client, await client.request('relay/status', {}));
  }

  async openTunnel(tunnel: TunnelConfig): Promise<void> {
    await this.tunnels.open(tunnel);
    await this.#configurator.refresh();
    await this.client?.request('tunnel/open', {});
  }

  async closeTunnel(): Promise<void> {
    await this.tunnels.close();
    await this.client?.request('tunnel/close', {});
  }

  /** The consent applies only while the settings have this server. @param tunnel the relay's */
  async allowHost(tunnel: TunnelConfig, host: string): Promise<void> {
    await this.tunnels.recordHost(tunnel, host);
    await this.tunnels.open(tunnel);
    await this.#configurator.refresh();
  }

  chooseConsents(): Promise<void> {
    return this.#configurator.chooseConsents();
  }

  applyConsents(): Promise<void> {
    return this.#configurator.refresh();
  }

  dispose(): void {
    this.#disposed = true;
    this.#starts?.dispose();
    this.client?.close();
    for (const emitter of [this.#changed, this.#added, this.#attempted, this.#stopped, this.#continued])
      emitter.dispose();
  }

  async #attach(): Promise<void> {
    try {
      // Ask about an unknown directory only at a start.
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
    await Promise.allSettled([this.#attaching, this.#starting.underWay]);
    const client = this.client ?? (await this.#connect());
    if (client === undefined) return;
    // Changes from now on are for the next relay.
    this.#configurator.end(client);
    try {
      await client.request('relay/stop', { held });
      await client.closed;
    } finally {
      client.close();
      this.#set({ kind: 'stopped' });
    }
  }

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
    // Read before the first await: a later stop waits for this start.
    const stopping = this.#stopping;
    const { connectToRelay } = await import('../deferred.ts');
    await unlessAborted(Promise.allSettled([stopping]), signal);
    // A reloaded window may be attaching at this moment.
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
      if (isOurs) for (const notice of this.status?.notices ?? []) void sayNotice(notice);
      return client;
    } catch (error) {
      // Its process may already be ready, so undo the start. A new start waits for that.
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

  /** Closes the connection if it can't be used. @throws OtherVersionError, the relay's refusal, the signal's reason */
  async #use(client: RelayClient, signal = new AbortController().signal): Promise<void> {
    const { compareVersions, isRefusal } = await import('../deferred.ts');
    client.on('status/changed', ({ status }) => {
      this.#update(client, status);
      this.#configurator.follow(client, status);
    });
    client.on('event/added', (params) => this.#added.fire(params));
    client.on('attempt/recorded', (params) => this.#attempted.fire(params));
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
        say(
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
    const message = say('The relay stopped unexpectedly. No acknowledged event was lost.');
    this.#set({ kind: 'failed', message });
    this.#sayLater(() => sayEnded(message));
  }

  #sayLater(tell: () => Promise<void>): void {
    const state = this.#state;
    setTimeout(() => {
      if (this.#state === state && !this.#disposed) void tell();
    }, sayAfterMs);
  }

  /** Not before the relay has the settings, and not while it is stopping. */
  #update(client: RelayClient, status: Status): void {
    if (this.client === client && this.#stopping === undefined) this.#run(client, status);
  }

  #run(client: RelayClient, status: Status): void {
    const tunnel = { ...status.tunnel, reason: sentences(status.tunnel.said) };
    this.#set({ kind: 'running', client, status: { ...status, tunnel } });
  }

  #set(state: SessionState): void {
    this.#state = state;
    this.#changed.fire(state);
  }
}

/** @throws CommandError if the relay isn't running */
export function connected(session: Pick<Session, 'client'>): RelayClient {
  const { client } = session;
  if (client !== undefined) return client;
  throw notRunning();
}

export function notRunning(): CommandError {
  return new CommandError(say('The relay isn’t running'), say('Start the relay, and then try again.'), {
    title: say('Start Relay'),
    command: 'start',
  });
}
