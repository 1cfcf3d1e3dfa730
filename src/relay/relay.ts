import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hookPath } from '../common/hook-path.ts';
import { forgetChannel } from '../protocol/control-channel.ts';
import type { HeldAtStop } from '../protocol/debug.ts';
import { prepareDataDirectory } from '../protocol/data-directory.ts';
import { adviceInTerminal } from '../protocol/advice.ts';
import type { LogLevel } from '../protocol/methods.ts';
import type { RelayClient } from '../protocol/relay-client.ts';
import { settingsSchema, type Secrets } from '../protocol/settings.ts';
import type { Status } from '../protocol/status.ts';
import { version as ownVersion } from '../version.ts';
import type { z } from 'zod';
import { Announcer } from './clients/announcer.ts';
import { AnswerOnPurpose } from './receiving/answer-on-purpose.ts';
import { Breakpoints } from './gate/breakpoints.ts';
import { Configuration, limitsOf } from './configuration.ts';
import { Control, inProcessClient } from './clients/control.ts';
import { Forwarder } from './sending/forwarder.ts';
import { Gate } from './gate/gate.ts';
import { makeHandlers } from './clients/handlers.ts';
import { EventMatcher } from './history/event-matcher.ts';
import { HistoryThread } from './history/history-thread.ts';
import { storeFile } from './history/history.ts';
import { saveMemory } from './sending/heap.ts';
import { defaultLimits, Ingress, type IngressLimits } from './receiving/ingress.ts';
import { KeepAlive, minutesWords } from './clients/keep-alive.ts';
import { takeLock, type Lock } from './lock.ts';
import { passOn } from './receiving/passing-on.ts';
import { Reception, type Received } from './receiving/reception.ts';
import { statusOf } from './clients/relay-status.ts';
import { remember, rememberedDestinations } from './remembered.ts';
import { Renderer } from './sending/render.ts';
import { SampleReceiver } from './sample-receiver.ts';
import { iso } from './log/protocol-shapes.ts';
import { Store } from './log/store.ts';
import { TunnelSupervisor, type TunnelSupervisorOptions } from './tunnel/supervisor.ts';
import { IndexMaintenance } from './history/index-maintenance.ts';

export class RelayRunningError extends Error {
  override readonly name = 'RelayRunningError';
  readonly advice = 'attach-or-stop';
  readonly next = adviceInTerminal(this.advice);
  constructor(dataDir: string) {
    super(`a relay is already running for ${dataDir}`);
  }
}

class PortError extends Error {
  override readonly name = 'PortError';
  readonly advice = 'choose-port';
  readonly next = adviceInTerminal(this.advice);
}

const firstFreePort = 1024;

function explainPort(error: unknown, port: number): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'is in use by another program';
  if (code !== 'EACCES') return undefined;
  return port < firstFreePort
    ? `requires elevated privileges, like every port below ${firstFreePort}`
    : 'is reserved by the system';
}

export interface LogEntry {
  readonly level: LogLevel;
  readonly time: string;
  readonly message: string;
}

export interface RelayOptions {
  readonly dataDir: string;
  /** Only this port; 0 for any. By default, the remembered one if it is free, otherwise any. */
  readonly port?: number;
  readonly preferredPort?: number;
  readonly settings?: Partial<z.input<typeof settingsSchema>>;
  readonly secrets?: Secrets;
  readonly version?: string;
  readonly keepAlive?: boolean;
  /** Keeps the heap small, which is a setting of the whole process. */
  readonly ownProcess?: boolean;
  log?(entry: LogEntry): void;
  readonly limits?: Partial<IngressLimits>;
  readonly tunnel?: Pick<TunnelSupervisorOptions, 'dispatcher' | 'timings'>;
  readonly delayScale?: number;
  /** For tests: in pages of 4 KiB, like a full disk. */
  readonly maxStorePages?: number;
}

export interface Relay {
  readonly client: RelayClient;
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

/** @throws RelayRunningError; DataDirectoryError; PortError; StoreError; ZodError for invalid settings */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { path: dataDir, notice } = prepareDataDirectory(options.dataDir);
  const lock = takeLock(dataDir);
  if (lock === null) {
    if (notice !== null) options.log?.({ level: 'warn', time: iso(Date.now()), message: notice });
    throw new RelayRunningError(dataDir);
  }
  if (options.ownProcess === true) saveMemory();
  let running: RunningRelay | undefined;
  const opened: Store[] = [];
  try {
    // Left by a relay that was killed.
    forgetChannel(dataDir);
    running = new RunningRelay(dataDir, lock, options, opened);
    if (notice !== null) running.tell(notice);
    await running.open();
    return running;
  } catch (error) {
    if (running === undefined) {
      for (const store of opened) store.close();
      lock.release();
    } else await running.stop();
    throw error;
  }
}

const releaseTimeoutMs = 5000;

class RunningRelay implements Relay {
  readonly client: RelayClient;
  readonly closed: Promise<void>;
  readonly #startedAt = Date.now();
  readonly #dataDir: string;
  readonly #options: RelayOptions;
  readonly #lock: Lock;
  readonly #store: Store;
  readonly #history: HistoryThread;
  readonly #maintenance: IndexMaintenance;
  readonly #forwarder: Forwarder;
  readonly #gate: Gate;
  readonly #onPurpose: AnswerOnPurpose;
  readonly #ingress: Ingress;
  readonly #configuration: Configuration;
  readonly #sampleReceiver = new SampleReceiver();
  readonly #announcer: Announcer;
  readonly #control: Control;
  readonly #keepAlive: KeepAlive | undefined;
  readonly #notices: string[] = [];
  #tunnel: TunnelSupervisor | undefined;
  #port = 0;
  #stopping: Promise<void> | undefined;
  #ended: () => void = () => undefined;

  /** @param opened collects what the caller must close if this throws */
  constructor(dataDir: string, lock: Lock, options: RelayOptions, opened: Store[]) {
    this.#dataDir = dataDir;
    this.#options = options;
    this.#lock = lock;
    this.closed = new Promise((resolve) => (this.#ended = resolve));
    const log = (level: LogEntry['level'], message: string): void => this.#log(level, message);
    const { remembered, notice } = remember(dataDir);
    if (notice !== null) this.#notices.push(notice);
    const settings = settingsSchema.parse({ destinations: rememberedDestinations(remembered), ...options.settings });

    const announcer = (this.#announcer = new Announcer(() => this.#status()));
    const store = (this.#store = this.#openStore(dataDir));
    opened.push(store);
    const renderer = new Renderer(store.stored);
    const breakpoints = new Breakpoints(() => announcer.statusChanged());
    const matcher = new EventMatcher(store.log);
    const gate: Gate = (this.#gate = new Gate({
      store,
      breakpoints,
      log,
      matching: (filter, events) => matcher.matching(filter, events),
      isUnderWay: (key) => this.#forwarder.isUnderWay(key),
      underWay: () => this.#forwarder.underWay(),
      onMoved: () => this.#forwarder.lookAgain(),
      onStopped: (stop) => announcer.stopped(stop, () => gate.sending),
      onContinued: () => announcer.continued(() => gate.sending),
    }));
    const reception: Reception = new Reception(store, renderer, settings, gate);
    const onPurpose = (this.#onPurpose = new AnswerOnPurpose({ onChange: () => announcer.statusChanged(), log }));
    this.#ingress = new Ingress({
      secret: remembered.secret,
      receive: (incoming) => reception.receive(incoming),
      onPurpose,
      onAnswered: (received) => this.#passOn(received),
      limits: { ...defaultLimits, ...limitsOf(settings), ...options.limits },
      log,
    });
    const forwarder = (this.#forwarder = new Forwarder(
      {
        store,
        renderer,
        gate,
        onAttempt: (attempt) => {
          if (!announcer.heard) return;
          announcer.attempted(attempt);
          announcer.statusChanged();
        },
        onChange: () => announcer.statusChanged(),
        log,
        ...(options.delayScale !== undefined && { delayScale: options.delayScale }),
      },
      settings,
    ));
    const history = (this.#history = new HistoryThread(dataDir, {
      onNews: (news) => this.#maintenance.indexed(news),
      progress: () => ({ underWay: forwarder.underWay(), gate: gate.sendingView }),
    }));
    this.#maintenance = new IndexMaintenance({ history, store, announcer, log });
    const configuration = (this.#configuration = new Configuration({
      dataDir,
      settings,
      remembered,
      store,
      forwarder,
      reception,
      log,
      ingress: this.#ingress,
      sampleReceiver: this.#sampleReceiver,
      limits: options.limits ?? {},
    }));
    const handlers = makeHandlers({
      configuration,
      store,
      history,
      renderer,
      forwarder,
      gate,
      reception,
      onPurpose,
      announcer,
      status: () => this.#status(),
      onReceived: (received) => this.#passOn(received),
      log,
      openTunnel: () => this.#tunnel?.open(configuration.settings.tunnel),
      retryTunnel: () => this.#tunnel?.tryNow() ?? false,
      closeTunnel: async () => this.#tunnel?.close(),
      stop: (held) => void this.#stopAfter(held),
    });
    if (options.keepAlive === true) {
      this.#keepAlive = new KeepAlive({
        minutes: () => configuration.settings.keepAliveMinutes,
        onIdle: (minutes) => {
          log('info', `no client for ${minutesWords(minutes)}: stopping the relay`);
          void this.stop();
        },
      });
    }
    const onClients = (count: number): void => {
      announcer.statusChanged();
      this.#keepAlive?.clientsChanged(count);
    };
    const forClients = options.keepAlive === true;
    this.#control = new Control({ dataDir, handlers, announcer, forClients, onClients, log });
    this.client = inProcessClient({
      handlers,
      announcer,
      closed: this.closed,
      isStopping: () => this.#stopping !== undefined,
    });
  }

  #passOn(received: Received): void {
    this.#maintenance.stored();
    passOn(received, {
      announcer: this.#announcer,
      forwarder: this.#forwarder,
      gate: this.#gate,
      store: this.#store,
      log: (level, message) => this.#log(level, message),
    });
  }

  #status(): Status {
    return statusOf({
      dataDir: this.#dataDir,
      startedAt: this.#startedAt,
      configuration: this.#configuration,
      store: this.#store,
      forwarder: this.#forwarder,
      gate: this.#gate,
      version: this.#options.version ?? ownVersion,
      port: this.#port,
      tunnel: this.#tunnel?.status,
      answering: this.#onPurpose.answering,
      index: this.#maintenance.index,
      strangers: this.#ingress.strangers,
      clients: this.#control.clients,
      notices: this.#notices,
    });
  }

  tell(notice: string): void {
    this.#notices.push(notice);
  }

  async open(): Promise<void> {
    for (const notice of this.#gate.open()) this.tell(notice);
    for (const notice of this.#notices) this.#log('warn', notice);
    // Nothing is forwarded until the settings are in force.
    const settings = await this.#sampleReceiver.placed(this.#configuration.settings);
    this.#port = await this.#openWebhookEndpoint();
    this.#configuration.begin(this.#port, settings, this.#options.secrets ?? {});
    await this.#control.open();
    const { subdomain } = this.#configuration.remembered;
    this.#tunnel = new TunnelSupervisor({
      localPort: this.#port,
      healthPath: () => hookPath(this.#configuration.remembered.secret, 'health'),
      subdomain,
      knownHostsFile: join(this.#dataDir, 'known_hosts'),
      onChange: (tunnel) => {
        if (tunnel.state === 'open') this.#configuration.rememberPublicUrl(tunnel.url);
        this.#announcer.tunnel(tunnel);
      },
      onHeldUp: () => this.#ingress.relieve(),
      log: (level, message) => this.#log(level, message),
      ...this.#options.tunnel,
    });
    this.#tunnel.open(this.#configuration.settings.tunnel);
    this.#keepAlive?.clientsChanged(0);
    this.#log('info', `listening on 127.0.0.1:${this.#port}`);
    this.#maintenance.begin();
  }

  async #stopAfter(held: HeldAtStop): Promise<void> {
    try {
      if (held === 'drop') await this.#gate.dropForGood();
      else if (held === 'release') {
        await this.#gate.releaseForGood();
        await this.#drained(releaseTimeoutMs);
      }
    } catch (error) {
      this.#log('error', `could not ${held === 'drop' ? 'discard' : 'release'} held events: ${String(error)}`);
    }
    await this.stop();
  }

  async #drained(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    const waits = (): boolean =>
      [...this.#store.waiting.keys()].some((id) => this.#store.destinations.heldBy(id) === null);
    while (waits() && performance.now() < end) await delay(20);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const steps: readonly (() => Promise<void> | void)[] = [
      () => this.#keepAlive?.close(),
      () => this.#maintenance.close(),
      () => this.#announcer.ends(),
      () => this.#tunnel?.close(),
      () => this.#ingress.close(),
      () => this.#forwarder.close(),
      () => this.#sampleReceiver.close(),
      () => this.#store.close(),
      () => this.#announcer.close(),
      () => this.#control.close(),
      () => this.#history.close(),
      () => this.#lock.release(),
    ];
    // A failure must not leave the rest open, above all the lock.
    const failures: unknown[] = [];
    for (const step of steps) {
      try {
        const done = step();
        if (done !== undefined) await done;
      } catch (error) {
        failures.push(error);
      }
    }
    this.#ended();
    for (const failure of failures) this.#log('error', `part of the relay did not stop: ${String(failure)}`);
  }

  #openStore(dataDir: string): Store {
    const { maxStorePages } = this.#options;
    const store = new Store(storeFile(dataDir), {
      ...(maxStorePages !== undefined && { maxPages: maxStorePages }),
      onHealth: (failure) => {
        if (failure === null) {
          this.#log('info', 'the history is writable again; accepting deliveries');
          this.#forwarder.pump();
        } else
          this.#log('error', `${failure.message}: answering deliveries with 503 until this is fixed. ${failure.next}`);
        this.#announcer.statusChanged();
      },
      onFull: (failure) => {
        if (failure === null) this.#log('info', 'the history has room again; accepting deliveries');
        else this.#log('error', `${failure.message}: answering deliveries with 503. ${failure.next}`);
        this.#announcer.statusChanged();
      },
      onLost: (message) => this.#log('error', message),
    });
    if (store.setAside !== null) {
      const { kind, from, to, why } = store.setAside;
      const what = kind === 'damaged' ? `was damaged (${why})` : 'has an earlier format';
      this.#notices.push(
        `The history at ${from} ${what}. It was set aside as ${to}, and a new one was started. What waited or was held in it isn't sent, and a pause of sending has ended.`,
      );
    }
    return store;
  }

  async #openWebhookEndpoint(): Promise<number> {
    const { port, preferredPort } = this.#options;
    if (port !== undefined) {
      try {
        return await this.#ingress.listen(port);
      } catch (error) {
        const why = explainPort(error, port);
        throw why === undefined ? error : new PortError(`port ${port} ${why}`, { cause: error });
      }
    }
    const wanted = this.#configuration.remembered.port ?? preferredPort ?? 0;
    try {
      return await this.#ingress.listen(wanted);
    } catch (error) {
      const why = explainPort(error, wanted);
      if (why === undefined) throw error;
      this.#log(
        'warn',
        `port ${wanted} ${why}; using another free port. Webhooks registered with port ${wanted} won't arrive.`,
      );
      return this.#ingress.listen(0);
    }
  }

  #log(level: LogEntry['level'], message: string): void {
    this.#options.log?.({ level, time: new Date().toISOString(), message });
    this.#announcer.log(level, message);
  }
}
