/**
 * Forwarding: one lane a destination sends what waits for it, in order, judges the answers, and records each attempt.
 * What waits is on disk; a lane holds a window of it in memory.
 */
import type { Destination, SecretsChange, Settings } from '../protocol/settings.ts';
import type { DestinationStatus } from '../protocol/status.ts';
import { toldId } from './destinations.ts';
import { Lane } from './lane.ts';
import type { Job, LaneOptions, UnderWay } from './lane.ts';
import { dispatcherFor } from './outbound.ts';
import type { KnownSecrets } from './render.ts';
import { goesTo, routedOf } from './routes.ts';
import type { Routed } from './routes.ts';
import { changedSecrets } from './secrets.ts';
import type { OpenDestination } from './forwardings.ts';
import type { KeptSettings } from './kept-destinations.ts';

/** A destination of the settings with the id under which the store knows it. */
export interface ConfiguredDestination {
  readonly id: number;
  readonly destination: Destination;
  /** Why nothing may be sent there yet: a key or credentials that no client has given. */
  readonly missing: string | null;
}

/** With more than this waiting or held, the status counts them anew only so often, in milliseconds. */
const manyOpen = 10_000;
const countEveryMs = 5000;

/** Brings notifications to their destinations, a lane each. */
export class Forwarder {
  readonly #options: LaneOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #underWay: UnderWay = { bytes: 0 };
  /** Never changed, only replaced: what is under way was sent by those of its time. */
  #secrets: KnownSecrets = { signatureKeys: new Map(), credentials: new Map() };
  #settings: Settings;
  #configured: ConfiguredDestination[] = [];
  #closed = false;
  #counted: { readonly at: number; readonly open: ReadonlyMap<number, OpenDestination> } | undefined;
  /** What waits could not be counted, which was said. */
  #uncounted = false;
  /** The delivery that was last replayed: its parts follow each other. */
  #routedLast: { readonly deliveryId: number; readonly routed: Routed } | undefined;

  constructor(options: LaneOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
  }

  /** The destinations of the settings, in their order. */
  get configured(): readonly ConfiguredDestination[] {
    return this.#configured;
  }

  /** The keys and credentials that clients gave. */
  get secrets(): KnownSecrets {
    return this.#secrets;
  }

  /** Names of keys and credentials that destinations use and no client has given. */
  get missingKeys(): string[] {
    const names = [...this.#lanes.values()].map((lane) => missingName(lane.destination, this.secrets));
    return [...new Set(names.filter((name) => name !== null))];
  }

  /**
   * Whether requests could be made under these settings, which a proxy may prevent.
   * @throws Error saying why not
   */
  check(settings: Settings): void {
    const left = [...this.#lanes.values()].map((lane) => lane.destination);
    for (const destination of [...settings.destinations, ...left])
      void dispatcherFor(destination, settings.proxy, settings.concurrency).destroy();
  }

  /**
   * Takes settings and secrets. What waits for a destination that is no longer in the settings is still sent there.
   * @param kept what the store made of the settings
   */
  configure(settings: Settings, kept: KeptSettings, secrets: SecretsChange): void {
    this.#settings = settings;
    this.#secrets = {
      signatureKeys: changedSecrets(this.#secrets.signatureKeys, secrets.signatureKeys),
      credentials: changedSecrets(this.#secrets.credentials, secrets.credentials),
    };
    const { store } = this.#options;
    this.#configured = kept.destinations.map(({ id, destination }) => ({
      id,
      destination,
      missing: missing(destination, this.secrets),
    }));
    const open = new Set(kept.open.map((each) => each.destinationId));
    for (const { id, destination } of this.#configured)
      this.#lane(id, destination).reconfigure(destination, true, settings, missing(destination, this.secrets));
    for (const id of open) {
      const destination = store.destinations.get(id);
      if (destination !== undefined && !this.#configured.some((each) => each.id === id)) {
        this.#lane(id, destination).reconfigure(destination, false, settings, missing(destination, this.secrets));
      }
    }
    const needed = new Set([...open, ...this.#configured.map((each) => each.id)]);
    for (const [id, lane] of this.#lanes) {
      if (needed.has(id) || lane.busy) continue;
      void lane.close();
      this.#lanes.delete(id);
    }
  }

  /** Sends new forwardings, in the order given. */
  dispatch(jobs: readonly Job[]): void {
    for (const job of jobs) this.#laneOf(job.destinationId)?.add(job);
  }

  /** Something was put on disk as held: where its key has come meanwhile, it is released. */
  heldOnDisk(destinationId: number): void {
    this.#lanes.get(destinationId)?.releaseWhatIsHeld();
  }

  /**
   * Sends notifications again, the same bytes.
   * @param notificationIds which
   * @param to one other destination; without it, those that each went to, or where there was none, those of the
   *   settings that take it
   * @returns the notifications that are on their way because of this call
   * @throws StoreError where a part of them could not be written: the rest is on its way
   */
  async replay(notificationIds: readonly number[], to?: Destination): Promise<number[]> {
    const { store } = this.#options;
    const targets = this.#replayTargets(notificationIds, to);
    const rounds = await Promise.allSettled(
      targets.map(([id, destinations]) => store.forwardings.startRound(id, destinations)),
    );
    // What is on disk goes out, whatever became of the others.
    const jobs = rounds.map((round) => (round.status === 'fulfilled' ? round.value : []));
    for (const job of jobs.flat()) this.#laneOf(job.destinationId)?.add(job, true);
    const failed = rounds.find((round) => round.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return targets.flatMap(([id], index) => ((jobs[index] ?? []).length > 0 ? [id] : []));
  }

  #replayTargets(notificationIds: readonly number[], to: Destination | undefined): (readonly [number, number[]])[] {
    const { store } = this.#options;
    if (to === undefined) return notificationIds.map((id) => [id, this.#replayTargetsOf(id)]);
    const target = store.destinations.intern(to);
    const seen = new Set<number>();
    return notificationIds.map((id) => {
      const notification = store.stored.notification(id);
      if (notification === undefined) return [id, []];
      // One raw body a delivery, and none where its parts go already.
      const once = to.mode === 'raw' || notification.kind === 'raw';
      if (once && seen.has(notification.deliveryId)) return [id, []];
      seen.add(notification.deliveryId);
      return [id, [target]];
    });
  }

  /** Where a notification went; where that was nowhere, the destinations of the settings that take it. */
  #replayTargetsOf(id: number): number[] {
    const { store } = this.#options;
    const earlier = store.forwardings.destinationsOf(id);
    const notification = earlier.length > 0 ? undefined : store.stored.notification(id);
    if (notification === undefined) return earlier;
    const { deliveryId, kind, firstEvent, eventCount } = notification;
    const routed = this.#routed(deliveryId);
    if (routed === undefined) return [];
    const part = { list: routed.list, types: routed.types.slice(firstEvent, firstEvent + eventCount) };
    // Where no raw destination was there to make one for, the first part stands for the vendor's bytes.
    const standsForRaw = kind === 'normalised' && firstEvent === 0 && !this.#hasRaw(id, deliveryId);
    return this.#configured
      .filter(({ destination }) => {
        if (kind === 'platform' || destination.mode === kind) return goesTo(destination, part);
        return destination.mode === 'raw' && standsForRaw && goesTo(destination, routed);
      })
      .map((each) => each.id);
  }

  #routed(deliveryId: number): Routed | undefined {
    if (this.#routedLast?.deliveryId !== deliveryId) {
      const stored = this.#options.store.stored.body(deliveryId);
      this.#routedLast = stored && { deliveryId, routed: routedOf(stored) };
    }
    return this.#routedLast?.routed;
  }

  /** Whether a delivery has a raw notification: it is its last. */
  #hasRaw(firstNotification: number, deliveryId: number): boolean {
    for (let id = firstNotification; ; id++) {
      const notification = this.#options.store.stored.notification(id);
      if (notification?.deliveryId !== deliveryId) return false;
      if (notification.kind === 'raw') return true;
    }
  }

  /** Forgets what was discarded on disk. Without ids: all that waits. */
  discarded(notificationIds?: readonly number[]): void {
    const gone = notificationIds && new Set(notificationIds);
    for (const lane of this.#lanes.values()) lane.discarded((id) => gone === undefined || gone.has(id));
  }

  /** The store works again: lanes that paused go on. */
  resume(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** How each destination stands. */
  status(): DestinationStatus[] {
    const open = this.#openDestinations();
    const configured = this.#configured.map((each) => each.id);
    const left = [...this.#lanes.keys()].filter((id) => open.has(id) && !configured.includes(id));
    return [...configured, ...left].flatMap(
      (id) => this.#lanes.get(id)?.status((open.get(id)?.waiting ?? 0) + (open.get(id)?.held ?? 0)) ?? [],
    );
  }

  /** How much waits for each destination. Counting very many takes a while, so that is not done at each status. */
  #openDestinations(): ReadonlyMap<number, OpenDestination> {
    const { store } = this.#options;
    const many = store.totals.waiting + store.totals.held > manyOpen;
    if (!many || this.#counted === undefined || Date.now() - this.#counted.at > countEveryMs) {
      try {
        const open = new Map(store.forwardings.openDestinations().map((each) => [each.destinationId, each]));
        this.#counted = { at: Date.now(), open };
        this.#uncounted = false;
      } catch (error) {
        if (!this.#uncounted) {
          const why = (error as Error).message;
          this.#options.log('error', `the history cannot be read (${why}): the status says what waited before`);
        }
        this.#uncounted = true;
        this.#counted ??= { at: 0, open: new Map() };
      }
    }
    return this.#counted.open;
  }

  /** Why notifications wait for a destination, where it is down; null where they just wait. */
  whyWaiting(destinationId: string): string | null {
    for (const [id, { destination, detail }] of this.#lanes) {
      if (toldId(id, destination) === destinationId) return detail;
    }
    return null;
  }

  /** Ends the lanes. What is under way is abandoned: it still waits on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  /** The lane of a destination; one that is not in the settings gets one for as long as something waits for it. */
  #laneOf(id: number): Lane | undefined {
    const lane = this.#lanes.get(id);
    if (lane !== undefined) return lane;
    const destination = this.#options.store.destinations.get(id);
    if (destination === undefined) return undefined;
    this.#lane(id, destination).reconfigure(destination, false, this.#settings, missing(destination, this.secrets));
    return this.#lanes.get(id);
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
        this.#underWay,
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
