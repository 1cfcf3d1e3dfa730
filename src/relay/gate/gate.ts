/**
 * The gate between the log and the destinations' lanes: a lane asks it of each forwarding that it is about to send. While
 * sending is paused only what was released goes; else breakpoints are asked. It knows no lane: what is held follows from
 * how sending stands (held.ts), which is one value in memory and on disk.
 *
 * Pausing closes in memory, then writes; continuing writes, then opens: what a crash leaves is never more open than what
 * anybody was told.
 */
import { heldCount } from '../../common/held-count.ts';
import { whoPaused } from '../../protocol/debug.ts';
import type {
  BreakpointPlace,
  DebugClient,
  HeldForwarding,
  KeptBreakpoint,
  RefusedBreakpoint,
  Sending,
  Stop,
} from '../../protocol/debug.ts';
import type { BreakpointChange, Breakpoints, Stopping } from './breakpoints.ts';
import type { Caller } from './timeout-suspension.ts';
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
  /** The IDs of the events that a filter finds among consecutive events of a delivery, in order. */
  matching(filter: string, events: Pick<Subject, 'deliveryId' | 'firstEvent' | 'count'>): readonly number[];
  isUnderWay(key: ForwardingKey): boolean;
  /** What is being sent. */
  underWay(): readonly ForwardingKey[];
  /** Called when other forwardings may be sent than before. */
  onMoved(): void;
  onStopped(stop: Stop): void;
  onContinued(): void;
  log(level: 'error' | 'warn' | 'info', message: string): void;
}

const nothingHeld: HeldCounts = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };

/** What breakpoints are asked about: one notification, or a delivery without any, on its way. */
interface Subject {
  readonly deliveryId: number;
  /** Position of its first event in the delivery, from 0. */
  readonly firstEvent: number;
  /** How many events it has. */
  readonly count: number;
  readonly notificationId: number | null;
  readonly target: Target | null;
  /** Number of the attempt that failed, at `failed-attempt`. */
  readonly attempt: number | null;
}

/** How sending is paused, stepped and continued. */
export class Gate implements GateView {
  readonly #options: GateOptions;
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
  }

  /**
   * Takes what the disk has kept, before anything is sent.
   * @returns what the user should know
   */
  open(): readonly string[] {
    const { store, breakpoints } = this.#options;
    this.#sending = store.storedSending;
    const { paused } = this.#sending;
    if (paused !== null)
      this.#options.log('warn', `sending has been paused since ${iso(paused.since)} by ${whoPaused(paused.by)}`);
    return breakpoints.restore(store.holds.keptBreakpoints);
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
    const notification = job.notification ?? this.#options.store.stored.notification(job.notificationId);
    if (notification === undefined) return 'send';
    const { firstEvent, eventCount: count } = notification;
    const { deliveryId, notificationId } = job;
    const subject: Subject = { deliveryId, firstEvent, count, notificationId, target, attempt: null };
    const stop = this.#look('event', subject, job.released === this.#sending.no);
    if (stop === null) return 'send';
    this.#stopAt('event', subject, stop, [job]);
    return 'stop';
  }

  failed(job: Job, target: Target, attempt: AttemptRecord): number | null {
    if (!this.#watches('failed-attempt')) return null;
    try {
      const notification = this.#options.store.stored.notificationFacts(job.notificationId);
      if (notification === undefined) return null;
      const { firstEvent, eventCount: count } = notification;
      const { deliveryId, notificationId } = job;
      const subject: Subject = { deliveryId, firstEvent, count, notificationId, target, attempt: attempt.number };
      const stop = this.#look('failed-attempt', subject, false);
      if (stop === null) return null;
      this.#stopAt('failed-attempt', subject, stop, []);
      return stop.ids[0] ?? null;
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
    const isUnsigned = delivery.signature === 'invalid' || delivery.signature === 'missing';
    const place = delivery.status === 'rejected' ? 'rejected' : isUnsigned ? 'wrong-signature' : null;
    // What was edited by hand and is released has been looked at.
    if (place === null || delivery.editOf !== undefined || !this.#watches(place)) return;
    try {
      const [notification] = delivery.notifications;
      const subject: Subject = {
        deliveryId: delivery.id,
        firstEvent: 0,
        count: delivery.events.length,
        notificationId: notification?.id ?? null,
        target: null,
        attempt: null,
      };
      const stop = this.#look(place, subject, false);
      if (stop === null) return;
      const forwardings = delivery.notifications.flatMap(({ id, forwardings }) =>
        forwardings.map((each) => ({ notificationId: id, each })),
      );
      for (const { each } of forwardings) each.stopped = stop.ids[0] ?? null;
      const keys = forwardings.map(({ notificationId, each: { destinationId } }) => ({
        notificationId,
        destinationId,
      }));
      this.#stopAt(place, subject, stop, keys);
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
      ...{ notificationId: null, destinationId: null, attempt: null, text: `paused by ${whoPaused(by)}` },
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

  #look(place: BreakpointPlace, subject: Subject, isStepped: boolean): Stopping | null {
    const matching = (filter: string): readonly number[] => this.#options.matching(filter, subject);
    return this.#options.breakpoints.look(place, matching, isStepped);
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

  #stopAt(
    place: NonNullable<Stop['place']>,
    { deliveryId, notificationId, target, attempt }: Subject,
    { ids, eventId }: Stopping,
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
      eventId: `e${eventId}`,
      notificationId: notificationId === null ? null : `n${notificationId}`,
      destinationId: target === null ? null : protocolDestinationId(target.id, target.destination),
      attempt,
      text: `e${eventId} stopped at ${names.join(' and ')}: ${placeTexts[place]}`,
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
