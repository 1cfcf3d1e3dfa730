/**
 * Checks each forwarding before it is sent. What is held follows from one value, in memory and on disk (held.ts).
 * Pausing closes in memory, then writes; continuing writes, then opens: after a crash, the gate is never more open than
 * clients were told.
 */
import { heldCount, pauserOf } from '../../protocol/event-row.ts';
import type { BreakpointPlace, DebugClient, HeldForwarding, Sending, Stop } from '../../protocol/debug.ts';
import type { BreakpointChange, Breakpoints, ChangedBreakpoints, Stopping } from './breakpoints.ts';
import type { Caller } from '../sending/time-limit.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { holdOf, isOfPause } from '../log/held.ts';
import type {
  ForwardingKey,
  HeldFact,
  Hold,
  Holdable,
  HeldCounts,
  HoldView,
  SendingView,
  StoredSending,
  Paused,
  StoppedKey,
} from '../log/held.ts';
import type { AttemptRecord, DeliveryRecord } from '../log/records.ts';
import { iso, protocolBreakpoint, protocolSending } from '../log/protocol-shapes.ts';
import type { Store } from '../log/store.ts';
import type { GateView, Passage } from '../sending/lane.ts';
import type { Target } from '../sending/target.ts';
import type { Job } from '../sending/waiting.ts';

export interface GateOptions {
  readonly store: Store;
  readonly breakpoints: Breakpoints;
  matching(filter: string, events: Pick<Subject, 'deliveryId' | 'firstEvent' | 'count'>): readonly number[];
  isUnderWay(key: ForwardingKey): boolean;
  underWay(): readonly ForwardingKey[];
  onMoved(): void;
  onStopped(stop: Stop): void;
  onContinued(): void;
  log(level: 'error' | 'warn' | 'info', message: string): void;
}

const nothingHeld: HeldCounts = { pause: 0, breakpoint: 0, 'missing-key': 0, destination: 0 };

/** One notification, or a delivery without any. */
interface Subject {
  readonly deliveryId: number;
  readonly firstEvent: number;
  readonly count: number;
  readonly notificationId: number | null;
  readonly target: Target | null;
  /** Number of the failed attempt; null at other places. */
  readonly attempt: number | null;
}

export class Gate implements GateView {
  readonly #options: GateOptions;
  #sending: StoredSending = { no: 0, paused: null };
  /** Number of pauses and stops, including those while already paused. */
  #closings = 0;
  #ending = false;
  /** Forwardings being edited: not sent, released or discarded until the edit is stored. */
  readonly #claimed = new Set<string>();
  #counted: HeldCounts = nothingHeld;
  #stopping: readonly StoppedKey[] = [];
  #said = false;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  open(): readonly string[] {
    const { store, breakpoints } = this.#options;
    this.#sending = store.storedSending;
    const { paused } = this.#sending;
    if (paused !== null)
      this.#options.log('warn', `sending has been paused since ${iso(paused.since)} by ${pauserOf(paused.by)}`);
    return breakpoints.restore(store.keptBreakpoints);
  }

  get no(): number {
    return this.#sending.no;
  }

  get pausedNo(): number | null {
    return this.#sending.paused === null ? null : this.#sending.no;
  }

  get sendingView(): SendingView {
    return { sending: this.#sending, stopping: this.#stopping };
  }

  get view(): HoldView {
    const { store } = this.#options;
    return {
      ...this.sendingView,
      destinationHold: (id) => store.destinations.heldBy(id),
      isUnderWay: (key) => this.#options.isUnderWay(key),
    };
  }

  holdOf(forwarding: Holdable): Hold | null {
    return holdOf(forwarding, this.view);
  }

  get sending(): Sending {
    return protocolSending(this.#sending, this.#heldCounts(), this.#options.breakpoints.enabled);
  }

  /** If the numbers can't be read, returns the last known ones. */
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
    // Retries are not checked, nor forwardings that were checked before a stop or while a destination was unreachable.
    if (!this.#watches('event') || job.looked || job.attempts > job.roundStart) return 'send';
    const subject = this.#subjectOf(job, target, null);
    if (subject === undefined) return 'send';
    const stop = this.#look('event', subject, job.released === this.#sending.no);
    if (stop === null) return 'send';
    this.#stopAt('event', subject, stop, [job]);
    return 'stop';
  }

  failed(job: Job, target: Target, attempt: AttemptRecord): number | null {
    if (!this.#watches('failed-attempt')) return null;
    try {
      const subject = this.#subjectOf(job, target, attempt.number);
      if (subject === undefined) return null;
      const stop = this.#look('failed-attempt', subject, false);
      if (stop === null) return null;
      this.#stopAt('failed-attempt', subject, stop, []);
      return stop.ids[0] ?? null;
    } catch (error) {
      this.#options.log('error', `could not check breakpoints for n${job.notificationId}: ${String(error)}`);
      return null;
    }
  }

  #subjectOf(job: Job, target: Target, attempt: number | null): Subject | undefined {
    const { deliveryId, notificationId } = job;
    const notification = job.notification ?? this.#options.store.stored.notification(notificationId);
    if (notification === undefined) return undefined;
    const { firstEvent, eventCount: count } = notification;
    return { deliveryId, firstEvent, count, notificationId, target, attempt };
  }

  unreachable(target: Target): void {
    if (this.#watches('failed-attempt')) this.#options.breakpoints.unreachable(target.place);
  }

  /** Called when a delivery is on disk, before any of it is sent. Never throws. */
  received(delivery: DeliveryRecord): void {
    const isUnsigned = delivery.signature === 'invalid' || delivery.signature === 'missing';
    const place = delivery.status === 'rejected' ? 'rejected' : isUnsigned ? 'wrong-signature' : null;
    // An edited delivery was already checked.
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
      const keys: ForwardingKey[] = [];
      for (const { id: notificationId, forwardings } of delivery.notifications) {
        for (const forwarding of forwardings) {
          forwarding.stopped = stop.ids[0] ?? null;
          keys.push({ notificationId, destinationId: forwarding.destinationId });
        }
      }
      this.#stopAt(place, subject, stop, keys);
    } catch (error) {
      this.#options.log('error', `could not check breakpoints for d${delivery.id}: ${String(error)}`);
    }
  }

  /** Resolves when it is on disk. @throws StoreError */
  async pause(client: DebugClient): Promise<void> {
    const { store } = this.#options;
    if (this.pausedNo !== null) {
      // Already paused: resolve when that is on disk, and cancel a continue in progress.
      this.#closings += 1;
      return store.forwardings.storeSending(() => this.#sending);
    }
    const since = Date.now();
    const by = { kind: 'client', client } as const;
    const stop: Stop = {
      reason: 'pause' as const,
      at: iso(since),
      place: null,
      breakpointIds: [],
      deliveryId: null,
      eventId: null,
      notificationId: null,
      destinationId: null,
      attempt: null,
      text: `paused by ${pauserOf(by)}`,
    };
    const paused: Paused = { by, since, stop };
    this.#close(paused);
    try {
      await store.forwardings.storeSending(() => this.#sending);
    } catch (error) {
      // Unless a breakpoint has stopped it in the meantime.
      if (this.#sending.paused === paused) this.#open();
      throw error;
    }
    this.#options.log('info', `sending ${stop.text}`);
    this.#options.onStopped(stop);
  }

  /** Has no effect if sending is paused again before it is on disk. @returns how many were held @throws StoreError */
  async continue(): Promise<number> {
    const held = heldCount(this.#heldCounts());
    const closings = this.#closings;
    const isAsItWas = (): boolean => this.#closings === closings;
    const done = { isOpen: false };
    await this.#options.store.forwardings.storeSending(
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
    if (this.pausedNo !== null) await this.#options.store.forwardings.storeSending(() => this.#sending);
    return held;
  }

  /** Before the relay stops: sends everything, ignoring breakpoints. */
  async releaseForGood(): Promise<void> {
    this.#ending = true;
    await this.continue();
  }

  async dropForGood(): Promise<void> {
    const { store } = this.#options;
    if (this.#sending.paused !== null) {
      const flowing = { ...this.#sending, paused: null };
      const underWay = (): readonly ForwardingKey[] => this.#options.underWay();
      await store.forwardings.dropAll(this.view, underWay, flowing, () => this.#open());
    }
    this.#options.onContinued();
  }

  /** Releases held forwardings, by default the next, while sending stays paused. @throws StoreError */
  async step(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    const { no } = this.#sending;
    const released = await this.#options.store.forwardings.release(() => this.#chosen(ids), no);
    this.#options.onMoved();
    return released;
  }

  drop(ids: readonly number[] | undefined): Promise<HeldFact[]> {
    return this.#options.store.forwardings.drop(() => this.#chosen(ids));
  }

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

  #chosen(ids: readonly number[] | undefined): HeldFact[] {
    const { forwardings } = this.#options.store;
    const { view } = this;
    const isFree = (fact: HeldFact): boolean => isOfPause(fact) && !this.#claimed.has(keyOf(fact));
    const chosen = ids ?? [this.#sending.paused === null ? undefined : forwardings.nextHeld(view, isFree)];
    return chosen.flatMap((id) => (id === undefined ? [] : forwardings.heldOf(id, view).filter(isFree)));
  }

  changeBreakpoints(change: BreakpointChange, caller: Caller): Promise<ChangedBreakpoints> {
    const { breakpoints, store } = this.#options;
    return breakpoints.change(change, caller, (stored) => store.keepBreakpoints(stored));
  }

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
    void this.#options.store.forwardings
      .stop(() => this.#sending, stopping)
      .then((isOnDisk) => {
        if (isOnDisk) this.#stopping = this.#stopping.filter((each) => !stopping.includes(each));
        this.#options.onStopped(stop);
      });
  }

  #close(paused: Paused): void {
    this.#closings += 1;
    this.#sending = { no: this.pausedNo ?? this.#sending.no + 1, paused };
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
