/** The relay: the stations put together. Start, configure, stop; the face that the CLI and the relay's process use. */
import type { Forwarding, Headers } from '../protocol/history.ts';
import type { Params, RelayNotificationParams } from '../protocol/methods.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import type { Destination, Secrets, SecretsChange, Settings } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import { isCredentialHeader, maskedValue } from '../protocol/credential-headers.ts';
import { prepareDataDirectory } from '../protocol/data-directory.ts';
import { relayAdvice, RelayRequestError } from '../protocol/errors.ts';
import type { RelayAdvice } from '../protocol/errors.ts';
import { protocolVersion } from '../protocol/methods.ts';
import { settingsSchema } from '../protocol/settings.ts';
import { version as ownVersion } from '../version.ts';
import { ResponseError } from 'vscode-jsonrpc/node';
import type { z } from 'zod';
import { Announcer } from './announcer.ts';
import { callMethod, Control } from './control.ts';
import type { Handlers } from './control.ts';
import { Forwarder } from './forwarder.ts';
import { HistoryThread } from './history-thread.ts';
import type { IndexNews } from './history-worker.ts';
import { storeFile } from './history.ts';
import { defaultLimits, Ingress } from './ingress.ts';
import type { IngressLimits } from './ingress.ts';
import { takeLock } from './lock.ts';
import type { Lock } from './lock.ts';
import { Reception, renderSettingsOf } from './reception.ts';
import { remember, stageRemembered } from './remembered.ts';
import type { Remembered, StagedRemembered } from './remembered.ts';
import { Renderer } from './render.ts';
import { fittingAnswer } from './message-size.ts';
import { maxAttempts } from './retry.ts';
import { deliveryOf, iso, notificationsOf, rowsOf } from './rows.ts';
import { Store } from './store.ts';
import type { KeptSettings } from './kept-destinations.ts';
import { StoreError } from './database.ts';
import type { DeliveryRecord } from './records.ts';
import { TunnelSupervisor } from './tunnel/supervisor.ts';
import type { TunnelSupervisorOptions } from './tunnel/supervisor.ts';

/** Another process is the relay of the data directory: attach to it. */
export class RelayRunningError extends Error {
  override readonly name = 'RelayRunningError';
  readonly advice = 'attach-or-stop';
  readonly next = relayAdvice[this.advice];
  constructor(dataDir: string) {
    super(`a relay already runs for ${dataDir}`);
  }
}

/** The webhook endpoint's port is somebody else's. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly advice = 'choose-port';
  readonly next = relayAdvice[this.advice];
  constructor(port: number, cause: unknown) {
    super(`port ${port} is taken by another program`, { cause });
  }
}

export interface LogEntry {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly time: string;
  readonly message: string;
}

export interface RelayOptions {
  readonly dataDir: string;
  /** This port and no other; 0 for any. Without it: the remembered one if it is free, else any. */
  readonly port?: number;
  /** The port to try where none is remembered. */
  readonly preferredPort?: number;
  readonly settings?: Partial<z.input<typeof settingsSchema>>;
  readonly secrets?: Secrets;
  readonly version?: string;
  /** Ends by itself `keepAliveMinutes` after the last client has gone. */
  readonly keepAlive?: boolean;
  log?(entry: LogEntry): void;
  /** Shorter ones for tests. */
  readonly limits?: Partial<IngressLimits>;
  readonly tunnel?: Pick<TunnelSupervisorOptions, 'dispatcher' | 'timings'>;
  /** A factor on every pause between attempts: for tests. */
  readonly delayScale?: number;
  /** A bound on the store's file in pages of 4 KiB, as a full disk would be: for tests. */
  readonly maxStorePages?: number;
}

export interface Relay {
  /** In this process; the same as a connection's. */
  readonly client: RelayClient;
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the relay of a data directory: takes its lock, opens the store, the webhook endpoint and the control channel, resumes
 * forwarding, and opens the tunnel of the settings.
 * @throws RelayRunningError where another process holds the directory; DataDirectoryError; PortTakenError; StoreError;
 *   UnsafeSocketFolderError; ZodError for settings that are not valid
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { path: dataDir, notice } = prepareDataDirectory(options.dataDir);
  const lock = takeLock(dataDir);
  if (lock === null) {
    if (notice !== null) options.log?.({ level: 'warn', time: iso(Date.now()), message: notice });
    throw new RelayRunningError(dataDir);
  }
  let running: RunningRelay | undefined;
  try {
    running = new RunningRelay(dataDir, lock, options);
    if (notice !== null) running.tell(notice);
    await running.open();
    return running;
  } catch (error) {
    if (running === undefined) lock.release();
    else await running.stop();
    throw error;
  }
}

class RunningRelay implements Relay {
  readonly client: RelayClient;
  readonly closed: Promise<void>;
  readonly #options: RelayOptions;
  readonly #dataDir: string;
  readonly #lock: Lock;
  readonly #startedAt = Date.now();
  #remembered: Remembered;
  readonly #store: Store;
  readonly #history: HistoryThread;
  readonly #renderer: Renderer;
  readonly #forwarder: Forwarder;
  readonly #reception: Reception;
  readonly #ingress: Ingress;
  readonly #announcer: Announcer;
  readonly #control: Control;
  readonly #handlers: Handlers;
  readonly #notices: string[] = [];
  #tunnel: TunnelSupervisor | undefined;
  #settings: Settings;
  #port = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #hadClient = false;
  /** How far the index has come, as it was last told. */
  #index: Status['index'] = { events: 0, of: 0, failure: null };
  #storedSinceLook = 0;
  #storedSinceCheckpoint = 0;
  #tick: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;
  #ended: () => void = () => undefined;

  constructor(dataDir: string, lock: Lock, options: RelayOptions) {
    this.#options = options;
    this.#dataDir = dataDir;
    this.#lock = lock;
    this.closed = new Promise((resolve) => (this.#ended = resolve));
    const { remembered, notice } = remember(dataDir);
    this.#remembered = remembered;
    if (notice !== null) this.#notices.push(notice);
    this.#settings = settingsSchema.parse({ destinations: remembered.destinations, ...options.settings });
    this.#announcer = new Announcer(() => this.#status());
    this.#store = new Store(storeFile(dataDir), {
      ...(options.maxStorePages !== undefined && { maxPages: options.maxStorePages }),
      onHealth: (failure) => {
        if (failure === null) {
          this.#log('info', 'the history can be written again: deliveries are accepted');
          this.#forwarder.resume();
        } else this.#log('error', `${failure.message}: deliveries are answered 503 until it can. ${failure.next}`);
        this.#announcer.statusChanged();
      },
      onFull: (failure) => {
        if (failure === null) this.#log('info', 'the history has room again: deliveries are accepted');
        else this.#log('error', `${failure.message}: deliveries are answered 503. ${failure.next}`);
        this.#announcer.statusChanged();
      },
      onLost: (message) => this.#log('error', message),
    });
    if (this.#store.setAside !== null) {
      const { from, to, why } = this.#store.setAside;
      this.#notices.push(
        `The history at ${from} was damaged (${why}) and was set aside as ${to}; a new one was begun.`,
      );
    }
    this.#history = new HistoryThread(dataDir, (news) => this.#indexed(news));
    this.#renderer = new Renderer(this.#store.stored);
    this.#forwarder = new Forwarder(
      {
        store: this.#store,
        renderer: this.#renderer,
        onAttempt: (attempt) => {
          if (!this.#announcer.heard) return;
          this.#announcer.attempted(attempt);
          this.#announcer.statusChanged();
        },
        onChange: () => this.#announcer.statusChanged(),
        log: (level, message) => this.#log(level, message),
        ...(options.delayScale !== undefined && { delayScale: options.delayScale }),
      },
      this.#settings,
    );
    this.#reception = new Reception(
      {
        store: this.#store,
        renderer: this.#renderer,
        forwarder: this.#forwarder,
        onStored: (delivery) => this.#stored(delivery),
        log: (level, message) => this.#log(level, message),
      },
      this.#settings,
    );
    this.#ingress = new Ingress({
      secret: remembered.secret,
      reception: this.#reception,
      uncommitted: () => this.#store.uncommitted,
      limits: { ...defaultLimits, ...this.#limits(), ...options.limits },
      log: (level, message) => this.#log(level, message),
    });
    this.#handlers = this.#makeHandlers();
    this.#control = new Control({
      dataDir,
      handlers: this.#handlers,
      announcer: this.#announcer,
      onClients: (count) => this.#clientsChanged(count),
      log: (level, message) => this.#log(level, message),
    });
    this.client = this.#inProcessClient();
  }

  /** Something that the user should know: in the log once it opens, and in the status. */
  tell(notice: string): void {
    this.#notices.push(notice);
  }

  async open(): Promise<void> {
    for (const notice of this.#notices) this.#log('warn', notice);
    this.#port = await this.#openWebhookEndpoint();
    this.#remembered.port = this.#port;
    this.#apply(this.#settings, this.#options.secrets ?? {});
    await this.#control.open();
    this.#tunnel = new TunnelSupervisor({
      localPort: this.#port,
      healthPath: `/hooks/${this.#remembered.secret}/health`,
      subdomain: this.#remembered.subdomain,
      onChange: (tunnel) => this.#announcer.tunnel(tunnel),
      onHeldUp: () => this.#ingress.relieve(),
      log: (level, message) => this.#log(level, message),
      ...this.#options.tunnel,
    });
    this.#tunnel.open(this.#settings.tunnel);
    this.#clientsChanged(0);
    this.#log('info', `listening on 127.0.0.1:${this.#port}`);
    // After whatever waits for the relay to be ready.
    setImmediate(() => this.#prepareHistory());
  }

  #prepareHistory(): void {
    if (this.#stopping !== undefined) return;
    this.#store.rememberContents();
    this.#history.begin();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#tick);
    this.#announcer.ends();
    await this.#tunnel?.close();
    await this.#ingress.close();
    await this.#forwarder.close();
    this.#store.close();
    this.#announcer.close();
    await this.#control.close();
    await this.#history.close();
    this.#lock.release();
    this.#ended();
  }

  async #openWebhookEndpoint(): Promise<number> {
    const { port, preferredPort } = this.#options;
    if (port !== undefined) {
      try {
        return await this.#ingress.listen(port);
      } catch (error) {
        throw isTaken(error) ? new PortTakenError(port, error) : error;
      }
    }
    const wanted = this.#remembered.port ?? preferredPort ?? 0;
    try {
      return await this.#ingress.listen(wanted);
    } catch (error) {
      if (!isTaken(error)) throw error;
      this.#log(
        'warn',
        `port ${wanted} is taken by another program: any free one is used. Webhooks registered at it do not arrive.`,
      );
      return this.#ingress.listen(0);
    }
  }

  #clientsChanged(count: number): void {
    clearTimeout(this.#idleTimer);
    this.#announcer.statusChanged();
    if (count > 0) this.#hadClient = true;
    if (this.#options.keepAlive !== true || count > 0 || this.#stopping !== undefined) return;
    const minutes = this.#settings.keepAliveMinutes;
    this.#idleTimer = setTimeout(
      () => {
        this.#log('info', `no client for ${minutes} minutes: the relay ends`);
        void this.stop();
      },
      Math.max(minutes * 60_000, this.#hadClient ? 0 : firstClientMs),
    );
  }

  #inProcessClient(): RelayClient {
    return {
      closed: this.closed,
      version: () => Promise.resolve(this.#status().version),
      request: async (method, params) => {
        try {
          return await callMethod(this.#handlers, method, params);
        } catch (error) {
          if (!(error instanceof ResponseError)) throw error;
          throw RelayRequestError.of(error.message, error.code, error.data);
        }
      },
      on: (name, listener) =>
        this.#announcer.listen((said, params) => {
          if (said === (name as string)) listener(params as unknown as RelayNotificationParams<typeof name>);
          return true;
        }),
      endsInOrder: () => this.#stopping !== undefined,
      close: () => undefined,
    };
  }

  #limits(): Pick<IngressLimits, 'maxBodyBytes' | 'maxBodiesBytes' | 'maxUncommitted'> {
    const { maxBodyBytes, maxBodiesBytes, maxUncommitted } = this.#settings;
    return { maxBodyBytes, maxBodiesBytes, maxUncommitted };
  }

  /**
   * Puts settings and secrets in force, on disk and in every station.
   * @throws ConflictError or StoreError where something of them cannot be used or kept: then nothing has changed
   */
  #apply(settings: Settings, secrets: SecretsChange): void {
    try {
      this.#forwarder.check(settings);
    } catch (error) {
      throw new ConflictError(`the proxy cannot be used: ${(error as Error).message}`, 'check-proxy');
    }
    const remembered = { ...this.#remembered, destinations: settings.destinations };
    const kept = this.#keep(settings, remembered);
    // From here on nothing can fail.
    this.#settings = settings;
    this.#remembered = remembered;
    this.#forwarder.configure(settings, kept, secrets);
    this.#reception.configure(settings, kept.renderSettingsId, secrets.verifyKeys);
    this.#ingress.setLimits({ ...this.#limits(), ...this.#options.limits });
    this.#store.setRetention(settings.retention);
  }

  /** Puts settings on disk: in the store and in what is remembered, or in neither. @throws StoreError */
  #keep(settings: Settings, remembered: Remembered): KeptSettings {
    let staged: StagedRemembered | undefined;
    let kept: KeptSettings | undefined;
    try {
      staged = stageRemembered(this.#dataDir, remembered);
      kept = this.#store.destinations.keepSettings(settings.destinations, renderSettingsOf(settings));
      staged.put();
      return kept;
    } catch (error) {
      // It may be that neither can be written now; what failed first is what is told.
      for (const undo of [() => kept?.undo(), () => staged?.discard()]) {
        try {
          undo();
        } catch (failure) {
          this.#log('warn', `what was begun could not be taken back: ${(failure as Error).message}`);
        }
      }
      if (error instanceof StoreError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      const isFull = code === 'ENOSPC' || code === 'EDQUOT';
      throw new StoreError(
        `relay.json cannot be written: ${message}`,
        isFull ? 'make-room' : 'check-data-directory',
        error,
      );
    }
  }

  #configure(params: Params<'relay/configure'>): Status {
    const before = this.#settings.tunnel;
    const settings = settingsSchema.parse({ ...this.#settings, ...params.settings });
    try {
      this.#apply(settings, params.secrets ?? {});
    } catch (error) {
      const said = `the settings were not changed: ${(error as Error).message}`;
      if (error instanceof StoreError) throw new StoreError(said, error.advice, error);
      if (error instanceof ConflictError) throw new ConflictError(said, error.advice);
      throw error;
    }
    if (JSON.stringify(before) !== JSON.stringify(this.#settings.tunnel)) this.#tunnel?.open(this.#settings.tunnel);
    this.#announcer.statusChanged();
    return this.#status();
  }

  #status(): Status {
    const tunnel = this.#tunnel?.status ?? { state: 'closed' as const, kind: 'none', reason: 'The relay is starting.' };
    const local = `http://127.0.0.1:${this.#port}`;
    const publicUrl = tunnel.state === 'open' ? tunnel.url.replace(/\/$/, '') : null;
    const urls = (base: string): { campaignMonitor: string; openConnectors: string } => ({
      campaignMonitor: `${base}/hooks/${this.#remembered.secret}/campaign-monitor`,
      openConnectors: `${base}/hooks/${this.#remembered.secret}/open-connectors`,
    });
    const publicUrls = publicUrl === null ? null : urls(publicUrl);
    const failures = [this.#store.failure, this.#store.full].filter((each) => each !== null);
    return {
      protocolVersion,
      version: this.#options.version ?? ownVersion,
      pid: process.pid,
      dataDir: this.#dataDir,
      startedAt: iso(this.#startedAt),
      campaignMonitorUrl: urls(local).campaignMonitor,
      openConnectorsUrl: urls(local).openConnectors,
      publicUrl,
      publicCampaignMonitorUrl: publicUrls?.campaignMonitor ?? null,
      publicOpenConnectorsUrl: publicUrls?.openConnectors ?? null,
      tunnel,
      settings: withoutProxyPassword(this.#settings),
      destinations: this.#forwarder.status(),
      counts: { ...this.#store.totals, storedBytes: this.#store.bytes, strangers: this.#ingress.strangers },
      index: this.#index,
      missingKeys: this.#forwarder.missingKeys,
      clients: this.#control.clients,
      notices: [...this.#notices, ...failures.map(({ message, next }) => `${message}. ${next}`)],
    };
  }

  #stored(delivery: DeliveryRecord): void {
    this.#storedSinceLook += 1;
    this.#tick ??= setTimeout(() => this.#look(), lookEveryMs).unref();
    if (!this.#announcer.heard) return;
    const byId = (id: number) => this.#store.destinations.get(id);
    this.#announcer.added(deliveryOf(delivery), rowsOf(delivery, byId));
    this.#announcer.statusChanged();
  }

  /** The index of the history has come further. */
  #indexed({ index, marks, failure }: IndexNews): void {
    const before = this.#index;
    this.#index = { events: index.events, of: index.of, failure };
    this.#store.setIndexSize(index.bytes, index.events);
    if (failure !== null && before.failure === null) {
      this.#log(
        'warn',
        `the index of the history does not follow (${failure}): older events are looked for more slowly`,
      );
    }
    if (marks.length > 0 && this.#announcer.heard) {
      this.#announcer.corrected(
        marks.map(({ event, duplicateOf }) => ({ id: `e${event}`, duplicateOf: `e${duplicateOf}` })),
      );
    }
    this.#announcer.statusChanged();
  }

  /** The history thread does what would else be done while requests wait: when a burst is over, or has gone on long. */
  #look(): void {
    const stored = this.#storedSinceLook;
    this.#storedSinceLook = 0;
    this.#storedSinceCheckpoint += stored;
    const quiet = stored < quietDeliveries;
    this.#tick = quiet ? undefined : setTimeout(() => this.#look(), lookEveryMs).unref();
    if (quiet) this.#history.changed();
    if (this.#storedSinceCheckpoint >= (quiet ? 500 : checkpointAfter)) {
      this.#storedSinceCheckpoint = 0;
      this.#history.checkpoint();
    }
  }

  #log(level: LogEntry['level'], message: string): void {
    this.#options.log?.({ level, time: new Date().toISOString(), message });
    this.#announcer.log(level, message);
  }

  #makeHandlers(): Handlers {
    const byId = (id: number) => this.#store.destinations.get(id);
    return {
      'relay/status': () => this.#status(),
      'relay/configure': (params) => this.#configure(params),
      'relay/stop': () => {
        // After the answer has gone out.
        setImmediate(() => void this.stop());
        return { stopping: true };
      },
      'tunnel/open': (params) => {
        if (params.tunnel !== undefined) this.#settings = { ...this.#settings, tunnel: params.tunnel };
        this.#tunnel?.open(this.#settings.tunnel);
        return this.#status().tunnel;
      },
      'tunnel/close': async () => {
        await this.#tunnel?.close();
        return this.#status().tunnel;
      },
      'events/query': async (params) => {
        const page = await this.#history.calls.query(params);
        return {
          ...page,
          events: page.events.map((row) => ({ ...row, forwardings: this.#explained(row.forwardings) })),
        };
      },
      'events/page': (params) => this.#history.calls.page(params),
      'events/counts': (params) => this.#history.calls.counts(params),
      'events/get': async ({ id }) => {
        const found = await this.#history.calls.event(id);
        return {
          ...found,
          event: { ...found.event, forwardings: this.#explained(found.event.forwardings) },
          notifications: found.notifications.map((each) => ({
            ...each,
            forwardings: this.#explained(each.forwardings),
          })),
        };
      },
      'events/clear': async () => {
        const result = await this.#store.clear();
        this.#announcer.statusChanged();
        return result;
      },
      'deliveries/get': ({ id }) => this.#history.calls.delivery(id),
      'deliveries/inject': async (params) => {
        const body = 'text' in params.body ? Buffer.from(params.body.text) : Buffer.from(params.body.base64, 'base64');
        if (body.byteLength > this.#settings.maxBodyBytes) {
          throw new ConflictError(`the body is larger than ${this.#settings.maxBodyBytes} bytes`);
        }
        const delivery = await this.#reception.receive({
          source: params.source,
          body,
          headers: [['Content-Type', params.contentType]],
          receivedAt: Date.now(),
          injected: true,
        });
        return {
          delivery: deliveryOf(delivery),
          ...fittingAnswer(rowsOf(delivery, byId), notificationsOf(delivery, byId)),
        };
      },
      'notifications/replay': async (params) => {
        const ids = await this.#select(params);
        const replayed: number[] = [];
        for (let at = 0; at < ids.length; at += replayStep) {
          replayed.push(...(await this.#forwarder.replay(ids.slice(at, at + replayStep), params.to)));
        }
        this.#announcer.statusChanged();
        return { replayed: replayed.length, notificationIds: replayed.map((id) => `n${id}`) };
      },
      'notifications/render': async (params) => {
        const { notificationId, destinationId, destination } = await this.#history.calls.target(params.id, params);
        const outgoing = this.#renderer.render(notificationId, destination, this.#forwarder.secrets);
        if (outgoing === undefined)
          throw new ConflictError(`notification ${params.id} was removed from the history meanwhile`);
        return {
          notificationId: `n${notificationId}`,
          destinationId,
          url: destination?.url ?? null,
          headers: this.#masked(outgoing.headers, destination),
          body: outgoing.body.toString('base64'),
        };
      },
      'notifications/discard': async (params) => {
        if (params.ids === undefined && params.waiting === undefined)
          throw new ConflictError('nothing was chosen: give ids, or waiting: true');
        const ids = params.ids && (await this.#history.calls.notificationIdsFor(params.ids));
        const discarded = await this.#store.forwardings.discard(ids);
        this.#forwarder.discarded(ids);
        this.#announcer.statusChanged();
        return { discarded };
      },
    };
  }

  /** Headers as they may be shown: credentials that were given or came with a delivery stay here. */
  #masked(headers: Headers, destination: Destination | undefined): Headers {
    const { credentials } = this.#forwarder.secrets;
    const given = Object.keys(credentials.get(destination?.credentialsName ?? '') ?? {}).map((name) =>
      name.toLowerCase(),
    );
    return headers.map(([name, value]) => [
      name,
      isCredentialHeader(name) || given.includes(name.toLowerCase()) ? maskedValue : value,
    ]);
  }

  async #select(params: {
    ids?: string[] | undefined;
    filter?: string | undefined;
    failed?: true | undefined;
  }): Promise<number[]> {
    if (params.ids !== undefined) return this.#history.calls.notificationIdsFor(params.ids);
    if (params.filter !== undefined) return this.#history.calls.notificationIds(params.filter);
    if (params.failed !== undefined) return this.#history.calls.failedNotificationIds();
    throw new ConflictError('nothing was chosen: give ids, a filter, or failed: true');
  }

  /** Adds what only the running relay knows: why it waits, and how often it will be tried. */
  #explained(forwardings: readonly Forwarding[]): Forwarding[] {
    if (!forwardings.some((each) => each.state === 'waiting')) return [...forwardings];
    return forwardings.map((forwarding) => {
      if (forwarding.state !== 'waiting') return forwarding;
      return {
        ...forwarding,
        maxAttempts: maxAttempts(this.#settings.retry),
        detail: forwarding.detail ?? this.#forwarder.whyWaiting(forwarding.destinationId),
      };
    });
  }
}

/** How long the first client, who started the relay, may take to come, in milliseconds. */
const firstClientMs = 2000;

/** How often a burst is looked at, in milliseconds, and fewer deliveries than this since the last look end it. */
const lookEveryMs = 500;
const quietDeliveries = 50;

/** Deliveries after which the write-ahead log is written back during a burst: before the writer would do it itself. */
const checkpointAfter = 5000;

/** Notifications replayed in one step, so that a great many do not hold the event loop. */
const replayStep = 500;

class ConflictError extends Error {
  override readonly name = 'ConflictError';
  readonly advice: RelayAdvice;
  readonly next: string;
  constructor(message: string, advice: RelayAdvice = 'choose-again') {
    super(message);
    this.advice = advice;
    this.next = relayAdvice[advice];
  }
}

/** A proxy's URL may carry a user name and a password, which no client needs to be told. */
function withoutProxyPassword(settings: Settings): Settings {
  if (settings.proxy === undefined || !URL.canParse(settings.proxy.url)) return settings;
  const url = new URL(settings.proxy.url);
  if (url.username === '' && url.password === '') return settings;
  url.username = maskedValue;
  url.password = '';
  return { ...settings, proxy: { ...settings.proxy, url: url.href } };
}

function isTaken(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EADDRINUSE' || code === 'EACCES';
}
