/**
 * Forwarding: one lane a destination sends what waits for it, in order, judges the answers, and records each attempt.
 * What waits is on disk; a lane holds a window of it in memory.
 */
import type { Dispatcher } from 'undici';
import type { Attempt, Destination, DestinationStatus, Headers, Secrets, Settings } from '../protocol.ts';
import { isCredentialHeader, maskedValue } from '../protocol.ts';
import { dispatcherFor, post } from './outbound.ts';
import type { SendResult } from './outbound.ts';
import type { KnownSecrets, Renderer } from './render.ts';
import { judge } from './retry.ts';
import type { Verdict } from './retry.ts';
import { Schedule } from './schedule.ts';
import { destinationIdentity } from './store.ts';
import type { AttemptRecord, OpenForwarding, Store } from './store.ts';
import type { StoredNotification } from './stored.ts';

/** A forwarding that is to be sent. */
export interface Job extends OpenForwarding {
  /** What was stored of the notification, where it is at hand. */
  readonly notification?: StoredNotification;
}

/** A destination of the settings with the id under which the store knows it. */
export interface ConfiguredDestination {
  readonly id: number;
  readonly destination: Destination;
  /** Why nothing may be sent there yet: a key or credentials that no client has given. */
  readonly missing: string | null;
}

export interface ForwarderOptions {
  readonly store: Store;
  readonly renderer: Renderer;
  /** Called when an attempt is on disk. */
  onAttempt(attempt: Attempt): void;
  /** Called when a destination goes down or comes back. */
  onChange(): void;
  log(level: 'warn' | 'info' | 'debug', message: string): void;
  /** A factor on every pause between attempts: less than 1 in tests. */
  readonly delayScale?: number;
}

/** How many forwardings a lane holds in memory; the rest is on disk. */
const windowSize = 2000;
const firstProbeMs = 250;
const lastProbeMs = 30_000;

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #signatureKeys = new Map<string, string>();
  readonly #credentials = new Map<string, Record<string, string>>();
  #settings: Settings;
  #configured: ConfiguredDestination[] = [];
  #closed = false;

  constructor(options: ForwarderOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
  }

  /** The destinations of the settings, in their order. */
  get configured(): readonly ConfiguredDestination[] {
    return this.#configured;
  }

  get secrets(): KnownSecrets {
    return { signatureKeys: this.#signatureKeys, credentials: this.#credentials };
  }

  /** Names of keys and credentials that destinations use and no client has given. */
  get missingKeys(): string[] {
    const names = [...this.#lanes.values()].map((lane) => missingName(lane.destination, this.secrets));
    return [...new Set(names.filter((name) => name !== null))];
  }

  /**
   * Takes settings and secrets. What waits for a destination that is no longer in the settings is still sent there.
   * @param secrets those given replace the ones of the same name
   */
  configure(settings: Settings, secrets: Secrets): void {
    this.#settings = settings;
    for (const [name, key] of Object.entries(secrets.signatureKeys ?? {})) this.#signatureKeys.set(name, key);
    for (const [name, headers] of Object.entries(secrets.credentials ?? {})) this.#credentials.set(name, headers);
    const { store } = this.#options;
    const distinct = new Map(
      settings.destinations.map((destination) => [destinationIdentity(destination), destination]),
    );
    this.#configured = [...distinct.values()].map((destination) => ({
      id: store.internDestination(destination),
      destination,
      missing: missing(destination, this.secrets),
    }));
    const open = new Set(store.openDestinations().map((each) => each.destinationId));
    for (const { id, destination } of this.#configured)
      this.#lane(id, destination).reconfigure(destination, true, settings, missing(destination, this.secrets));
    for (const id of open) {
      const destination = store.stored.destination(id);
      if (destination !== undefined && !this.#configured.some((each) => each.id === id)) {
        this.#lane(id, destination).reconfigure(destination, false, settings, missing(destination, this.secrets));
      }
    }
    const kept = new Set([...open, ...this.#configured.map((each) => each.id)]);
    for (const [id, lane] of this.#lanes) {
      if (kept.has(id) || lane.busy) continue;
      void lane.close();
      this.#lanes.delete(id);
    }
  }

  /** Sends new forwardings, in the order given. */
  dispatch(jobs: readonly Job[]): void {
    for (const job of jobs) this.#lanes.get(job.destinationId)?.add(job);
  }

  /**
   * Sends notifications again, the same bytes.
   * @param notificationIds which
   * @param to one other destination; without it, those that each went to, or where there was none, those of the settings
   * @returns the notifications that are on their way because of this call
   */
  async replay(notificationIds: readonly number[], to?: Destination): Promise<number[]> {
    const { store } = this.#options;
    const replayed: number[] = [];
    const target = to === undefined ? undefined : store.internDestination(to);
    const ids = notificationIds.map((id) => {
      const earlier = target === undefined ? store.destinationsOf(id) : [target];
      return [id, earlier.length > 0 ? earlier : this.#configured.map((each) => each.id)] as const;
    });
    const rounds = await Promise.all(ids.map(([id, destinations]) => store.startRound(id, destinations)));
    for (const [index, started] of rounds.entries()) {
      for (const job of started) {
        if (!this.#lanes.has(job.destinationId)) {
          const destination = store.stored.destination(job.destinationId);
          if (destination === undefined) continue;
          this.#lane(job.destinationId, destination).reconfigure(
            destination,
            false,
            this.#settings,
            missing(destination, this.secrets),
          );
        }
        this.#lanes.get(job.destinationId)?.add(job, true);
      }
      const id = ids[index]?.[0];
      if (started.length > 0 && id !== undefined) replayed.push(id);
    }
    return replayed;
  }

  /** Forgets what was discarded on disk. Without ids: all that waits. */
  discarded(notificationIds?: readonly number[]): void {
    const gone = notificationIds && new Set(notificationIds);
    for (const lane of this.#lanes.values()) lane.drop((id) => gone === undefined || gone.has(id));
  }

  /** The store works again: lanes that paused go on. */
  resume(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  status(): DestinationStatus[] {
    const open = new Map(this.#options.store.openDestinations().map((each) => [each.destinationId, each]));
    return [...this.#lanes].map(([id, lane]) => lane.status((open.get(id)?.waiting ?? 0) + (open.get(id)?.held ?? 0)));
  }

  /** Why notifications wait for a destination of that URL and mode, where it is down; null where they just wait. */
  whyWaiting(url: string, mode: Destination['mode']): string | null {
    for (const { destination, detail } of this.#lanes.values()) {
      if (destination.url === url && destination.mode === mode && detail !== null) return detail;
    }
    return null;
  }

  /** Ends the lanes. What is under way is abandoned: it still waits on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  #lane(id: number, destination: Destination): Lane {
    let lane = this.#lanes.get(id);
    if (lane === undefined) {
      lane = new Lane(
        id,
        destination,
        this.#options,
        () => this.secrets,
        () => this.#closed,
      );
      this.#lanes.set(id, lane);
    }
    return lane;
  }
}

/** The key or credentials, by name, that a destination needs and nobody gave; null where it has all. */
function missingName(destination: Destination, secrets: KnownSecrets): string | null {
  const { signatureKeyName, credentialsName } = destination;
  if (signatureKeyName !== undefined && !secrets.signatureKeys.has(signatureKeyName)) return signatureKeyName;
  if (credentialsName !== undefined && !secrets.credentials.has(credentialsName)) return credentialsName;
  return null;
}

function missing(destination: Destination, secrets: KnownSecrets): string | null {
  const name = missingName(destination, secrets);
  if (name === null) return null;
  const what = name === destination.signatureKeyName ? 'signature key' : 'credentials';
  return `the ${what} "${name}" ${what === 'credentials' ? 'have' : 'has'} not been given`;
}

class Lane {
  readonly id: number;
  destination: Destination;
  readonly #options: ForwarderOptions;
  readonly #secrets: () => KnownSecrets;
  readonly #isClosed: () => boolean;
  #settings: Settings | undefined;
  #configured = true;
  #missing: string | null = null;
  #url: URL;
  #dispatcher: Dispatcher | undefined;
  #dispatcherKey = '';
  /** In order; `#next` is where it begins, so that taking one is cheap. */
  #queue: Job[] = [];
  #next = 0;
  /** Everything in memory: queued, waiting for a retry, or under way. */
  readonly #inMemory = new Set<number>();
  /** There is more on disk, after this notification. */
  #moreAfter: number | null = 0;
  /** The greatest notification id that was queued in its order. */
  #lastQueued = 0;
  readonly #retrying = new Map<number, Job>();
  /** When each of `#retrying` is due; what was discarded meanwhile is passed over. */
  readonly #due = new Schedule<number>();
  #retryTimer: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #down: { detail: string; delayMs: number; timer: NodeJS.Timeout; probing: boolean } | undefined;

  constructor(
    id: number,
    destination: Destination,
    options: ForwarderOptions,
    secrets: () => KnownSecrets,
    isClosed: () => boolean,
  ) {
    this.id = id;
    this.destination = destination;
    this.#url = new URL(destination.url);
    this.#options = options;
    this.#secrets = secrets;
    this.#isClosed = isClosed;
  }

  get busy(): boolean {
    return this.#inMemory.size > 0 || this.#inFlight > 0;
  }

  get #concurrency(): number {
    return this.destination.strictOrder === true ? 1 : (this.#settings?.concurrency ?? 1);
  }

  reconfigure(destination: Destination, configured: boolean, settings: Settings, missingKey: string | null): void {
    this.destination = destination;
    this.#url = new URL(destination.url);
    this.#configured = configured;
    this.#settings = settings;
    const key = JSON.stringify([settings.concurrency, settings.proxy, destination.insecureTls, destination.timeoutMs]);
    if (this.#dispatcher === undefined || this.#dispatcherKey !== key) {
      void this.#dispatcher?.close();
      this.#dispatcher = dispatcherFor(destination, settings.proxy, settings.concurrency);
      this.#dispatcherKey = key;
    }
    const { store } = this.#options;
    if (missingKey !== null) {
      this.#missing = missingKey;
      this.drop(() => true);
      void store.holdWaiting(this.id, missingKey);
    } else if (this.#missing !== null || this.#moreAfter === 0) {
      this.#missing = null;
      void store.releaseHeld(this.id).then(() => {
        this.#moreAfter = 0;
        this.pump();
      });
    }
    if (this.#down !== undefined && !this.#down.probing) this.#probe();
    this.pump();
  }

  /** Takes a forwarding. `always`: even where its place in the order has passed, as in a replay. */
  add(job: Job, always = false): void {
    if (this.#missing !== null) {
      void this.#options.store.holdWaiting(this.id, this.#missing);
      return;
    }
    if (!always && this.#moreAfter !== null) {
      this.pump();
      return;
    }
    if (!always && this.#queue.length - this.#next >= windowSize) {
      // Loaded from disk when its turn comes.
      this.#moreAfter = this.#lastQueued;
      return;
    }
    if (this.#inMemory.has(job.notificationId)) return;
    this.#inMemory.add(job.notificationId);
    this.#queue.push(job);
    if (!always) this.#lastQueued = Math.max(this.#lastQueued, job.notificationId);
    this.pump();
  }

  drop(isGone: (notificationId: number) => boolean): void {
    const kept = this.#queue.slice(this.#next).filter((job) => !isGone(job.notificationId));
    for (const job of this.#queue.slice(this.#next))
      if (isGone(job.notificationId)) this.#inMemory.delete(job.notificationId);
    for (const id of [...this.#retrying.keys()]) {
      if (!isGone(id)) continue;
      this.#retrying.delete(id);
      this.#inMemory.delete(id);
    }
    this.#queue = kept;
    this.#next = 0;
    this.pump();
  }

  /** Why nothing is sent, where that is so. */
  get detail(): string | null {
    return this.#missing ?? (this.#down === undefined ? null : `cannot be reached: ${this.#down.detail}`);
  }

  status(waiting: number): DestinationStatus {
    const state = this.#missing !== null ? 'held' : this.#down !== undefined ? 'down' : 'up';
    const { url, mode } = this.destination;
    return { url, mode, configured: this.#configured, state, detail: this.detail, waiting };
  }

  async close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#down?.timer);
    await this.#dispatcher?.destroy();
  }

  /** Sends as much as may be under way now. */
  pump(): void {
    while (
      this.#missing === null &&
      this.#down === undefined &&
      this.#inFlight < this.#concurrency &&
      !this.#isClosed()
    ) {
      if (this.#options.store.failure !== null) return;
      const job = this.#take();
      if (job === undefined) return;
      this.#send(job);
    }
  }

  #take(): Job | undefined {
    const now = Date.now();
    for (let id = this.#due.takeDue(now); id !== undefined; id = this.#due.takeDue(now)) {
      const job = this.#retrying.get(id);
      if (job === undefined) continue;
      this.#retrying.delete(id);
      return job;
    }
    if (this.destination.strictOrder === true && this.#retrying.size > 0) return undefined;
    while (this.#next >= this.#queue.length && this.#moreAfter !== null) this.#load(this.#moreAfter);
    const job = this.#queue[this.#next];
    if (job === undefined) return undefined;
    this.#next += 1;
    if (this.#next > 1024) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return job;
  }

  #load(after: number): void {
    const jobs = this.#options.store.open(this.id, 'waiting', after, windowSize);
    this.#moreAfter = jobs.length < windowSize ? null : (jobs.at(-1)?.notificationId ?? null);
    this.#queue = [];
    this.#next = 0;
    const now = Date.now();
    for (const job of jobs) {
      if (this.#inMemory.has(job.notificationId)) continue;
      this.#inMemory.add(job.notificationId);
      this.#lastQueued = Math.max(this.#lastQueued, job.notificationId);
      if (job.nextAt !== null && job.nextAt > now) this.#retryLater(job, job.nextAt);
      else this.#queue.push(job);
    }
  }

  #retryLater(job: Job, at: number): void {
    this.#retrying.set(job.notificationId, job);
    this.#due.add(at, job.notificationId);
    this.#armRetryTimer();
  }

  #armRetryTimer(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const next = this.#due.nextAt;
    if (next === undefined) return;
    // Never longer than a timer can wait; it is armed again then.
    const wait = Math.min(Math.max(next - Date.now(), 0), 2_147_483_647);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.pump();
      // With all of them under way, the next answer arms it again.
      if (this.#inFlight < this.#concurrency && this.#down === undefined) this.#armRetryTimer();
    }, wait);
  }

  #send(job: Job): void {
    const { renderer } = this.#options;
    const secrets = this.#secrets();
    const outgoing = job.notification
      ? renderer.renderStored(job.notification, this.destination, secrets)
      : renderer.render(job.notificationId, this.destination, secrets);
    if (outgoing === undefined || this.#dispatcher === undefined) {
      this.#inMemory.delete(job.notificationId);
      return;
    }
    this.#inFlight += 1;
    const at = Date.now();
    const started = performance.now();
    void post(this.#dispatcher, this.#url, outgoing, this.destination.timeoutMs).then((result) => {
      this.#inFlight -= 1;
      if (this.#isClosed()) return;
      this.#settle(job, result, at, performance.now() - started);
      if (this.#retryTimer === undefined) this.#armRetryTimer();
      this.pump();
    });
  }

  #settle(job: Job, result: SendResult, at: number, durationMs: number): void {
    const number = job.attempts + 1;
    const verdict = judge(result, this.#settings?.retry ?? 'fast', number - job.roundStart, Date.now());
    if (verdict.outcome === 'down') {
      this.#goDown(job, verdict.detail);
      return;
    }
    this.#comeUp();
    const nextAt = verdict.outcome === 'retrying' ? Date.now() + verdict.delayMs * (this.#options.delayScale ?? 1) : null;
    const attempt: AttemptRecord = {
      notificationId: job.notificationId,
      destinationId: job.destinationId,
      number,
      at,
      durationMs: Math.round(durationMs * 1000) / 1000,
      status: result.kind === 'answer' ? result.status : null,
      error: errorOf(result, verdict),
      outcome: verdict.outcome,
      nextAt,
      headers: result.kind === 'answer' ? masked(result.headers) : [],
      body: result.kind === 'answer' ? result.body : Buffer.alloc(0),
      truncated: result.kind === 'answer' && result.truncated,
    };
    if (nextAt !== null) this.#retryLater({ ...job, attempts: number, nextAt }, nextAt);
    void this.#options.store.recordAttempt(attempt, verdict.outcome === 'sent' ? null : verdict.detail).then(() => {
      if (verdict.outcome !== 'retrying') {
        // Not before it is on disk: until then it would be loaded as waiting once more.
        this.#inMemory.delete(job.notificationId);
        this.#options.store.settled(job.deliveryId);
      }
      this.#options.onAttempt(shown(attempt, job.deliveryId, this.destination.url));
    });
  }

  /** Puts a forwarding back to where it was: nothing was sent. */
  #goDown(job: Job, detail: string): void {
    this.#queue = [...this.#queue.slice(this.#next), job].sort((a, b) => a.notificationId - b.notificationId);
    this.#next = 0;
    if (this.#down === undefined) {
      this.#options.log(
        'warn',
        `${this.destination.url} cannot be reached (${detail}): its notifications wait until it answers`,
      );
      this.#down = {
        detail,
        delayMs: firstProbeMs,
        probing: false,
        timer: setTimeout(() => this.#probe(), firstProbeMs),
      };
      this.#options.onChange();
    } else if (this.#down.probing) {
      const delayMs = Math.min(this.#down.delayMs * 2, lastProbeMs);
      this.#down = { detail, delayMs, probing: false, timer: setTimeout(() => this.#probe(), delayMs) };
    }
  }

  /** Tries the first that waits: one at a time. */
  #probe(): void {
    if (this.#down === undefined || this.#isClosed()) return;
    clearTimeout(this.#down.timer);
    const job = this.#take();
    if (job === undefined) {
      this.#comeUp();
      return;
    }
    this.#down.probing = true;
    this.#send(job);
  }

  #comeUp(): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down = undefined;
    this.#options.log('info', `${this.destination.url} answers again`);
    this.#options.onChange();
  }
}

function errorOf(result: SendResult, verdict: Verdict): string | null {
  if (result.kind !== 'answer') return result.error;
  return verdict.outcome === 'sent' || verdict.outcome === 'down' ? null : verdict.detail;
}

function masked(headers: Headers): Headers {
  return headers.map(([name, value]) => [name, isCredentialHeader(name) ? maskedValue : value]);
}

function shown(attempt: AttemptRecord, deliveryId: number, url: string): Attempt {
  return {
    notificationId: `n${attempt.notificationId}`,
    deliveryId: `d${deliveryId}`,
    destination: url,
    number: attempt.number,
    at: new Date(attempt.at).toISOString(),
    durationMs: attempt.durationMs,
    status: attempt.status,
    error: attempt.error,
    outcome: attempt.outcome,
    nextAttemptAt: attempt.nextAt === null ? null : new Date(attempt.nextAt).toISOString(),
  };
}
