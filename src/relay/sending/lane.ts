/**
 * One destination's lane: sends what waits for it, in order, judges the answers, waits while it is down, and records
 * each attempt. What waits is on disk; the lane holds a window of it in memory.
 */
import { workCame } from './heap.ts';
import type { Attempt } from '../../protocol/history.ts';
import type { LogLevel } from '../../protocol/methods.ts';
import type { Destination, Settings } from '../../protocol/settings.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { attemptOf, protocolAttemptOf } from './attempt.ts';
import { openGate } from './gate-view.ts';
import type { GateView } from './gate-view.ts';
import { ConnectionPool } from './connection-pool.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { withoutSecrets } from './masking.ts';
import type { SendResult } from './outbound.ts';
import { Reachability } from './reachability.ts';
import type { KnownSecrets, Outgoing, Renderer } from './render.ts';
import { DueAgain } from './due-again.ts';
import { isLoopback } from '../../common/loopback.ts';
import { judge } from '../../common/retry-verdict.ts';
import type { Verdict } from '../../common/retry-verdict.ts';
import { iso } from '../log/protocol-shapes.ts';
import type { Store } from '../log/store.ts';
import type { Target } from './target.ts';
import { TimeLimit } from './time-limit.ts';
import { UnderWay } from './under-way.ts';
import type { AllUnderWay } from './under-way.ts';
import { Unreadable } from './unreadable.ts';
import { Waiting, windowSize } from './waiting.ts';
import type { Job } from './waiting.ts';

export interface LaneOptions {
  readonly store: Store;
  readonly renderer: Renderer;
  /** What is held before it is sent; without it nothing is. */
  readonly gate?: GateView;
  /** Called when an attempt is on disk. */
  onAttempt(attempt: Attempt): void;
  /** Called when something begins to be sent, and when a destination goes down or comes back. */
  onChange(): void;
  log(level: LogLevel, message: string): void;
  /** A factor on every pause between attempts: less than 1 in tests. */
  readonly delayScale?: number;
}

/** So many of what is being sent are told to clients: with the usual settings it is one at a time. */
const mostUnderWayTold = 100;

/** What is in force for a lane. Never changed, only replaced: what is under way was sent by that of its time. */
export interface LaneConfiguration {
  readonly target: Target;
  readonly settings: Settings;
  readonly secrets: KnownSecrets;
}

/** What waits for one destination, and how it is sent. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #gate: GateView;
  #configuration: LaneConfiguration;
  readonly #waiting = new Waiting();
  readonly #retries = new DueAgain(() => this.pump());
  /** How many attempts at a notification are not on disk yet: until then it says there that they are still to be made. */
  readonly #recording = new Map<number, number>();
  /** How many of these are tried again. */
  #postponing = 0;
  readonly #underWay: UnderWay;
  readonly #connections: ConnectionPool;
  readonly #reachability: Reachability;
  readonly #unreadable: Unreadable;
  readonly #timeLimit = new TimeLimit();
  /** More is read in the next turn. */
  #readingOn: NodeJS.Immediate | undefined;
  /** It was closed: what is still answered is the affair of the lane after it, or of the next start. */
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

  /** The destination as it stands. */
  get target(): Target {
    return this.#configuration.target;
  }

  /** Whether something of it is in memory: under way, or waiting. */
  get busy(): boolean {
    return this.#waiting.inMemory;
  }

  get #strictOrder(): boolean {
    return this.#configuration.target.destination.strictOrder === true;
  }

  get #delayScale(): number {
    return this.#options.delayScale ?? 1;
  }

  /** Goes on with another configuration. */
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

  /** Others may be sent than before: what may not is forgotten here, and what may is read from disk, in order. */
  lookAgain(): void {
    this.#drop((job) => !this.#mayBegin(job));
    this.#waiting.lookAgain();
    this.#reachability.tryNow();
    this.pump();
  }

  /**
   * Tries at once what it would wait for: a destination that is down, and what is to be tried again at a time.
   * @returns whether there was anything of it; not where nothing may be sent there
   */
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

  /** Lifts the time-out of its attempts, or puts it back. */
  liftTimeout(lifted: boolean): void {
    this.#timeLimit.lift(lifted);
  }

  /** Whether a notification is being sent, or what came of that is not on disk yet. */
  isUnderWay(notificationId: number): boolean {
    return this.#underWay.has(notificationId) || this.#recording.has(notificationId);
  }

  /** All of which that is so. */
  get underWay(): readonly number[] {
    return [...new Set([...this.#underWay.notificationIds(Infinity), ...this.#recording.keys()])];
  }

  /** Takes a forwarding that was just put on disk. One that may not begin is read from there when it may. */
  add(job: Job): void {
    if (!this.#mayBegin(job)) return;
    this.#waiting.add(job);
    this.pump();
  }

  /** Whether a notification waits for its time to be tried again, as it does on disk. */
  isRetried(notificationId: number): boolean {
    return this.#retries.has(notificationId) && !this.#recording.has(notificationId);
  }

  /** Takes a forwarding that is sent again: one of which the place in the order has passed, or that is tried before its time. */
  replay(job: Job): void {
    this.#underWay.replayed(job);
    if (!this.#mayBegin(job)) return;
    if (this.#retries.has(job.notificationId)) this.#retries.add(job, Date.now());
    else this.#waiting.addLate(job);
    // Somebody wants it sent now.
    this.probe();
  }

  /** Whether it waits for its destination to be reached again. */
  get isDown(): boolean {
    return this.target.held === null && this.#gate.pausedNo === null && this.#reachability.isDown;
  }

  /** Looks at once whether a destination that is down can be reached. */
  probe(): void {
    this.#reachability.tryNow();
    this.pump();
  }

  /** Forgets what was discarded on disk. */
  discarded(isGone: (notificationId: number) => boolean): void {
    this.#underWay.discard(isGone);
    this.#unreadable.drop(isGone);
    this.#drop(({ notificationId }) => isGone(notificationId));
    // What was put on disk by the same commit, after it was discarded, still waits there.
    this.#waiting.lookAgain();
    this.pump();
  }

  #drop(isGone: (job: Job) => boolean): void {
    this.#waiting.drop(isGone);
    for (const id of this.#retries.drop(isGone)) if (!this.#recording.has(id)) this.#waiting.forget(id);
  }

  /** Why nothing is sent, where that is so. */
  get detail(): string | null {
    return this.target.held?.why ?? this.#reachability.detail;
  }

  /** Since when the destination cannot be reached, in milliseconds since the epoch; null where that is not why it waits. */
  get downSince(): number | null {
    return this.target.held === null ? this.#reachability.downSince : null;
  }

  /** When the destination, which is down, is tried next, in milliseconds since the epoch; null where that is not set. */
  get nextTryAt(): number | null {
    return this.target.held === null ? this.#reachability.nextTryAt : null;
  }

  /** How the destination stands. @param waiting how many forwardings wait on disk, held or not */
  status(waiting: number): DestinationStatus {
    const { id, destination, configured, held } = this.target;
    const { downSince } = this;
    const nextTryAt = downSince === null ? this.#retries.nextAt : this.nextTryAt;
    const { url, mode, signatureKeyName, credentialsName, insecureTls } = destination;
    const { state, lastStatus, failedCount } = this.#reachability;
    const underWay = this.#underWay.notificationIds(mostUnderWayTold).map((each) => `n${each}`);
    return {
      ...{
        destinationId: protocolDestinationId(id, destination),
        url,
        mode,
        configured,
        state: held === null ? state : 'held',
        lastStatus,
        failed: failedCount,
        detail: this.detail,
        waiting,
        // What was just sent or discarded may be gone from disk before it is gone here.
        retrying: Math.min(this.#retries.size + this.#underWay.retried, waiting),
      },
      underWay,
      ...(downSince !== null && { downSince: iso(downSince) }),
      ...(held === null && typeof nextTryAt === 'number' && { nextTryAt: iso(nextTryAt) }),
      ...(this.#timeLimit.lifted && { timeoutLifted: true as const }),
      ...(signatureKeyName !== undefined && { signatureKeyName }),
      ...(credentialsName !== undefined && { credentialsName }),
      ...(insecureTls !== undefined && { insecureTls }),
    };
  }

  /** Sends nothing more. */
  async close(): Promise<void> {
    this.#ended = true;
    this.#retries.close();
    clearImmediate(this.#readingOn);
    this.#unreadable.close();
    this.#reachability.close();
    await this.#connections.close();
  }

  /** Sends as much as may be under way now, and sees to it that the next retry comes. */
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

  /** @returns whether it was down and counts as up now, since nothing is left to find out with */
  #nothingToTry(): boolean {
    if (!this.#reachability.isDown || this.#gate.pausedNo !== null) return false;
    if (this.#unreadable.pausing || this.#readingOn !== undefined) return false;
    this.#reachability.up();
    return true;
  }

  /** Sends one whose turn has come, where the gate lets it. */
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
      // Others may be read: it waits like one that is being retried, and is charged no attempt.
      this.#unreadable.failed(job.notificationId, error as Error, configuration.target.place);
      this.#retries.add({ ...job, looked }, Date.now() + this.#unreadable.pauseMs);
      return;
    }
    this.#unreadable.worked(job.notificationId);
    if (outgoing === undefined) this.#waiting.forget(job.notificationId);
    else this.#send(job, outgoing, configuration);
  }

  /** The next that may be sent: what is due again comes first. */
  #take(): Job | undefined {
    const due = this.#retries.takeDue(Date.now());
    if (due !== undefined) return due;
    const waitsForRetry = (): boolean => this.#strictOrder && this.#retries.size + this.#postponing > 0;
    if (waitsForRetry()) return undefined;
    const after = this.#waiting.readAfter;
    if (after !== null) {
      if (this.#readingOn !== undefined || !this.#readOn(after) || waitsForRetry()) return undefined;
      // Nothing of it may be sent now: what comes behind it is read in turns of their own, since it may be very much.
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

  /** @returns false where the store cannot be read now */
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
    // Clients tell what is being sent from what waits.
    this.#options.onChange();
    const at = Date.now();
    const started = performance.now();
    void this.#connections.post(url, outgoing, destination.timeoutMs, this.#timeLimit).then((response) => {
      const durationMs = performance.now() - started;
      const current = this.#underWay.end(job, body.byteLength);
      if (this.#ended) return;
      // Before it is judged: the reason for a failure quotes it.
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
        // What comes next is on its way while this one is recorded.
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

  /** What was discarded while it was under way is not tried again. */
  #judge(job: Job, discarded: boolean, result: SendResult): Verdict {
    const verdict = judge(result, this.#configuration.settings.retry, job.attempts + 1 - job.roundStart, Date.now());
    return discarded && verdict.outcome === 'retrying' ? { outcome: 'failed', detail: verdict.detail } : verdict;
  }

  /** @param stopped the breakpoint at which it stopped, where it would be tried again */
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
        // It is read again when it may begin, which may be now.
        const isHere =
          others > 0 || [this.#retries, this.#underWay, this.#waiting].some((each) => each.has(notificationId));
        if (!isHere) this.#forgotten(notificationId);
        // Under strict order what comes behind it has waited for this.
        else this.pump();
      } else if (recorded) {
        // Not before it is on disk: until then it would be read as waiting once more.
        this.#waiting.forget(notificationId);
        store.settled(deliveryId);
      }
      // What could not be recorded is not told; it is sent again after a restart, and not before.
      if (recorded) this.#options.onAttempt(protocolAttemptOf(attempt, job, destination));
    });
  }

  /** The disk alone knows of it, as it stands there. */
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
    // Breakpoints have been asked about it, also where a pause forgets it here.
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
