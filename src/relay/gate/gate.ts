/**
 * The gate between the log and the destinations' lanes: a lane asks it of each forwarding that it is about to send. While
 * sending is paused only what was released goes; else breakpoints are asked. It knows no lane: what is held follows from
 * how sending stands (held.ts), which is one value in memory and on disk.
 *
 * Pausing closes in memory, then writes; continuing writes, then opens: what a crash leaves is never more open than what
 * anybody was told.
 */
import { heldCount } from '../../common/held-count.ts';
import type { SecretMask } from '../../common/masking.ts';
import { maskPlaces } from '../../common/masking.ts';
import { hookSecret } from '../../common/hook-path.ts';
import { whoPaused } from '../../protocol/debug.ts';
import type {
  BreakpointPlace,
  DebugClient,
  Evaluated,
  HeldForwarding,
  KeptBreakpoint,
  Logged,
  RefusedBreakpoint,
  Sending,
  Stop,
} from '../../protocol/debug.ts';
import type { BreakpointChange, Breakpoints, Died, Stopping } from './breakpoints.ts';
import type { Caller } from './timeout-suspension.ts';
import { Subjects } from './debug-subject.ts';
import type { Subject } from './debug-subject.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { holdOf } from '../log/held.ts';
import type {
  ForwardingKey,
  Hold,
  Holdable,
  HeldCounts,
  HoldView,
  SendingView,
  StoredSending,
  Paused,
  StoppedKey,
} from '../log/held.ts';
import { isOfPause } from '../log/holds.ts';
import type { HeldFact } from '../log/holds.ts';
import type { AttemptRecord, DeliveryRecord } from '../log/records.ts';
import { iso, protocolBreakpoint, protocolSending } from '../log/protocol-shapes.ts';
import type { Store } from '../log/store.ts';
import type { GateView, Passage } from '../sending/gate-view.ts';
import type { Target } from '../sending/target.ts';
import type { Job } from '../sending/waiting.ts';

export interface GateOptions {
  readonly store: Store;
  readonly breakpoints: Breakpoints;
  /** Masks the secrets that are known now. */
  mask(): SecretMask;
  isUnderWay(key: ForwardingKey): boolean;
  /** What is being sent. */
  underWay(): readonly ForwardingKey[];
  /** Called when other forwardings may be sent than before. */
  onMoved(): void;
  onStopped(stop: Stop): void;
  onContinued(): void;
  onLogged(lines: readonly Logged[]): void;
  log(level: 'error' | 'warn' | 'info', message: string): void;
}

const nothingHeld: HeldCounts = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };

type EvaluatedValue = Extract<Evaluated, { kind: 'value' }>['value'];

/** A value that an expression came to is no longer than this as JSON, in characters. */
const mostEvaluated = 100_000;

/** How sending is paused, stepped and continued. */
export class Gate implements GateView {
  readonly #options: GateOptions;
  readonly #subjects: Subjects;
  #sending: StoredSending = { no: 0, paused: null };
  /** How often sending was paused or stopped, also where it was already. */
  #closings = 0;
  /** Nothing stops any more. */
  #ending = false;
  /** What is being edited: it is neither sent nor released nor dropped until that is written. */
  readonly #claimed = new Set<string>();
  #counted: HeldCounts = nothingHeld;
  /** What has stopped, and is not on disk as that yet. */
  #stopping: readonly StoppedKey[] = [];
  /** It could not be counted, which was said. */
  #said = false;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#subjects = new Subjects(options.store.stored, () => options.mask());
  }

  /**
   * Takes what the disk has kept, before anything is sent. Where the last relay ended while it asked a breakpoint, sending
   * stops for that one: it was not told whether the event meets it.
   * @returns what the user should know
   */
  async open(): Promise<readonly string[]> {
    const { store, breakpoints } = this.#options;
    this.#sending = store.storedSending;
    const said = await breakpoints.restore(store.holds.keptBreakpoints, (died) => this.#stopForDied(died));
    const { paused } = this.#sending;
    if (paused !== null)
      this.#options.log('warn', `sending has been paused since ${iso(paused.since)} by ${whoPaused(paused.by)}`);
    return said;
  }

  async #stopForDied({ id, stops, stored }: Died): Promise<void> {
    const { holds } = this.#options.store;
    const { no, paused } = this.#sending;
    if (stops && paused === null) {
      const name = `b${id}`;
      const since = Date.now();
      const failure = 'the relay ended while evaluating it, so the breakpoint is off now';
      const stop: Stop = {
        ...{ reason: 'breakpoint', at: iso(since), place: null, breakpointIds: [name], deliveryId: null },
        ...{ eventId: null, notificationId: null, destinationId: null, attempt: null },
        ...{ text: `${name}: ${failure}`, failure },
      };
      this.#sending = { no: no + 1, paused: { by: { kind: 'breakpoint', breakpointId: name }, since, stop } };
    }
    try {
      await Promise.all([holds.storeSending(() => this.#sending), holds.keepBreakpoints(stored)]);
    } catch (error) {
      // A relay starts all the same.
      this.#options.log('error', `could not record that breakpoint b${id} is off: ${String(error)}`);
    }
  }

  /** The number of the last pause. */
  get no(): number {
    return this.#sending.no;
  }

  get pausedNo(): number | null {
    return this.#sending.paused === null ? null : this.#sending.no;
  }

  get sendingView(): SendingView {
    return { sending: this.#sending, stopping: this.#stopping };
  }

  /** What decides what is held. */
  get view(): HoldView {
    const { store } = this.#options;
    return {
      ...this.sendingView,
      destinationHold: (id) => store.destinations.heldBy(id),
      isUnderWay: (key) => this.#options.isUnderWay(key),
    };
  }

  /** How a forwarding is held; null where it is not. */
  holdOf(forwarding: Holdable): Hold | null {
    return holdOf(forwarding, this.view);
  }

  /** How sending stands. */
  get sending(): Sending {
    return protocolSending(this.#sending, this.#heldCounts(), this.#options.breakpoints.enabled);
  }

  /** What is held, by who holds it. Where that cannot be read, as it was. */
  #heldCounts(): HeldCounts {
    const { store } = this.#options;
    try {
      this.#counted = store.countHeld(this.view, this.#options.underWay());
      this.#said = false;
    } catch (error) {
      if (!this.#said) {
        this.#options.log(
          'error',
          `could not read the history (${String(error)}): the status shows the last known numbers`,
        );
      }
      this.#said = true;
    }
    return this.#counted;
  }

  mayBegin({ released }: Pick<Job, 'released'>): boolean {
    return this.#sending.paused === null || released === this.#sending.no;
  }

  verdict(job: Job, target: Target): Passage {
    if (!this.mayBegin(job) || (this.#claimed.size > 0 && this.#claimed.has(keyOf(job)))) return 'not-now';
    // A retry, or what was looked at before, as it is when it stopped, or a destination could not be reached.
    if (!this.#watches('event') || job.looked || job.attempts > job.roundStart) return 'send';
    const { breakpoints, store } = this.#options;
    const notification = job.notification ?? store.stored.notification(job.notificationId);
    if (notification === undefined) return 'send';
    const subject: Subject = { deliveryId: job.deliveryId, notification, target, attempt: this.#lastAttempt(job) };
    const events = this.#subjects.events(subject, notification.firstEvent, notification.eventCount);
    const looked = breakpoints.look('event', events, job.released === this.#sending.no);
    this.#tell(looked.logged, subject);
    if (looked.stop === null) return 'send';
    this.#stopAt('event', subject, looked.stop, [job]);
    return 'stop';
  }

  failed(job: Job, target: Target, attempt: AttemptRecord): number | null {
    const { breakpoints, store } = this.#options;
    if (!this.#watches('failed-attempt')) return null;
    try {
      const notification = store.stored.notificationFacts(job.notificationId);
      if (notification === undefined) return null;
      const subject: Subject = { deliveryId: job.deliveryId, notification, target, attempt };
      const events = this.#subjects.events(subject, notification.firstEvent, notification.eventCount);
      const looked = breakpoints.look('failed-attempt', events, false);
      this.#tell(looked.logged, subject);
      if (looked.stop === null) return null;
      this.#stopAt('failed-attempt', subject, looked.stop, []);
      return looked.stop.ids[0] ?? null;
    } catch (error) {
      this.#options.log('error', `could not check breakpoints for n${job.notificationId}: ${String(error)}`);
      return null;
    }
  }

  unreachable(target: Target): void {
    if (this.#watches('failed-attempt')) this.#options.breakpoints.unreachable(target.place);
  }

  /** A delivery is on disk, and nothing of it can have been sent. Never throws. */
  received(delivery: DeliveryRecord): void {
    const { breakpoints } = this.#options;
    const isUnsigned = delivery.signature === 'invalid' || delivery.signature === 'missing';
    const place = delivery.status === 'rejected' ? 'rejected' : isUnsigned ? 'wrong-signature' : null;
    // What was edited by hand and is released has been looked at.
    if (place === null || delivery.editOf !== undefined || !this.#watches(place)) return;
    try {
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
      const forwardings = delivery.notifications.flatMap(({ id, forwardings }) =>
        forwardings.map((each) => ({ notificationId: id, each })),
      );
      for (const { each } of forwardings) each.stopped = looked.stop.ids[0] ?? null;
      const keys = forwardings.map(({ notificationId, each: { destinationId } }) => ({
        notificationId,
        destinationId,
      }));
      this.#stopAt(place, subject, looked.stop, keys);
    } catch (error) {
      this.#options.log('error', `could not check breakpoints for d${delivery.id}: ${String(error)}`);
    }
  }

  /** Pauses sending. @returns when that is on disk @throws StoreError */
  async pause(client: DebugClient): Promise<void> {
    const { store } = this.#options;
    if (this.pausedNo !== null) {
      // It is closed: who asks again is told when that is on disk, and it stays so where it is being continued.
      this.#closings += 1;
      return store.holds.storeSending(() => this.#sending);
    }
    const since = Date.now();
    const by = { kind: 'client', client } as const;
    const stop: Stop = {
      ...{ reason: 'pause' as const, at: iso(since), place: null, breakpointIds: [], deliveryId: null, eventId: null },
      ...{ notificationId: null, destinationId: null, attempt: null },
      ...{ text: `paused by ${whoPaused(by)}`, failure: null },
    };
    const paused: Paused = { by, since, stop };
    this.#close(paused);
    try {
      await store.holds.storeSending(() => this.#sending);
    } catch (error) {
      // Unless it was stopped at a breakpoint meanwhile.
      if (this.#sending.paused === paused) this.#open();
      throw error;
    }
    this.#options.log('info', `sending ${stop.text}`);
    this.#options.onStopped(stop);
  }

  /**
   * Lets all go on, unless it is paused again, or stops, before that is on disk.
   * @returns how many were held by the pause, when on disk
   * @throws StoreError
   */
  async continue(): Promise<number> {
    const held = heldCount(this.#heldCounts());
    const closings = this.#closings;
    const isAsItWas = (): boolean => this.#closings === closings;
    const done = { isOpen: false };
    await this.#options.store.holds.storeSending(
      () => (isAsItWas() ? { ...this.#sending, paused: null } : this.#sending),
      () => {
        done.isOpen = isAsItWas();
        if (done.isOpen) this.#open();
      },
    );
    if (done.isOpen) {
      this.#options.log('info', `sending resumed: ${held} released`);
      this.#options.onContinued();
    }
    return held;
  }

  /** Lets all go, whatever breakpoints say, before the relay ends. @throws StoreError */
  async releaseForGood(): Promise<void> {
    this.#ending = true;
    await this.continue();
  }

  /** Gives up all that a pause holds, and lets what comes go on. @throws StoreError */
  async dropForGood(): Promise<void> {
    const { store } = this.#options;
    if (this.#sending.paused !== null) {
      const flowing = { ...this.#sending, paused: null };
      const underWay = (): readonly ForwardingKey[] => this.#options.underWay();
      await store.holds.dropAll(this.view, underWay, flowing, () => this.#open());
    }
    this.#options.onContinued();
  }

  /**
   * Releases what is held of notifications, whatever breakpoints say. Sending stays paused.
   * @param ids which; the next in order where none are given
   * @returns those that it released, when on disk
   * @throws StoreError
   */
  async step(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    const { no } = this.#sending;
    const released = await this.#options.store.holds.release(() => this.#chosen(ids), no);
    this.#options.onMoved();
    return released;
  }

  /** Gives up what is held of notifications; of the next in order where none are given. @throws StoreError */
  drop(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    return this.#options.store.holds.drop(() => this.#chosen(ids));
  }

  /**
   * Has something take the place of what is held of notifications: it is nobody else's until that is done.
   * @param work gets what is held; nothing is where there is none
   * @throws whatever it throws
   */
  async replace<T>(ids: readonly number[], work: (held: readonly HeldFact[]) => Promise<T>): Promise<T> {
    const held = this.#chosen(ids);
    for (const fact of held) this.#claimed.add(keyOf(fact));
    try {
      return await work(held);
    } finally {
      for (const fact of held) this.#claimed.delete(keyOf(fact));
      this.#options.onMoved();
    }
  }

  #watches(place: BreakpointPlace): boolean {
    return !this.#ending && this.#options.breakpoints.watches(place);
  }

  /** What is held by the pause and nobody's yet. */
  #chosen(ids: readonly number[] | undefined): HeldFact[] {
    const { holds } = this.#options.store;
    const { view } = this;
    const isFree = (fact: HeldFact): boolean => isOfPause(fact) && !this.#claimed.has(keyOf(fact));
    const chosen = ids ?? [this.#sending.paused === null ? undefined : holds.next(view, isFree)];
    return chosen.flatMap((id) => (id === undefined ? [] : holds.of(id, view).filter(isFree)));
  }

  /**
   * Changes breakpoints.
   * @param caller who asks: those that it sets live as long as its connection
   * @throws StoreError, and nothing has changed then
   */
  changeBreakpoints(
    change: BreakpointChange,
    caller: Caller,
  ): Promise<{ breakpoints: KeptBreakpoint[]; changed: string[]; refused: RefusedBreakpoint[] }> {
    const { breakpoints, store } = this.#options;
    return breakpoints.change(change, caller, (stored) => store.holds.keepBreakpoints(stored));
  }

  /** What is held, as clients are shown it. */
  shown(fact: HeldFact): HeldForwarding {
    const destination = this.#options.store.destinations.get(fact.destinationId);
    return {
      notificationId: `n${fact.notificationId}`,
      deliveryId: `d${fact.deliveryId}`,
      destinationId: protocolDestinationId(fact.destinationId, destination),
      destination: destination?.url ?? '',
      heldBy: fact.hold.by,
      breakpointId: protocolBreakpoint(fact.hold.breakpoint),
      attempts: fact.attempts,
      detail: fact.hold.detail,
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
      import('../../common/expressions/expressions.ts'),
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
      if (json.length > mostEvaluated) return failed(`the value is longer than ${mostEvaluated} characters`);
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
    const [held] = notificationId === null ? [] : store.holds.of(notificationId, this.view);
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
    { ids, eventId, failures }: Stopping,
    keys: readonly ForwardingKey[],
  ): void {
    const now = Date.now();
    const names = ids.map((id) => `b${id}`);
    const met = ids.flatMap((id) => (failures.has(id) ? [] : [`b${id}`]));
    const mask = this.#options.mask();
    const failed = [...failures].map(([id, text]) => ({ id, text: maskPlaces(mask.in(text), [hookSecret]) }));
    const parts = failed.map(({ id, text }) => `b${id} stopped ${eventId} because ${text}`);
    if (met.length > 0) parts.unshift(`${eventId} stopped at ${met.join(' and ')}`);
    const stop: Stop = {
      reason: 'breakpoint',
      at: iso(now),
      place,
      breakpointIds: names,
      deliveryId: `d${deliveryId}`,
      eventId,
      notificationId: notification === null ? null : `n${notification.id}`,
      destinationId: target === null ? null : protocolDestinationId(target.id, target.destination),
      attempt: place === 'failed-attempt' ? (attempt?.number ?? null) : null,
      text: met.length > 0 ? `${parts.join('; ')}: ${placeTexts[place]}` : parts.join('; '),
      failure: failed.length > 0 ? failed.map(({ text }) => text).join('; ') : null,
    };
    const before = this.#sending.paused;
    const by = before?.by ?? ({ kind: 'breakpoint', breakpointId: names[0] ?? '' } as const);
    this.#close({ by, since: before?.since ?? now, stop });
    this.#options.log('info', `sending stopped: ${stop.text}`);
    const stopping = keys.map((key) => ({ ...key, breakpoint: ids[0] ?? 0 }));
    this.#stopping = [...this.#stopping, ...stopping];
    void this.#options.store.holds
      .stop(() => this.#sending, stopping)
      .then(() => {
        this.#stopping = this.#stopping.filter((each) => !stopping.includes(each));
        this.#options.onStopped(stop);
      });
  }

  #close(paused: Paused): void {
    const { no, paused: before } = this.#sending;
    this.#closings += 1;
    this.#sending = { no: before === null ? no + 1 : no, paused };
    this.#options.onMoved();
  }

  #open(): void {
    this.#sending = { ...this.#sending, paused: null };
    this.#options.onMoved();
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

function keyOf({ notificationId, destinationId }: ForwardingKey): string {
  return `${notificationId} ${destinationId}`;
}

const placeTexts: Readonly<Record<NonNullable<Stop['place']>, string>> = {
  event: 'before sending',
  'failed-attempt': 'after a failed attempt',
  'wrong-signature': 'wrong or missing signature',
  rejected: 'delivery rejected',
};
