/**
 * One destination's lane: sends what waits for it, in order, judges the answers, waits while it is down, and records
 * each attempt. What waits is on disk; the lane holds a window of it in memory.
 */
import type { Attempt } from '../protocol/history.ts';
import type { Destination, Settings } from '../protocol/settings.ts';
import type { DestinationStatus } from '../protocol/status.ts';
import { attemptOf, toldAttempt } from './attempt.ts';
import type { Hold } from './forwardings.ts';
import { openGate } from './gate.ts';
import type { GateView } from './gate.ts';
import { ConnectionPool } from './connection-pool.ts';
import { toldId } from './destinations.ts';
import { withoutSecrets } from './masking.ts';
import type { SendResult } from './outbound.ts';
import { Reachability } from './reachability.ts';
import type { KnownSecrets, Outgoing, Renderer } from './render.ts';
import { Retries } from './retries.ts';
import { judge } from './retry.ts';
import type { Verdict } from './retry.ts';
import type { Store } from './store.ts';
import { holdOf } from './target.ts';
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
  log(level: 'error' | 'warn' | 'info' | 'debug', message: string): void;
  /** A factor on every pause between attempts: less than 1 in tests. */
  readonly delayScale?: number;
}

/** So many of what is being sent are told to clients: with the usual settings it is one at a time. */
const mostUnderWayTold = 100;

/** What is in force for a lane. Never changed, only replaced: what is under way was sent by that of its time. */
export interface Terms {
  readonly target: Target;
  readonly settings: Settings;
  readonly secrets: KnownSecrets;
}

/** What waits for one destination, and how it is sent. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #gate: GateView;
  #terms: Terms;
  readonly #waiting = new Waiting();
  readonly #retries = new Retries(() => this.pump());
  readonly #underWay: UnderWay;
  readonly #connections: ConnectionPool;
  readonly #reachability: Reachability;
  readonly #unreadable: Unreadable;
  readonly #timeLimit = new TimeLimit();
  /** It was closed: what is still answered is the affair of the lane after it, or of the next start. */
  #ended = false;

  constructor(terms: Terms, options: LaneOptions, allUnderWay: AllUnderWay) {
    this.#options = options;
    this.#gate = options.gate ?? openGate;
    this.#terms = terms;
    this.#underWay = new UnderWay(allUnderWay);
    this.#connections = new ConnectionPool(terms.target.destination, terms.settings);
    this.#reachability = new Reachability({
      probe: () => this.#probe(),
      onChange: () => options.onChange(),
      log: (level, message) => options.log(level, message),
    });
    this.#unreadable = new Unreadable({
      readAgain: () => this.pump(),
      log: (level, message) => options.log(level, message),
      delayScale: this.#delayScale,
    });
    if (terms.target.heldWhy === null) this.releaseWhatIsHeld();
    this.#takeTerms();
  }

  /** The destination as it stands. */
  get target(): Target {
    return this.#terms.target;
  }

  /** Whether something of it is in memory: under way, or waiting. */
  get busy(): boolean {
    return this.#waiting.inMemory;
  }

  get #strictOrder(): boolean {
    return this.#terms.target.destination.strictOrder === true;
  }

  get #delayScale(): number {
    return this.#options.delayScale ?? 1;
  }

  /** Goes on by other terms. */
  reconfigure(terms: Terms): void {
    const wasHeld = this.target.heldWhy !== null;
    this.#terms = terms;
    this.#connections.use(terms.target.destination, terms.settings);
    if (wasHeld && terms.target.heldWhy === null) this.releaseWhatIsHeld();
    this.#takeTerms();
  }

  #takeTerms(): void {
    const { heldWhy } = this.target;
    if (heldWhy !== null) {
      this.#drop(() => true);
      this.#hold(heldWhy);
    }
    if (this.#reachability.waitsForProbe) this.#probe();
    this.pump();
  }

  #hold(heldWhy: string): void {
    const by = holdOf(this.target)?.by;
    void this.#options.store.forwardings.holdWaiting(this.target.id, heldWhy, by);
  }

  /** Lets what was held back be sent, unless it is still to be held. */
  releaseWhatIsHeld(): void {
    if (this.target.heldWhy !== null) return;
    const { forwardings } = this.#options.store;
    void forwardings
      .releaseHeld(this.target.id, () => this.#gate.hold)
      .then((released) => {
        if (!released) return;
        this.#waiting.lookAgain();
        this.pump();
      });
  }

  /** Lifts the time-out of its attempts, or puts it back. */
  liftTimeout(lifted: boolean): void {
    this.#timeLimit.lift(lifted);
  }

  /** Sending is paused: what waits is held, and nothing of it is in memory but what is under way. */
  hold(): void {
    this.#underWay.hold();
    this.#drop(() => true);
    this.#waiting.lookAgain();
  }

  /** Sending goes on: what is under way, too, and what waits is read from disk, in order. */
  release(): void {
    this.#underWay.release();
    this.#waiting.lookAgain();
  }

  /** Something waits on disk that is not known here: it is read in its turn. */
  lookAgain(): void {
    this.#waiting.lookAgain();
  }

  /** The notifications that are being sent. */
  get underWay(): readonly number[] {
    return this.#underWay.notificationIds(Infinity);
  }

  /** Takes a forwarding that was just put on disk. */
  add(job: Job): void {
    const { heldWhy } = this.target;
    if (heldWhy !== null) {
      this.#hold(heldWhy);
      return;
    }
    this.#waiting.add(job);
    this.pump();
  }

  /** Takes a forwarding that is sent again, of which the place in the order has passed. */
  replay(job: Job): void {
    const { heldWhy } = this.target;
    if (heldWhy !== null) {
      this.#hold(heldWhy);
      return;
    }
    this.#underWay.replayed(job);
    this.#waiting.addLate(job);
    this.pump();
  }

  /** Forgets what was discarded on disk. */
  discarded(isGone: (notificationId: number) => boolean): void {
    this.#underWay.discard(isGone);
    this.#drop(isGone);
    // What was put on disk by the same commit, after it was discarded, still waits there.
    this.#waiting.lookAgain();
    this.pump();
  }

  #drop(isGone: (notificationId: number) => boolean): void {
    this.#waiting.drop(isGone);
    this.#unreadable.drop(isGone);
    for (const id of this.#retries.drop(isGone)) this.#waiting.forget(id);
  }

  /** Why nothing is sent, where that is so. */
  get detail(): string | null {
    return this.target.heldWhy ?? this.#reachability.detail;
  }

  /** How the destination stands. @param waiting how many forwardings wait or are held on disk */
  status(waiting: number): DestinationStatus {
    const { id, destination, configured, heldWhy } = this.target;
    const state = heldWhy !== null ? 'held' : this.#reachability.isDown ? 'down' : 'up';
    const { url, mode, signatureKeyName, credentialsName, insecureTls } = destination;
    const underWay = this.#underWay.notificationIds(mostUnderWayTold).map((each) => `n${each}`);
    return {
      ...{ destinationId: toldId(id, destination), url, mode, configured, state, detail: this.detail, waiting },
      underWay,
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
    this.#unreadable.close();
    this.#reachability.close();
    await this.#connections.close();
  }

  /** Sends as much as may be under way now, and sees to it that the next retry comes. */
  pump(): void {
    const concurrency = this.#strictOrder ? 1 : this.#terms.settings.concurrency;
    while (
      !this.#ended &&
      this.target.heldWhy === null &&
      !this.#reachability.isDown &&
      this.#underWay.hasRoom(concurrency)
    ) {
      if (this.#options.store.failure !== null || this.#gate.settling) return;
      const job = this.#take();
      if (job === undefined) {
        this.#retries.arm();
        return;
      }
      if (this.#passes(job)) this.#send(job);
    }
  }

  /** @returns false where it is held: it is not known here any more, and nothing else is sent */
  #passes(job: Job): boolean {
    if (this.#gate.passes(job, this.target)) return true;
    this.#waiting.forget(job.notificationId);
    return false;
  }

  /** The next that may be sent: what is due again comes first. */
  #take(): Job | undefined {
    const due = this.#retries.takeDue(Date.now());
    if (due !== undefined) return due;
    const waitsForRetry = (): boolean => this.#strictOrder && this.#retries.size > 0;
    if (waitsForRetry()) return undefined;
    for (let after = this.#waiting.readAfter; after !== null; after = this.#waiting.readAfter) {
      if (!this.#readOn(after) || waitsForRetry()) return undefined;
    }
    return this.#waiting.take();
  }

  /** @returns false where the store cannot be read now */
  #readOn(after: number): boolean {
    if (this.#unreadable.pausing) return false;
    try {
      const read = this.#options.store.forwardings.open(this.target.id, 'waiting', after, windowSize);
      this.#waiting.fill(read, Date.now(), (job, at) => this.#retries.add(job, at));
    } catch (error) {
      this.#unreadable.failed('waiting', error as Error, this.target.place);
      this.#unreadable.pause();
      return false;
    }
    this.#unreadable.worked('waiting');
    return true;
  }

  /** @returns false where there was nothing to send */
  #send(job: Job): boolean {
    const terms = this.#terms;
    const { destination, url } = terms.target;
    let outgoing: Outgoing | undefined;
    try {
      outgoing = this.#render(job, terms);
    } catch (error) {
      // Others may be read: it waits like one that is being retried, and is charged no attempt.
      this.#unreadable.failed(job.notificationId, error as Error, terms.target.place);
      this.#retries.add({ ...job, pass: 'passed' }, Date.now() + this.#unreadable.pauseMs);
      return false;
    }
    this.#unreadable.worked(job.notificationId);
    if (outgoing === undefined) {
      this.#waiting.forget(job.notificationId);
      return false;
    }
    const { body, headers, withheld } = outgoing;
    this.#underWay.begin(job, body.byteLength);
    // Clients tell what is being sent from what waits.
    this.#options.onChange();
    const at = Date.now();
    const started = performance.now();
    void this.#connections.post(url, outgoing, destination.timeoutMs, this.#timeLimit).then((result) => {
      const durationMs = performance.now() - started;
      const current = this.#underWay.end(job, body.byteLength);
      if (this.#ended) return;
      const verdict = this.#judge(current.job, current.discarded, result);
      if (verdict.outcome === 'down') {
        this.#goDown(current, verdict.detail);
        return;
      }
      this.#comeUp(result);
      const nextAt =
        verdict.outcome === 'retrying' ? Date.now() + Math.round(verdict.delayMs * this.#delayScale) : null;
      const sent = { at, durationMs, destination, withheld };
      const told = (): SendResult => withoutSecrets(result, headers, destination, terms.secrets);
      if (verdict.outcome === 'sent') {
        // What comes next is on its way while this one is recorded.
        this.pump();
        this.#record(current.job, attemptOf(current.job, sent, told(), verdict, nextAt), destination, null);
        return;
      }
      const recorded = attemptOf(current.job, sent, told(), verdict, nextAt);
      const stopped = this.#gate.failed(current.job, terms.target, recorded.attempt);
      const hold = stopped ?? (current.held ? this.#gate.hold : null);
      const isTriedAgain = nextAt !== null && hold === null;
      if (isTriedAgain) this.#retries.add({ ...current.job, attempts: current.job.attempts + 1 }, nextAt);
      this.pump();
      this.#record(current.job, recorded, destination, nextAt === null ? null : hold);
    });
    return true;
  }

  #render(job: Job, { target, secrets }: Terms): Outgoing | undefined {
    const { renderer } = this.#options;
    return job.notification === undefined
      ? renderer.render(job.notificationId, target.destination, secrets)
      : renderer.renderStored(job.notification, target.destination, secrets);
  }

  /** What was discarded while it was under way is not tried again. */
  #judge(job: Job, discarded: boolean, result: SendResult): Verdict {
    const verdict = judge(result, this.#terms.settings.retry, job.attempts + 1 - job.roundStart, Date.now());
    return discarded && verdict.outcome === 'retrying' ? { outcome: 'failed', detail: verdict.detail } : verdict;
  }

  /** @param hold who holds it, where it would be tried again */
  #record(
    job: Job,
    { attempt, detail }: ReturnType<typeof attemptOf>,
    destination: Destination,
    hold: Hold | null,
  ): void {
    const { store } = this.#options;
    void store.forwardings.recordAttempt(attempt, detail, hold).then((recorded) => {
      // It still waits on disk: in memory it stays what it is, so that it is not sent again before a restart.
      if (!recorded) return;
      const { heldWhy } = this.target;
      if (attempt.nextAt === null || hold !== null) {
        // Not before it is on disk: until then it would be read as waiting once more.
        this.#waiting.forget(job.notificationId);
        if (hold === null) store.settled(job.deliveryId);
      } else if (heldWhy !== null) {
        // Its key was taken away, or it is held, since it was under way.
        this.#drop((id) => id === job.notificationId);
        this.#hold(heldWhy);
      }
      this.#options.onAttempt(toldAttempt(attempt, job, destination));
    });
  }

  #goDown({ job, discarded, held }: ReturnType<UnderWay['end']>, detail: string): void {
    this.#reachability.failed(job.notificationId, detail, this.target.place);
    this.#gate.unreachable(this.target);
    if (discarded) this.#waiting.forget(job.notificationId);
    else if (held && this.#gate.hold !== null) {
      // Not before it is on disk: until then it would be read as waiting.
      void this.#gate.holdOne(job).then(() => this.#waiting.forget(job.notificationId));
    } else this.#waiting.putBack({ ...job, pass: 'passed' });
    this.pump();
  }

  #comeUp(result: SendResult): void {
    if (!this.#reachability.isDown) return;
    this.#reachability.up(result.kind === 'unreachable' ? undefined : this.target.place);
  }

  /** Tries the first that waits: one at a time. */
  #probe(): void {
    if (!this.#reachability.isDown || this.#ended || this.#gate.settling) return;
    for (let job = this.#take(); job !== undefined; job = this.#take()) {
      if (!this.#passes(job)) return;
      if (!this.#send(job)) continue;
      this.#reachability.probing(job.notificationId);
      return;
    }
    // Nothing is left to try it with.
    this.#reachability.up();
    this.pump();
  }
}
