/**
 * The gate between the log and the destinations' lanes: what waits passes it, or is held. While sending is paused, all
 * that comes is held on disk, in order; what waits has passed it, or is looked at by the breakpoints when its turn comes.
 *
 * In memory it closes and opens at once, and lanes take nothing while that is being written, so that neither a crash nor
 * what happens meanwhile lets anything through that is held.
 */
import type { SecretMask } from '../common/masking.ts';
import { maskPlaces } from '../common/masking.ts';
import { hookSecret } from '../common/hook-path.ts';
import { whoPaused } from '../protocol/debug.ts';
import type {
  BreakpointPlace,
  DebugClient,
  Evaluated,
  HeldBy,
  HeldForwarding,
  KeptBreakpoint,
  Logged,
  PausedBy,
  RefusedBreakpoint,
  Sending,
  Stop,
} from '../protocol/debug.ts';
import type { BreakpointChange, Breakpoints } from './breakpoints.ts';
import { Subjects } from './debug-subject.ts';
import type { Subject } from './debug-subject.ts';
import { toldId } from './destinations.ts';
import type { Hold } from './forwardings.ts';
import type { ForwardingKey, HeldFact } from './holds.ts';
import { openOnDisk, readGate } from './kept-gate.ts';
import type { KeptGate } from './kept-gate.ts';
import type { AttemptRecord, DeliveryRecord } from './records.ts';
import { iso, shownBreakpoint } from './shown.ts';
import type { Store } from './store.ts';
import type { Target } from './target.ts';
import type { Job } from './waiting.ts';

/** The lanes, as the gate knows them. */
export interface Lanes {
  /** They have nothing in memory from now on but what is under way, which is held if it would be tried again. */
  hold(): void;
  /** What is under way goes on as ever, and what waits is read from disk. */
  release(): void;
  /** They take what waits on disk. */
  lookAgain(): void;
  /** Sends what may be sent. */
  pump(): void;
  /** The notifications that are being sent to a destination. */
  underWay(destinationId: number): readonly number[];
  /** How what goes to a destination is held whatever the gate says; null where it may be sent. */
  holdOf(destinationId: number): Hold | null;
}

export interface GateOptions {
  readonly store: Store;
  readonly breakpoints: Breakpoints;
  /** Masks the secrets that are known now. */
  mask(): SecretMask;
  lanes(): Lanes;
  onStopped(stop: Stop): void;
  onContinued(): void;
  onLogged(lines: readonly Logged[]): void;
  log(level: 'error' | 'warn' | 'info', message: string): void;
}

/** What lanes, reception and passing on ask the gate. */
export interface GateView {
  /** Something of it is being written: nothing is taken until then. */
  readonly settling: boolean;
  /** Raised when it closes or opens: what was decided before may not hold any more. */
  readonly turn: number;
  /** How what comes now is held; null where it may wait for its turn. */
  readonly hold: Hold | null;
  /** Whether one that is about to be sent may be. Where not, it is held, and all else. */
  passes(job: Job, target: Target): boolean;
  /** An attempt failed. @returns how it is held, where it would be tried again and a breakpoint stopped */
  failed(job: Job, target: Target, attempt: AttemptRecord): Hold | null;
  /** A destination cannot be reached, which is no attempt. */
  unreachable(target: Target): void;
  /** Holds what was under way when it closed, and would be tried again. @returns when on disk */
  holdOne(key: ForwardingKey): Promise<unknown>;
}

/** Nothing is held and nothing looked at. */
export const openGate: GateView = {
  settling: false,
  turn: 0,
  hold: null,
  passes: () => true,
  failed: () => null,
  unreachable: () => undefined,
  holdOne: () => Promise.resolve(),
};

interface Paused {
  readonly by: PausedBy;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly stop: Stop | null;
}

const nothingHeld: Readonly<Record<HeldBy, number>> = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };

/** With more than this held it is counted anew only so often, in milliseconds: it takes a while. */
const manyHeld = 10_000;
const countEveryMs = 5000;

type EvaluatedValue = Extract<Evaluated, { kind: 'value' }>['value'];

/** A value that an expression came to is no longer than this as JSON, in characters. */
const mostEvaluated = 100_000;

const pauseHold: Hold = { by: 'pause', breakpoint: null, detail: 'sending is paused' };

/** How sending is paused, stepped and continued. */
export class Gate implements GateView {
  readonly #options: GateOptions;
  readonly #subjects: Subjects;
  #paused: Paused | null = null;
  #turn = 0;
  /** Nothing stops any more. */
  #ending = false;
  #settling = 0;
  #counted: { readonly at: number; readonly held: Readonly<Record<HeldBy, number>> } | undefined;
  /** What is written of it, one after another. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#subjects = new Subjects(options.store.stored, () => options.mask());
  }

  /** Takes what the disk has kept, before anything is sent. */
  async open(): Promise<void> {
    const { store, breakpoints } = this.#options;
    for (const said of await breakpoints.restore(store.holds.kept('breakpoints'))) this.#options.log('warn', said);
    const { paused } = readGate(store.holds.kept('gate'));
    if (paused === null) return;
    this.#paused = { ...paused, stop: null };
    this.#options.log('warn', `sending is paused since ${iso(paused.since)}, by ${whoPaused(paused.by)}`);
  }

  get settling(): boolean {
    return this.#settling > 0;
  }

  get turn(): number {
    return this.#turn;
  }

  get hold(): Hold | null {
    return this.#paused === null ? null : pauseHold;
  }

  /** How sending stands. */
  get sending(): Sending {
    const { store, breakpoints } = this.#options;
    const { breakpoint, 'missing-key': missingKey, destination } = this.#heldCounts();
    const pause = Math.max(0, store.totals.held - breakpoint - missingKey - destination);
    const held = { pause, breakpoint, missingKey, destination };
    if (this.#paused === null) return { state: 'flowing', held, breakpoints: breakpoints.enabled };
    const { by, since, stop } = this.#paused;
    return { state: 'paused', by, since: iso(since), stop, held, breakpoints: breakpoints.enabled };
  }

  /** What is held, by who holds it. Where that is a great many, as they were counted a moment ago. */
  #heldCounts(): Readonly<Record<HeldBy, number>> {
    const { store } = this.#options;
    if (store.totals.held === 0) return nothingHeld;
    const isRecent = this.#counted !== undefined && Date.now() - this.#counted.at < countEveryMs;
    if (isRecent && store.totals.held > manyHeld) return this.#counted?.held ?? nothingHeld;
    this.#counted = { at: Date.now(), held: store.holds.counts() };
    return this.#counted.held;
  }

  passes(job: Job, target: Target): boolean {
    const { breakpoints, store } = this.#options;
    // A retry, or what was looked at before, as it is when a destination could not be reached.
    if (!this.#watches('event') || job.pass === 'passed' || job.attempts > job.roundStart) return true;
    const notification = store.stored.notificationFacts(job.notificationId);
    if (notification === undefined) return true;
    const subject: Subject = { deliveryId: job.deliveryId, notification, target, attempt: this.#lastAttempt(job) };
    const events = this.#subjects.events(subject, notification.firstEvent, notification.eventCount);
    const looked = breakpoints.look('event', events, job.pass === 'let-through');
    this.#tell(looked.logged, subject);
    if (looked.stop === null) return true;
    this.#stopAt('event', subject, looked.stop, [job]);
    return false;
  }

  failed(job: Job, target: Target, attempt: AttemptRecord): Hold | null {
    const { breakpoints, store } = this.#options;
    if (!this.#watches('failed-attempt')) return null;
    const notification = store.stored.notificationFacts(job.notificationId);
    if (notification === undefined) return null;
    const subject: Subject = { deliveryId: job.deliveryId, notification, target, attempt };
    const events = this.#subjects.events(subject, notification.firstEvent, notification.eventCount);
    const looked = breakpoints.look('failed-attempt', events, false);
    this.#tell(looked.logged, subject);
    if (looked.stop === null) return null;
    this.#stopAt('failed-attempt', subject, looked.stop, []);
    return breakpointHold(looked.stop.ids);
  }

  unreachable(target: Target): void {
    if (this.#watches('failed-attempt')) this.#options.breakpoints.unreachable(target.place);
  }

  /** A delivery is on disk, and nothing of it was sent yet. */
  received(delivery: DeliveryRecord): void {
    const { breakpoints } = this.#options;
    const isUnsigned = delivery.signature === 'invalid' || delivery.signature === 'missing';
    const place = delivery.status === 'rejected' ? 'rejected' : isUnsigned ? 'wrong-signature' : null;
    // What was edited by hand and is released has been looked at.
    if (place === null || delivery.editOf !== undefined || !this.#watches(place)) return;
    const [notification] = delivery.notifications;
    const subject: Subject = {
      deliveryId: delivery.id,
      notification: notification ?? null,
      target: null,
      attempt: null,
    };
    const looked = breakpoints.look(place, this.#subjects.events(subject, 0, delivery.events.length), false);
    this.#tell(looked.logged, subject);
    if (looked.stop === null) return;
    const keys = delivery.notifications.flatMap(({ id, forwardings }) =>
      forwardings.map(({ destinationId }) => ({ notificationId: id, destinationId })),
    );
    this.#stopAt(place, subject, looked.stop, keys);
  }

  holdOne(key: ForwardingKey): Promise<unknown> {
    return this.#options.store.holds.holdOne(key, pauseHold);
  }

  /** Pauses sending. @returns when what waits is held on disk @throws StoreError */
  async pause(client: DebugClient): Promise<void> {
    if (this.#paused !== null) return this.#settled();
    const by: PausedBy = { kind: 'client', client };
    const since = Date.now();
    const stop: Stop = {
      ...{ reason: 'pause' as const, at: iso(since), place: null, breakpointIds: [], deliveryId: null, eventId: null },
      ...{ notificationId: null, destinationId: null, attempt: null, text: `paused by ${whoPaused(by)}` },
    };
    this.#close({ by, since, stop });
    const turn = this.#turn;
    try {
      await this.#settle(() => this.#holdAll({ by, since }, null, false));
    } catch (error) {
      if (turn === this.#turn) this.#reopen();
      throw error;
    }
    this.#options.log('info', `sending is ${stop.text}`);
    this.#options.onStopped(stop);
  }

  /** Lets all go on. @returns how many were released, when on disk @throws StoreError */
  async continue(): Promise<number> {
    const released = await this.#openFor((store, holdOf) => store.holds.releaseAll(openOnDisk, holdOf, true));
    this.#options.log('info', `sending goes on: ${released} were held`);
    this.#options.onContinued();
    return released;
  }

  /** Lets all go, whatever breakpoints say, before the relay ends. @throws StoreError */
  async releaseForGood(): Promise<void> {
    this.#ending = true;
    await this.#openFor((store, holdOf) => store.holds.releaseAll(openOnDisk, holdOf, false));
    this.#options.onContinued();
  }

  /** Gives up all that is held, and lets what comes go on. @throws StoreError */
  async dropForGood(): Promise<void> {
    await this.#openFor((store) => store.holds.dropAll(openOnDisk));
    this.#options.onContinued();
  }

  async #openFor(write: (store: Store, holdOf: Lanes['holdOf']) => Promise<number>): Promise<number> {
    const before = this.#paused;
    this.#reopen();
    const turn = this.#turn;
    const lanes = this.#options.lanes();
    try {
      return await this.#settle(() => write(this.#options.store, (id) => lanes.holdOf(id)));
    } catch (error) {
      if (turn === this.#turn && before !== null) this.#close(before);
      throw error;
    }
  }

  /**
   * Releases what is held of notifications, whatever breakpoints say. Sending stays paused.
   * @param ids which; the next in order where none are given
   * @returns those that it released, when on disk
   * @throws StoreError
   */
  async step(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    const { store } = this.#options;
    const lanes = this.#options.lanes();
    const released = await this.#settle(() =>
      store.holds.release(
        () => this.#chosen(ids),
        (id) => lanes.holdOf(id),
      ),
    );
    lanes.lookAgain();
    lanes.pump();
    return released;
  }

  /** Gives up what is held of notifications; of the next in order where none are given. @throws StoreError */
  drop(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    return this.#settle(() => this.#options.store.holds.drop(() => this.#chosen(ids)));
  }

  /** Does something while nothing is released or dropped. @throws whatever it throws */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#settle(work);
  }

  #watches(place: BreakpointPlace): boolean {
    return !this.#ending && this.#options.breakpoints.watches(place);
  }

  #chosen(ids: readonly number[] | undefined): readonly number[] {
    if (ids !== undefined) return ids;
    const next = this.#options.store.holds.next();
    return next === undefined ? [] : [next];
  }

  /** Changes breakpoints. @throws StoreError, and nothing has changed then */
  changeBreakpoints(
    change: BreakpointChange,
  ): Promise<{ breakpoints: KeptBreakpoint[]; changed: string[]; refused: RefusedBreakpoint[] }> {
    const { breakpoints, store } = this.#options;
    return this.#settle(async () => {
      const made = await breakpoints.change(change);
      const { changed, refused } = made;
      if (changed.length > 0) await store.holds.keep('breakpoints', made.stored);
      made.apply();
      return { breakpoints: breakpoints.list(), changed, refused };
    });
  }

  /** What is held, as clients are shown it. */
  shown(fact: HeldFact): HeldForwarding {
    const destination = this.#options.store.destinations.get(fact.destinationId);
    return {
      notificationId: `n${fact.notificationId}`,
      deliveryId: `d${fact.deliveryId}`,
      destinationId: toldId(fact.destinationId, destination),
      destination: destination?.url ?? '',
      heldBy: fact.heldBy,
      breakpointId: shownBreakpoint(fact.breakpoint),
      attempts: fact.attempts,
      detail: fact.detail,
    };
  }

  /**
   * What an expression says of an event, as breakpoints are asked about it.
   * @param of the event, and the notification that holds it, where one does
   */
  async evaluate(
    of: { readonly eventId: number; readonly deliveryId: number; readonly notificationId: number | null },
    text: string,
  ): Promise<Evaluated> {
    const [{ jsonOf, readExpression }, { ExpressionError }] = await Promise.all([
      import('./conditions.ts'),
      import('../common/expressions.ts'),
    ]);
    const failed = (message: string, start = 0, end = text.length): Evaluated => ({
      ...{ kind: 'failed', message, start, end },
    });
    const { stored } = this.#options.store;
    const delivery = stored.delivery(of.deliveryId);
    const index = delivery === undefined ? 0 : of.eventId - delivery.firstEvent;
    const [seen] = this.#subjects.events(this.#subjectOf(of), index, 1);
    if (seen === undefined) return failed(`e${of.eventId} is no longer in the history`);
    try {
      const expression = readExpression(text);
      const json = jsonOf(expression.evaluate(seen.variables));
      if (json.length > mostEvaluated) return failed(`its value is longer than ${mostEvaluated} characters`);
      const mask = this.#options.mask();
      const masked = (_: string, each: unknown): unknown =>
        typeof each === 'string' ? maskPlaces(mask.in(each), [hookSecret]) : each;
      return { kind: 'value', type: expression.type, value: JSON.parse(json, masked) as EvaluatedValue };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return failed(error.message, error.start, error.end);
    }
  }

  #subjectOf({ deliveryId, notificationId }: { deliveryId: number; notificationId: number | null }): Subject {
    const { store } = this.#options;
    const [held] = notificationId === null ? [] : store.holds.allHeldOf(notificationId);
    const destination = held && store.destinations.get(held.destinationId);
    const url = destination && new URL(destination.url);
    return {
      deliveryId,
      notification: (notificationId === null ? undefined : store.stored.notificationFacts(notificationId)) ?? null,
      target:
        held && destination && url ? { id: held.destinationId, destination, place: url.origin + url.pathname } : null,
      attempt:
        held && held.attempts > 0 ? store.forwardings.lastAttempt(held.notificationId, held.destinationId) : null,
    };
  }

  #lastAttempt({ notificationId, destinationId, attempts }: Job): Subject['attempt'] {
    return attempts === 0 ? null : this.#options.store.forwardings.lastAttempt(notificationId, destinationId);
  }

  #stopAt(
    place: NonNullable<Stop['place']>,
    { deliveryId, notification, target, attempt }: Subject,
    { ids, eventId }: { readonly ids: readonly number[]; readonly eventId: string },
    keys: readonly ForwardingKey[],
  ): void {
    const now = Date.now();
    const names = ids.map((id) => `b${id}`);
    const stop: Stop = {
      reason: 'breakpoint',
      at: iso(now),
      place,
      breakpointIds: names,
      deliveryId: `d${deliveryId}`,
      eventId,
      notificationId: notification === null ? null : `n${notification.id}`,
      destinationId: target === null ? null : toldId(target.id, target.destination),
      attempt: place === 'failed-attempt' ? (attempt?.number ?? null) : null,
      text: `${eventId} met ${names.join(' and ')}: ${placeTexts[place]}`,
    };
    const by: PausedBy = this.#paused?.by ?? { kind: 'breakpoint', breakpointId: names[0] ?? '' };
    const since = this.#paused?.since ?? now;
    this.#close({ by, since, stop });
    this.#options.log('info', `sending stopped: ${stop.text}`);
    const stopped = { keys, hold: breakpointHold(ids) };
    void this.#settle(() => this.#holdAll({ by, since }, stopped, true)).then(
      () => this.#options.onStopped(stop),
      (error: unknown) => this.#options.log('error', `what stopped at a breakpoint may not be held: ${String(error)}`),
    );
  }

  #holdAll(
    paused: NonNullable<KeptGate['paused']>,
    stopped: { readonly keys: readonly ForwardingKey[]; readonly hold: Hold } | null,
    isBookkeeping: boolean,
  ): Promise<void> {
    const lanes = this.#options.lanes();
    const kept: KeptGate = { paused };
    return this.#options.store.holds.holdAll(kept, pauseHold, (id) => lanes.underWay(id), stopped, isBookkeeping);
  }

  #close(paused: Paused): void {
    this.#paused = paused;
    this.#turn += 1;
    this.#options.lanes().hold();
  }

  #reopen(): void {
    this.#paused = null;
    this.#turn += 1;
    this.#options.lanes().release();
  }

  #settled(): Promise<void> {
    return this.#tail.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Lanes take nothing from now until it is done, and it is done after what was begun before. */
  async #settle<T>(work: () => Promise<T>): Promise<T> {
    this.#settling += 1;
    const done = this.#settled().then(work);
    this.#tail = done;
    try {
      return await done;
    } finally {
      this.#settling -= 1;
      if (this.#settling === 0) this.#options.lanes().pump();
    }
  }

  #tell(lines: readonly Pick<Logged, 'breakpointId' | 'eventId' | 'text'>[], subject: Subject): void {
    if (lines.length === 0) return;
    const mask = this.#options.mask();
    const { deliveryId, notification } = subject;
    const told = lines.map((line) => ({
      ...line,
      text: maskPlaces(mask.in(line.text), [hookSecret]),
      at: iso(Date.now()),
      deliveryId: `d${deliveryId}`,
      notificationId: notification === null ? null : `n${notification.id}`,
    }));
    this.#options.onLogged(told);
  }
}

const placeTexts: Readonly<Record<NonNullable<Stop['place']>, string>> = {
  event: 'it is about to be sent',
  'failed-attempt': 'an attempt to send it failed',
  'wrong-signature': 'its signature is wrong or missing',
  rejected: 'it was rejected',
};

function breakpointHold(ids: readonly number[]): Hold {
  const names = ids.map((id) => `b${id}`).join(' and ');
  return { by: 'breakpoint', breakpoint: ids[0] ?? null, detail: `stopped at ${names}` };
}
