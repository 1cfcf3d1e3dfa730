/**
 * One destination's lane: sends what waits for it, in order, judges the answers, waits while it is down, and records
 * each attempt. What waits is on disk; the lane holds a window of it in memory.
 */
import type { Dispatcher } from 'undici';
import type { Attempt } from '../protocol/history.ts';
import type { Destination, Settings } from '../protocol/settings.ts';
import type { DestinationStatus } from '../protocol/status.ts';
import { cut } from './columns.ts';
import { toldId } from './destinations.ts';
import { withoutSecrets } from './masking.ts';
import { dispatcherFor, post } from './outbound.ts';
import type { SendResult } from './outbound.ts';
import type { AttemptRecord, OpenForwarding } from './records.ts';
import type { KnownSecrets, Outgoing, Renderer } from './render.ts';
import { judge } from './retry.ts';
import type { Verdict } from './retry.ts';
import { Schedule } from './schedule.ts';
import type { Store } from './store.ts';
import type { StoredNotification } from './stored.ts';

/** A forwarding that is to be sent. */
export interface Job extends OpenForwarding {
  /** What was stored of the notification, where it is at hand. */
  readonly notification?: StoredNotification;
}

export interface LaneOptions {
  readonly store: Store;
  readonly renderer: Renderer;
  /** Called when an attempt is on disk. */
  onAttempt(attempt: Attempt): void;
  /** Called when a destination goes down or comes back. */
  onChange(): void;
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string): void;
  /** A factor on every pause between attempts: less than 1 in tests. */
  readonly delayScale?: number;
}

/** What all lanes have under way at this moment. */
export interface UnderWay {
  /** Of the bodies that are being sent. */
  bytes: number;
}

/**
 * With more than this under way in all lanes, in bytes, each sends one at a time: a body repeats for each notification
 * and destination.
 */
const mostBytesUnderWay = 67_108_864;

/** Of the reason for a failure, which may quote the destination, what is kept, in characters. */
const mostDetail = 500;

/** How many forwardings a lane holds in memory; the rest is on disk. */
const windowSize = 2000;
/** When what could not be read is read again, in milliseconds. */
const readAgainMs = 5000;
const firstProbeMs = 250;
const lastProbeMs = 30_000;

/** A destination's connections. */
interface Pool {
  readonly dispatcher: Dispatcher;
  underWay: number;
}

/** What waits for one destination, and how it is sent. */
export class Lane {
  readonly id: number;
  destination: Destination;
  readonly #options: LaneOptions;
  readonly #secrets: () => KnownSecrets;
  readonly #isClosed: () => boolean;
  readonly #allUnderWay: UnderWay;
  #settings: Settings | undefined;
  #configured = true;
  #missing: string | null = null;
  #url: URL;
  #pool: Pool | undefined;
  #poolKey = '';
  /** Pools that other settings have replaced, while requests are still under way on them. */
  readonly #replaced = new Set<Pool>();
  /** It was closed: what the store still answers it is the affair of the lane after it. */
  #ended = false;
  /** In order; `#next` is where it begins, so that taking one is cheap. */
  #queue: Job[] = [];
  #next = 0;
  /** Everything in memory: queued, waiting for a retry, under way, or sent and not yet recorded. */
  readonly #inMemory = new Set<number>();
  /** What is under way; null where it was discarded meanwhile: then its answer is the last. */
  readonly #underWay = new Map<number, Job | null>();
  /** There is more on disk, after this notification. */
  #moreAfter: number | null = 0;
  /** The greatest notification id that was queued in its order. */
  #lastQueued = 0;
  readonly #retrying = new Map<number, Job>();
  /** When each of `#retrying` is due; what was discarded meanwhile is passed over. */
  readonly #due = new Schedule<number>();
  #retryTimer: NodeJS.Timeout | undefined;
  #retryTimerAt = 0;
  /** The store could not be read, which was said; until it fires, nothing more is loaded. */
  #unreadable = false;
  #readAgain: NodeJS.Timeout | undefined;
  /** `probe`: the notification that is tried, while it is under way. */
  #down: { detail: string; delayMs: number; timer: NodeJS.Timeout; probe: number | null } | undefined;

  constructor(
    id: number,
    destination: Destination,
    options: LaneOptions,
    secrets: () => KnownSecrets,
    isClosed: () => boolean,
    allUnderWay: UnderWay,
  ) {
    this.id = id;
    this.#allUnderWay = allUnderWay;
    this.destination = destination;
    this.#url = new URL(destination.url);
    this.#options = options;
    this.#secrets = secrets;
    this.#isClosed = isClosed;
  }

  /** Whether something of it is in memory: under way, or waiting. */
  get busy(): boolean {
    return this.#inMemory.size > 0;
  }

  get #concurrency(): number {
    return this.destination.strictOrder === true ? 1 : (this.#settings?.concurrency ?? 1);
  }

  /** Goes on with other settings. */
  reconfigure(destination: Destination, configured: boolean, settings: Settings, missingKey: string | null): void {
    this.destination = destination;
    this.#url = new URL(destination.url);
    this.#configured = configured;
    this.#settings = settings;
    const { insecureTls, timeoutMs } = destination;
    const key = JSON.stringify([this.#url.origin, settings.concurrency, settings.proxy, insecureTls, timeoutMs]);
    if (this.#pool === undefined || this.#poolKey !== key) {
      const before = this.#pool;
      this.#pool = { dispatcher: dispatcherFor(destination, settings.proxy, settings.concurrency), underWay: 0 };
      this.#poolKey = key;
      if (before !== undefined) {
        this.#replaced.add(before);
        this.#endIfIdle(before);
      }
    }
    if (missingKey !== null) {
      this.#missing = missingKey;
      this.#drop(() => true);
      void this.#options.store.forwardings.holdWaiting(this.id, missingKey);
    } else if (this.#missing !== null || this.#moreAfter === 0) {
      this.#missing = null;
      this.releaseWhatIsHeld();
    }
    if (this.#down?.probe === null) this.#probe();
    this.pump();
  }

  /** Lets what was held back be sent, unless a key is still missing. */
  releaseWhatIsHeld(): void {
    if (this.#missing !== null) return;
    void this.#options.store.forwardings.releaseHeld(this.id).then((released) => {
      if (!released) return;
      this.#moreAfter = 0;
      this.pump();
    });
  }

  /** Ends a replaced pool with its last request. Not closed before: one that closes can no longer be destroyed. */
  #endIfIdle(pool: Pool): void {
    if (pool.underWay === 0 && this.#replaced.delete(pool)) void pool.dispatcher.destroy();
  }

  /** Takes a forwarding. `always`: even where its place in the order has passed, as in a replay. */
  add(job: Job, always = false): void {
    if (this.#missing !== null) {
      void this.#options.store.forwardings.holdWaiting(this.id, this.#missing);
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
    // Discarded and replayed while under way: that request is the first of the new round.
    if (this.#underWay.get(job.notificationId) === null) this.#underWay.set(job.notificationId, job);
    if (this.#inMemory.has(job.notificationId)) return;
    this.#inMemory.add(job.notificationId);
    this.#queue.push(job);
    if (!always) this.#lastQueued = Math.max(this.#lastQueued, job.notificationId);
    this.pump();
  }

  /** Forgets what was discarded on disk. */
  discarded(isGone: (notificationId: number) => boolean): void {
    for (const id of this.#underWay.keys()) if (isGone(id)) this.#underWay.set(id, null);
    this.#drop(isGone);
    // What was put on disk by the same commit, after it was discarded, still waits there.
    this.#moreAfter = 0;
    this.pump();
  }

  #drop(isGone: (notificationId: number) => boolean): void {
    const kept: Job[] = [];
    for (const job of this.#queue.slice(this.#next)) {
      if (isGone(job.notificationId)) this.#inMemory.delete(job.notificationId);
      else kept.push(job);
    }
    for (const id of [...this.#retrying.keys()]) {
      if (!isGone(id)) continue;
      this.#retrying.delete(id);
      this.#inMemory.delete(id);
    }
    this.#queue = kept;
    this.#next = 0;
  }

  /** Why nothing is sent, where that is so. */
  get detail(): string | null {
    return this.#missing ?? (this.#down === undefined ? null : `cannot be reached: ${this.#down.detail}`);
  }

  /** How the destination stands. */
  status(waiting: number): DestinationStatus {
    const state = this.#missing !== null ? 'held' : this.#down !== undefined ? 'down' : 'up';
    const { url, mode } = this.destination;
    return {
      destinationId: toldId(this.id, this.destination),
      url,
      mode,
      configured: this.#configured,
      state,
      detail: this.detail,
      waiting,
    };
  }

  /** Sends nothing more. */
  async close(): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#readAgain);
    clearTimeout(this.#down?.timer);
    const pools = this.#pool === undefined ? this.#replaced : [this.#pool, ...this.#replaced];
    await Promise.all([...pools].map((each) => each.dispatcher.destroy()));
  }

  /** Sends as much as may be under way now, and sees to it that the next retry comes. */
  pump(): void {
    while (
      this.#missing === null &&
      this.#down === undefined &&
      this.#underWay.size < this.#concurrency &&
      (this.#underWay.size === 0 || this.#allUnderWay.bytes < mostBytesUnderWay) &&
      !this.#ended &&
      !this.#isClosed()
    ) {
      if (this.#options.store.failure !== null) return;
      const job = this.#take();
      if (job === undefined) {
        this.#armRetryTimer();
        return;
      }
      this.#send(job);
    }
  }

  #take(): Job | undefined {
    const now = Date.now();
    for (let id = this.#due.takeDue(now); id !== undefined; id = this.#due.takeDue(now)) {
      const job = this.#retrying.get(id);
      if (job === undefined || (job.nextAt ?? 0) > now) continue;
      this.#retrying.delete(id);
      return job;
    }
    const strict = this.destination.strictOrder === true;
    if (strict && this.#retrying.size > 0) return undefined;
    while (this.#next >= this.#queue.length && this.#moreAfter !== null) {
      if (!this.#load(this.#moreAfter)) return undefined;
      if (strict && this.#retrying.size > 0) return undefined;
    }
    const job = this.#queue[this.#next];
    if (job === undefined) return undefined;
    this.#next += 1;
    if (this.#next > 1024) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return job;
  }

  /** @returns false where the store cannot be read now */
  #load(after: number): boolean {
    if (this.#readAgain !== undefined) return false;
    let jobs: OpenForwarding[];
    try {
      jobs = this.#options.store.forwardings.open(this.id, 'waiting', after, windowSize);
    } catch (error) {
      this.#sayUnreadable(error as Error);
      this.#readAgain = setTimeout(() => {
        this.#readAgain = undefined;
        this.pump();
      }, this.#readPause);
      return false;
    }
    this.#unreadable = false;
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
    return true;
  }

  get #readPause(): number {
    return Math.round(readAgainMs * (this.#options.delayScale ?? 1));
  }

  #sayUnreadable({ message }: Error): void {
    if (this.#unreadable) return;
    this.#unreadable = true;
    this.#options.log(
      'error',
      `the history cannot be read (${message}): what waits for ${placeOf(this.#url)} is tried every ${readAgainMs / 1000} s`,
    );
  }

  /** Held in memory until it is due: without what was stored of it, since there may be very many. */
  #retryLater(job: Job, nextAt: number): void {
    const { notificationId, deliveryId, destinationId, attempts, roundStart } = job;
    this.#retrying.set(notificationId, { notificationId, deliveryId, destinationId, attempts, roundStart, nextAt });
    this.#due.add(nextAt, notificationId);
  }

  #armRetryTimer(): void {
    const next = this.#due.nextAt;
    if (this.#retryTimer !== undefined && this.#retryTimerAt === next) return;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    if (next === undefined) return;
    this.#retryTimerAt = next;
    // Never longer than a timer can wait; it is armed again then.
    const wait = Math.min(Math.max(next - Date.now(), 0), 2_147_483_647);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      this.pump();
    }, wait);
  }

  /** @returns false where there was nothing to send */
  #send(job: Job): boolean {
    const { renderer } = this.#options;
    // As they are now: what is under way was sent by them, whatever is set meanwhile.
    const { destination } = this;
    const url = this.#url;
    const secrets = this.#secrets();
    let outgoing: Outgoing | undefined;
    try {
      outgoing = job.notification
        ? renderer.renderStored(job.notification, destination, secrets)
        : renderer.render(job.notificationId, destination, secrets);
    } catch (error) {
      // Others may be read: it waits like one that is being retried, and is charged no attempt.
      this.#sayUnreadable(error as Error);
      this.#retryLater(job, Date.now() + this.#readPause);
      return false;
    }
    const { withheld = [] } = outgoing ?? {};
    const pool = this.#pool;
    if (outgoing === undefined || pool === undefined) {
      this.#inMemory.delete(job.notificationId);
      return false;
    }
    this.#underWay.set(job.notificationId, job);
    const at = Date.now();
    const started = performance.now();
    pool.underWay += 1;
    const bytes = outgoing.body.byteLength;
    this.#allUnderWay.bytes += bytes;
    void post(pool.dispatcher, url, outgoing, destination.timeoutMs).then((result) => {
      pool.underWay -= 1;
      this.#allUnderWay.bytes -= bytes;
      this.#endIfIdle(pool);
      const current = this.#underWay.get(job.notificationId) ?? null;
      this.#underWay.delete(job.notificationId);
      if (this.#isClosed()) return;
      const told = withoutSecrets(result, outgoing.headers, destination, secrets);
      const sent = { at, durationMs: performance.now() - started, destination, withheld };
      this.#settle(current ?? job, current === null, told, sent);
      this.pump();
    });
    return true;
  }

  #settle(job: Job, discarded: boolean, result: SendResult, sent: Sent): void {
    const { notificationId, deliveryId } = job;
    const { at, durationMs, destination } = sent;
    const number = job.attempts + 1;
    const verdict = this.#judge(job, discarded, result);
    if (verdict.outcome === 'down') {
      this.#goDown(notificationId, verdict.detail);
      if (discarded) this.#inMemory.delete(notificationId);
      else this.#putBack(job);
      return;
    }
    this.#comeUp(result.kind !== 'unreachable');
    const nextAt =
      verdict.outcome === 'retrying'
        ? Date.now() + Math.round(verdict.delayMs * (this.#options.delayScale ?? 1))
        : null;
    const attempt: AttemptRecord = {
      notificationId,
      destinationId: job.destinationId,
      number,
      at,
      durationMs: Math.round(durationMs * 1000) / 1000,
      status: result.kind === 'answer' ? result.status : null,
      error: withWithheld(errorOf(result, verdict), sent),
      outcome: verdict.outcome,
      nextAt,
      headers: result.kind === 'answer' ? result.headers : [],
      body: result.kind === 'answer' ? result.body : Buffer.alloc(0),
      truncated: result.kind === 'answer' && result.truncated,
    };
    if (nextAt !== null) this.#retryLater({ ...job, attempts: number }, nextAt);
    const detail = verdict.outcome === 'sent' ? null : withWithheld(verdict.detail, sent);
    const { store } = this.#options;
    void store.forwardings.recordAttempt(attempt, detail).then((recorded) => {
      // It still waits on disk: in memory it stays what it is, so that it is not sent again before a restart.
      if (!recorded) return;
      if (verdict.outcome !== 'retrying') {
        // Not before it is on disk: until then it would be loaded as waiting once more.
        this.#inMemory.delete(notificationId);
        store.settled(deliveryId);
      } else if (this.#missing !== null) {
        // Its key was taken away while it was under way.
        this.#drop((id) => id === notificationId);
        void store.forwardings.holdWaiting(this.id, this.#missing);
      }
      const ofRound = number - job.roundStart;
      this.#options.onAttempt({ ...shown(attempt, deliveryId, this.id, destination), ofRound });
    });
  }

  /** What was discarded while it was under way is not tried again. */
  #judge(job: Job, discarded: boolean, result: SendResult): Verdict {
    const verdict = judge(result, this.#settings?.retry ?? 'fast', job.attempts + 1 - job.roundStart, Date.now());
    return discarded && verdict.outcome === 'retrying' ? { outcome: 'failed', detail: verdict.detail } : verdict;
  }

  /** Puts a forwarding back to where it was: nothing was sent. */
  #putBack(job: Job): void {
    this.#queue = [...this.#queue.slice(this.#next), job].sort((a, b) => a.notificationId - b.notificationId);
    this.#next = 0;
  }

  #goDown(notificationId: number, detail: string): void {
    if (this.#down === undefined) {
      this.#options.log(
        'warn',
        `${placeOf(this.#url)} cannot be reached (${detail}): its notifications wait until it answers`,
      );
      const timer = setTimeout(() => this.#probe(), firstProbeMs);
      this.#down = { detail, delayMs: firstProbeMs, probe: null, timer };
      this.#options.onChange();
    } else if (this.#down.probe === notificationId) {
      const delayMs = Math.min(this.#down.delayMs * 2, lastProbeMs);
      this.#down = { detail, delayMs, probe: null, timer: setTimeout(() => this.#probe(), delayMs) };
    }
  }

  /** Tries the first that waits: one at a time. */
  #probe(): void {
    if (this.#down === undefined || this.#isClosed()) return;
    clearTimeout(this.#down.timer);
    for (let job = this.#take(); job !== undefined; job = this.#take()) {
      if (!this.#send(job)) continue;
      this.#down.probe = job.notificationId;
      return;
    }
    // Nothing is left to try it with.
    this.#comeUp(false);
    this.pump();
  }

  /** @param answers whether it answered; else it is not known any more to be down */
  #comeUp(answers: boolean): void {
    if (this.#down === undefined) return;
    clearTimeout(this.#down.timer);
    this.#down = undefined;
    if (answers) this.#options.log('info', `${placeOf(this.#url)} answers again`);
    this.#options.onChange();
  }
}

/** How an attempt was sent. */
interface Sent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly destination: Destination;
  readonly withheld: readonly string[];
}

/** The reason for a failure, with what may be the reason for that: credentials of the sender that are forgotten. */
function withWithheld(reason: string | null, { withheld }: Sent): string | null {
  if (reason === null || withheld.length === 0) return cut(reason, mostDetail);
  const names = [...new Set(withheld)].join(' and ');
  const note = `; without the ${cut(names, mostDetail / 5)} of the sender, which are kept in memory only`;
  return cut(reason, mostDetail - note.length) + note;
}

function errorOf(result: SendResult, verdict: Verdict): string | null {
  if (result.kind !== 'answer') return result.error;
  return verdict.outcome === 'sent' || verdict.outcome === 'down' ? null : verdict.detail;
}

function shown(attempt: AttemptRecord, deliveryId: number, id: number, destination: Destination): Attempt {
  return {
    notificationId: `n${attempt.notificationId}`,
    deliveryId: `d${deliveryId}`,
    destinationId: toldId(id, destination),
    destination: destination.url,
    number: attempt.number,
    at: new Date(attempt.at).toISOString(),
    durationMs: attempt.durationMs,
    status: attempt.status,
    error: attempt.error,
    outcome: attempt.outcome,
    nextAttemptAt: attempt.nextAt === null ? null : new Date(attempt.nextAt).toISOString(),
  };
}

/** A destination as it stands in the log: a token may be in its query. */
function placeOf(url: URL): string {
  return url.origin + url.pathname;
}
