/** One destination's queue. All that waits is on disk; the queue holds a window of it in memory. */
import { workCame } from './heap.ts';
import type { Attempt } from '../../protocol/history.ts';
import type { LogLevel } from '../../protocol/methods.ts';
import type { Destination, Settings } from '../../protocol/settings.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { attemptOf, protocolAttemptOf } from './attempt.ts';
import { ConnectionPool } from './connection-pool.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { withoutSecrets } from './masking.ts';
import type { SendResult } from './outbound.ts';
import { Reachability } from './reachability.ts';
import type { KnownSecrets, Outgoing, Renderer } from './render.ts';
import { DueAgain } from './due-again.ts';
import { isLoopback } from '../../common/loopback.ts';
import { judge, type Verdict } from '../../common/retry-verdict.ts';
import { iso } from '../log/protocol-shapes.ts';
import type { Store } from '../log/store.ts';
import type { Target } from './target.ts';
import { TimeLimit } from './time-limit.ts';
import { UnderWay, type AllUnderWay } from './under-way.ts';
import { Unreadable } from './unreadable.ts';
import { Waiting, windowSize, type Job } from './waiting.ts';
import type { AttemptRecord } from '../log/records.ts';

export interface LaneOptions {
  readonly store: Store;
  readonly renderer: Renderer;
  readonly gate?: GateView;
  onAttempt(attempt: Attempt): void;
  onChange(): void;
  log(level: LogLevel, message: string): void;
  readonly delayScale?: number;
}

const mostUnderWayTold = 100;

/** Replaced, never changed, because requests in progress use the earlier one. */
export interface LaneConfiguration {
  readonly target: Target;
  readonly settings: Settings;
  readonly secrets: KnownSecrets;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #gate: GateView;
  #configuration: LaneConfiguration;
  readonly #waiting = new Waiting();
  readonly #retries = new DueAgain(() => this.pump());
  /** Attempts by notification that are not on disk yet: until then, the stored state is outdated. */
  readonly #recording = new Map<number, number>();
  #postponing = 0;
  readonly #underWay: UnderWay;
  readonly #connections: ConnectionPool;
  readonly #reachability: Reachability;
  readonly #unreadable: Unreadable;
  readonly #timeLimit = new TimeLimit();
  #readingOn: NodeJS.Immediate | undefined;
  /** Requests may still be in progress: the next queue, or the next start, handles them. */
  #ended = false;

  constructor(configuration: LaneConfiguration, options: LaneOptions, allUnderWay: AllUnderWay) {
    this.#options = options;
    this.#gate = options.gate ?? openGate;
    this.#configuration = configuration;
    this.#underWay = new UnderWay(allUnderWay);
    this.#connections = new ConnectionPool(configuration.target.destination, configuration.settings);
    this.#reachability = new Reachability({
      onDue: () => this.pump(),
      onChange: () => options.onChange(),
      isLocal: () => isLoopback(this.target.url.hostname),
      log: (level, message) => options.log(level, message),
    });
    this.#unreadable = new Unreadable({
      readAgain: () => this.pump(),
      log: (level, message) => options.log(level, message),
      delayScale: this.#delayScale,
    });
    this.pump();
  }

  get target(): Target {
    return this.#configuration.target;
  }

  get busy(): boolean {
    return this.#waiting.inMemory;
  }

  get #strictOrder(): boolean {
    return this.#configuration.target.destination.strictOrder === true;
  }

  get #delayScale(): number {
    return this.#options.delayScale ?? 1;
  }

  reconfigure(configuration: LaneConfiguration): void {
    const wasHeld = this.target.held !== null;
    if (configuration.target.destination.url !== this.target.destination.url) this.#reachability.replaced();
    this.#configuration = configuration;
    this.#connections.use(configuration.target.destination, configuration.settings);
    if (wasHeld || configuration.target.held !== null) this.lookAgain();
    else {
      this.#reachability.tryNow();
      this.pump();
    }
  }

  /** Removes from memory what may no longer be sent, and reads from disk what may, in order. */
  lookAgain(): void {
    this.#drop((job) => !this.#mayBegin(job));
    this.#waiting.lookAgain();
    this.#reachability.tryNow();
    this.pump();
  }

  tryNow(): boolean {
    if (this.target.held !== null) return false;
    const waited = this.isDown || this.#retries.size > 0;
    this.#retries.dueNow();
    this.probe();
    return waited;
  }

  #mayBegin(job: Pick<Job, 'released'>): boolean {
    return this.target.held === null && this.#gate.mayBegin(job);
  }

  liftTimeout(lifted: boolean): void {
    this.#timeLimit.lift(lifted);
  }

  isUnderWay(notificationId: number): boolean {
    return this.#underWay.has(notificationId) || this.#recording.has(notificationId);
  }

  get underWay(): readonly number[] {
    return [...new Set([...this.#underWay.notificationIds(Infinity), ...this.#recording.keys()])];
  }

  /** A forwarding that may not be sent yet is read from disk later. */
  add(job: Job): void {
    if (!this.#mayBegin(job)) return;
    this.#waiting.add(job);
    this.pump();
  }

  isRetried(notificationId: number): boolean {
    return this.#retries.has(notificationId) && !this.#recording.has(notificationId);
  }

  replay(job: Job): void {
    this.#underWay.replayed(job);
    if (!this.#mayBegin(job)) return;
    if (this.#retries.has(job.notificationId)) this.#retries.add(job, Date.now());
    else this.#waiting.addLate(job);
    this.probe();
  }

  get isDown(): boolean {
    return this.target.held === null && this.#gate.pausedNo === null && this.#reachability.isDown;
  }

  probe(): void {
    this.#reachability.tryNow();
    this.pump();
  }

  discarded(isGone: (notificationId: number) => boolean): void {
    this.#underWay.discard(isGone);
    this.#unreadable.drop(isGone);
    this.#drop(({ notificationId }) => isGone(notificationId));
    // Forwardings that were written in the same commit, after the discard, still wait.
    this.#waiting.lookAgain();
    this.pump();
  }

  #drop(isGone: (job: Job) => boolean): void {
    this.#waiting.drop(isGone);
    for (const id of this.#retries.drop(isGone)) if (!this.#recording.has(id)) this.#waiting.forget(id);
  }

  get detail(): string | null {
    return this.target.held?.why ?? this.#reachability.detail;
  }

  get downSince(): number | null {
    return this.target.held === null ? this.#reachability.downSince : null;
  }

  get nextTryAt(): number | null {
    return this.target.held === null ? this.#reachability.nextTryAt : null;
  }

  status(waiting: number): DestinationStatus {
    const { id, destination, configured, held } = this.target;
    const { downSince } = this;
    const nextTryAt = downSince === null ? this.#retries.nextAt : this.nextTryAt;
    const { url, mode, signatureKeyName, credentialsName, insecureTls } = destination;
    const { state, lastStatus, failedCount } = this.#reachability;
    const underWay = this.#underWay.notificationIds(mostUnderWayTold).map((each) => `n${each}`);
    return {
      destinationId: protocolDestinationId(id, destination),
      url,
      mode,
      configured,
      state: held === null ? state : 'held',
      lastStatus,
      failed: failedCount,
      detail: this.detail,
      waiting,
      // A sent or discarded one may be removed from disk before it is removed here.
      retrying: Math.min(this.#retries.size + this.#underWay.retried, waiting),
      underWay,
      ...(downSince !== null && { downSince: iso(downSince) }),
      ...(held === null && typeof nextTryAt === 'number' && { nextTryAt: iso(nextTryAt) }),
      ...(this.#timeLimit.lifted && { timeoutLifted: true as const }),
      ...(signatureKeyName !== undefined && { signatureKeyName }),
      ...(credentialsName !== undefined && { credentialsName }),
      ...(insecureTls !== undefined && { insecureTls }),
    };
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#retries.close();
    clearImmediate(this.#readingOn);
    this.#unreadable.close();
    this.#reachability.close();
    await this.#connections.close();
  }

  pump(): void {
    while (this.#hasRoom && this.#options.store.failure === null) {
      const job = this.#take();
      if (job !== undefined) this.#begin(job);
      else if (!this.#nothingToTry()) {
        this.#retries.arm();
        return;
      }
    }
  }

  get #hasRoom(): boolean {
    if (this.#ended || this.target.held !== null || !this.#reachability.mayTry) return false;
    if (this.#reachability.isDown) return true;
    return this.#underWay.hasRoom(this.#strictOrder ? 1 : this.#configuration.settings.concurrency);
  }

  /** @returns whether it counts as up now, because nothing is left to test it with */
  #nothingToTry(): boolean {
    if (!this.#reachability.isDown || this.#gate.pausedNo !== null) return false;
    if (this.#unreadable.pausing || this.#readingOn !== undefined) return false;
    this.#reachability.up();
    return true;
  }

  #begin(job: Job): void {
    const configuration = this.#configuration;
    let outgoing: Outgoing | undefined;
    let looked = job.looked;
    try {
      if (this.#gate.verdict(job, configuration.target) !== 'send') {
        this.#waiting.forget(job.notificationId);
        return;
      }
      looked = true;
      outgoing = this.#render(job, configuration);
    } catch (error) {
      // Others may be readable: it waits like a retry, and counts no attempt.
      this.#unreadable.failed(job.notificationId, error as Error, configuration.target.place);
      this.#retries.add({ ...job, looked }, Date.now() + this.#unreadable.pauseMs);
      return;
    }
    this.#unreadable.worked(job.notificationId);
    if (outgoing === undefined) this.#waiting.forget(job.notificationId);
    else this.#send(job, outgoing, configuration);
  }

  #take(): Job | undefined {
    const due = this.#retries.takeDue(Date.now());
    if (due !== undefined) return due;
    const waitsForRetry = (): boolean => this.#strictOrder && this.#retries.size + this.#postponing > 0;
    if (waitsForRetry()) return undefined;
    const after = this.#waiting.readAfter;
    if (after !== null) {
      if (this.#readingOn !== undefined || !this.#readOn(after) || waitsForRetry()) return undefined;
      // Nothing of it may be sent now: read the rest in separate turns, because it may be very much.
      if (this.#waiting.readAfter !== null) this.#readOnSoon();
    }
    return this.#waiting.take();
  }

  #readOnSoon(): void {
    this.#readingOn = setImmediate(() => {
      this.#readingOn = undefined;
      this.pump();
    });
  }

  #readOn(after: number): boolean {
    if (this.#unreadable.pausing) return false;
    try {
      const { forwardings } = this.#options.store;
      const read = forwardings.waiting(this.target.id, this.#gate.pausedNo, after, windowSize);
      this.#waiting.fill(read, Date.now(), (job, at) => this.#retries.add(job, at));
    } catch (error) {
      this.#unreadable.failed('waiting', error as Error, this.target.place);
      this.#unreadable.pause();
      return false;
    }
    this.#unreadable.worked('waiting');
    return true;
  }

  #send(job: Job, outgoing: Outgoing, configuration: LaneConfiguration): void {
    workCame();
    const { destination, url } = configuration.target;
    const { body, headers, withheld } = outgoing;
    this.#underWay.begin(job, body.byteLength);
    this.#reachability.probing(job.notificationId);
    this.#options.onChange();
    const at = Date.now();
    const started = performance.now();
    void this.#connections.post(url, outgoing, destination.timeoutMs, this.#timeLimit).then((response) => {
      const durationMs = performance.now() - started;
      const current = this.#underWay.end(job, body.byteLength);
      if (this.#ended) return;
      // Mask before evaluation, because the reason for a failure quotes the response.
      const result = withoutSecrets(response, headers, destination, configuration.secrets);
      const verdict = this.#judge(current.job, current.discarded, result);
      // An attempt at a former URL says nothing about the current one.
      const isCurrent = destination.url === this.target.destination.url;
      if (isCurrent) this.#reachability.tried(result, verdict, current.job.roundStart === 0 && !current.discarded);
      if (verdict.outcome === 'down') {
        this.#goDown(current, verdict.detail, isCurrent);
        return;
      }
      if (isCurrent) this.#comeUp(result);
      const nextAt =
        verdict.outcome === 'retrying' ? Date.now() + Math.round(verdict.delayMs * this.#delayScale) : null;
      const recorded = attemptOf(current.job, { at, durationMs, destination, withheld }, result, verdict, nextAt);
      if (verdict.outcome === 'sent') {
        // Send the next while this one is recorded.
        this.pump();
        this.#record(current.job, recorded, destination, null);
        return;
      }
      const stopped = this.#gate.failed(current.job, configuration.target, recorded.attempt);
      if (nextAt !== null && stopped === null && this.#mayBegin(current.job)) {
        this.#retries.add({ ...current.job, attempts: current.job.attempts + 1 }, nextAt);
      }
      this.#record(current.job, recorded, destination, nextAt === null ? null : stopped);
      this.pump();
    });
  }

  #render(job: Job, { target, secrets }: LaneConfiguration): Outgoing | undefined {
    const { renderer } = this.#options;
    return job.notification === undefined
      ? renderer.render(job.notificationId, target.destination, secrets)
      : renderer.renderStored(job.notification, target.destination, secrets);
  }

  #judge(job: Job, discarded: boolean, result: SendResult): Verdict {
    const verdict = judge(result, this.#configuration.settings.retry, job.attempts + 1 - job.roundStart, Date.now());
    return discarded && verdict.outcome === 'retrying' ? { outcome: 'failed', detail: verdict.detail } : verdict;
  }

  #record(
    job: Job,
    { attempt, detail }: ReturnType<typeof attemptOf>,
    destination: Destination,
    stopped: number | null,
  ): void {
    const { store } = this.#options;
    const { notificationId, deliveryId } = job;
    const isPostponed = attempt.nextAt !== null;
    this.#recording.set(notificationId, (this.#recording.get(notificationId) ?? 0) + 1);
    if (isPostponed) this.#postponing += 1;
    void store.forwardings.recordAttempt(attempt, detail, stopped).then((recorded) => {
      if (isPostponed) this.#postponing -= 1;
      const others = (this.#recording.get(notificationId) ?? 1) - 1;
      if (others > 0) this.#recording.set(notificationId, others);
      else this.#recording.delete(notificationId);
      if (isPostponed) {
        // It is read again when it may be sent, which may be now.
        const isHere =
          others > 0 || [this.#retries, this.#underWay, this.#waiting].some((each) => each.has(notificationId));
        if (!isHere) this.#forgotten(notificationId);
        // With strict order, the next ones have waited for this.
        else this.pump();
      } else if (recorded) {
        // Not before it is on disk: until then, it would be read as waiting again.
        this.#waiting.forget(notificationId);
        store.settled(deliveryId);
      }
      // Don't report an attempt that could not be recorded; it is repeated after a restart.
      if (recorded) this.#options.onAttempt(protocolAttemptOf(attempt, job, destination));
    });
  }

  #forgotten(notificationId: number): void {
    this.#waiting.forget(notificationId);
    this.#waiting.lookAgain();
    this.pump();
  }

  #goDown({ job, discarded }: ReturnType<UnderWay['end']>, detail: string, isCurrent: boolean): void {
    if (isCurrent) {
      this.#reachability.failed(job.notificationId, detail, this.target.place);
      this.#gate.unreachable(this.target);
    }
    // Breakpoints have checked it, even if a pause removes it from memory.
    if (!job.looked) void this.#options.store.forwardings.keepLooked(job);
    if (discarded || !this.#mayBegin(job)) this.#waiting.forget(job.notificationId);
    else this.#waiting.putBack({ ...job, looked: true });
    this.pump();
  }

  #comeUp(result: SendResult): void {
    if (!this.#reachability.isDown) return;
    this.#reachability.up(result.kind === 'unreachable' ? undefined : this.target.place);
  }
}

export type Passage = 'send' | 'stop' | 'not-now';

export interface GateView {
  /** Only forwardings that this pause released are sent; null if sending isn't paused. */
  readonly pausedNo: number | null;
  mayBegin(job: Pick<Job, 'released'>): boolean;
  verdict(job: Job, target: Target): Passage;
  /** @returns the breakpoint that stopped; null if none did */
  failed(job: Job, target: Target, attempt: AttemptRecord): number | null;
  unreachable(target: Target): void;
}

const openGate: GateView = {
  pausedNo: null,
  mayBegin: () => true,
  verdict: () => 'send',
  failed: () => null,
  unreachable: () => undefined,
};
