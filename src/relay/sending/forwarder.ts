/**
 * Forwarding: one lane a destination sends what waits for it, in order, judges the answers, and records each attempt.
 * What waits is on disk; a lane holds a window of it in memory.
 */
import type { Forwarding } from '../../protocol/history.ts';
import type { Destination, ResendDestination, SecretsChange, Settings } from '../../protocol/settings.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { iso } from '../log/protocol-shapes.ts';
import type { ForwardingKey } from '../log/held.ts';
import { Lane } from './lane.ts';
import type { LaneOptions } from './lane.ts';
import { connectionsFor } from './outbound.ts';
import type { KnownSecrets } from './render.ts';
import { targetsNamed, targetsOfBefore } from './replay-targets.ts';
import { changedSecrets } from './secrets.ts';
import type { HoldsDestination, StoredSettings } from '../log/stored-destinations.ts';
import { destinationHold, targetOf } from './target.ts';
import type { Target } from './target.ts';
import type { AllUnderWay } from './under-way.ts';
import type { Job } from './waiting.ts';

/** What reception needs to know of a destination of the settings. */
export type ConfiguredDestination = Pick<Target, 'id' | 'destination'>;

/** Brings notifications to their destinations, a lane each. */
export class Forwarder {
  readonly #options: LaneOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #underWay: AllUnderWay = { bytes: 0 };
  /** Never changed, only replaced: what is under way was sent by those of its time. */
  #secrets: KnownSecrets = { signatureKeys: new Map(), credentials: new Map() };
  #settings: Settings;
  /** In the order of the settings. */
  #configured: readonly Target[] = [];
  /** The destinations, by the ids that clients are told, whose time-out is lifted. */
  #suspendedTimeouts: ReadonlySet<string> = new Set();
  #closed = false;

  constructor(options: LaneOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
  }

  /** The destinations of the settings, in their order; others after each `configure`. */
  get configured(): readonly ConfiguredDestination[] {
    return this.#configured;
  }

  /** The keys and credentials that clients gave. */
  get secrets(): KnownSecrets {
    return this.#secrets;
  }

  /** Names of keys and credentials that destinations use and no client has given. */
  get missingKeys(): string[] {
    const names = [...this.#lanes.values()].map((lane) => lane.target.missingName);
    return [...new Set(names.filter((name) => name !== null))];
  }

  /**
   * Whether requests could be made under these settings, which a proxy may prevent.
   * @throws Error saying why not
   */
  check(settings: Settings): void {
    const left = [...this.#lanes.values()].map((lane) => lane.target.destination);
    for (const destination of [...settings.destinations, ...left])
      void connectionsFor(destination, settings.proxy, settings.concurrency).destroy();
  }

  /** Who holds what goes to a destination once a change of the secrets is in force. */
  heldAfter(change: SecretsChange): HoldsDestination {
    const secrets = this.#changed(change);
    return (destination) => destinationHold(destination, secrets);
  }

  #changed({ signatureKeys, credentials }: SecretsChange): KnownSecrets {
    return {
      signatureKeys: changedSecrets(this.#secrets.signatureKeys, signatureKeys),
      credentials: changedSecrets(this.#secrets.credentials, credentials),
    };
  }

  /**
   * Takes settings and secrets. What waits for a destination that is no longer in the settings is still sent there.
   * @param kept what the store made of the settings
   */
  configure(settings: Settings, kept: StoredSettings, secrets: SecretsChange): void {
    this.#settings = settings;
    this.#secrets = this.#changed(secrets);
    this.#configured = kept.destinations.map(({ id, destination }) => targetOf(id, destination, true, this.#secrets));
    for (const target of this.#configured) this.#putInForce(target);
    const ids = new Set(this.#configured.map((each) => each.id));
    const { waiting } = this.#options.store;
    const left = [...this.#lanes.keys(), ...waiting.keys()].filter((id) => !ids.has(id));
    for (const id of new Set(left)) {
      const lane = this.#lanes.get(id);
      if (waiting.has(id) || lane?.busy === true) this.#laneLeft(id);
      else {
        void lane?.close();
        this.#lanes.delete(id);
      }
    }
  }

  /** Sends new forwardings, in the order given. */
  dispatch(jobs: readonly Job[]): void {
    for (const job of jobs) this.#laneOf(job.destinationId)?.add(job);
  }

  /** Others may be sent than before. */
  lookAgain(): void {
    for (const lane of this.#lanes.values()) lane.lookAgain();
  }

  /** Tries at once what would be tried later. @returns the destinations of which that was so, as they stand then */
  tryNow(): DestinationStatus[] {
    const tried = new Set<string>();
    for (const lane of this.#lanes.values()) {
      const { id, destination } = lane.target;
      if (lane.tryNow()) tried.add(protocolDestinationId(id, destination));
    }
    return this.status().filter(({ destinationId }) => tried.has(destinationId));
  }

  /** Sends what may be sent: the store works again. */
  pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** Lifts the time-out of these destinations' attempts, by the ids that clients are told, and puts back all others'. */
  liftTimeouts(destinationIds: ReadonlySet<string>): void {
    this.#suspendedTimeouts = destinationIds;
    for (const lane of this.#lanes.values()) this.#liftTimeout(lane);
  }

  #liftTimeout(lane: Lane): void {
    const { id, destination } = lane.target;
    lane.liftTimeout(this.#suspendedTimeouts.has(protocolDestinationId(id, destination)));
  }

  /** Whether it is being sent, or what came of that is not on disk yet. */
  isUnderWay({ notificationId, destinationId }: ForwardingKey): boolean {
    return this.#lanes.get(destinationId)?.isUnderWay(notificationId) ?? false;
  }

  /** All of which that is so. */
  underWay(): ForwardingKey[] {
    return [...this.#lanes].flatMap(([destinationId, lane]) =>
      lane.underWay.map((notificationId) => ({ notificationId, destinationId })),
    );
  }

  /**
   * Sends notifications again, the same bytes; one that waits to be tried again, or for a destination that is down, is
   * tried now.
   * @param notificationIds which
   * @param to one other destination; without it, those that each went to, or where there was none, those of the
   *   settings that take it
   * @param modes by delivery, as earlier steps of this replay have sent it
   * @returns the notifications that are on their way because of this call, or held at the gate
   * @throws StoreError where a part of them could not be written: the rest is on its way
   */
  async replay(
    notificationIds: readonly number[],
    to: ResendDestination | undefined,
    modes: Map<number, Destination['mode']>,
  ): Promise<number[]> {
    const { store } = this.#options;
    const targets =
      to === undefined
        ? targetsOfBefore(notificationIds, this.#configured, store)
        : targetsNamed(notificationIds, to, modes, store, this.heldAfter({}));
    if (to !== undefined) this.#knownAnew(new Set(targets.flatMap(([, ids]) => ids)));
    const rounds = await Promise.allSettled(
      targets.map(([id, destinations]) =>
        store.forwardings.startRound(id, destinations, (each) => this.#lanes.get(each)?.isRetried(id) === true),
      ),
    );
    // What is on disk goes out, whatever became of the others.
    const jobs = rounds.map((round) => (round.status === 'fulfilled' ? round.value : []));
    for (const job of jobs.flat()) this.#laneOf(job.destinationId)?.replay(job);
    const failed = rounds.find((round) => round.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const probed = this.#probe(targets.flatMap(([, destinations]) => destinations));
    return targets.flatMap(([id, destinations], index) => {
      const waits = destinations.some((each) => probed.has(each) && store.forwardings.state(id, each) === 'waiting');
      return waits || (jobs[index] ?? []).length > 0 ? [id] : [];
    });
  }

  /** Looks at once whether those that are down can be reached. @returns which these are */
  #probe(destinationIds: readonly number[]): ReadonlySet<number> {
    const down = new Set(destinationIds.filter((id) => this.#lanes.get(id)?.isDown === true));
    for (const id of down) this.#lanes.get(id)?.probe();
    return down;
  }

  /** Forgets what was discarded on disk. Without ids: all that waits. */
  discarded(notificationIds?: readonly number[]): void {
    const gone = notificationIds && new Set(notificationIds);
    for (const lane of this.#lanes.values()) lane.discarded((id) => gone === undefined || gone.has(id));
  }

  /** How each destination stands: those of the settings, and others for which something waits. */
  status(): DestinationStatus[] {
    const { waiting } = this.#options.store;
    const configured = this.#configured.map((each) => each.id);
    const left = [...this.#lanes.keys()].filter((id) => waiting.has(id) && !configured.includes(id));
    return [...configured, ...left].flatMap((id) => this.#lanes.get(id)?.status(waiting.get(id) ?? 0) ?? []);
  }

  /** Why notifications wait for a destination, and since when it is down; nothing where they just wait. */
  whyWaiting(destinationId: string): Pick<Forwarding, 'detail' | 'downSince' | 'nextTryAt'> {
    for (const { target, detail, downSince, nextTryAt } of this.#lanes.values()) {
      if (protocolDestinationId(target.id, target.destination) !== destinationId) continue;
      return {
        detail,
        ...(downSince !== null && { downSince: iso(downSince) }),
        ...(nextTryAt !== null && { nextTryAt: iso(nextTryAt) }),
      };
    }
    return { detail: null };
  }

  /** Ends the lanes. What is under way is abandoned: it still waits on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  /** The lane of a destination; undefined where the store knows none of this id, or all have ended. */
  #laneOf(id: number): Lane | undefined {
    return this.#lanes.get(id) ?? this.#laneLeft(id);
  }

  /** Destinations may be known by other settings than before: those of the settings are not. */
  #knownAnew(ids: ReadonlySet<number>): void {
    for (const id of ids) if (this.#lanes.get(id)?.target.configured === false) this.#laneLeft(id);
  }

  /** The lane of a destination that is not in the settings: it lasts as long as something waits for it. */
  #laneLeft(id: number): Lane | undefined {
    const destination = this.#options.store.destinations.get(id);
    return destination && this.#putInForce(targetOf(id, destination, false, this.#secrets));
  }

  #putInForce(target: Target): Lane | undefined {
    if (this.#closed) return undefined;
    const configuration = { target, settings: this.#settings, secrets: this.#secrets };
    let lane = this.#lanes.get(target.id);
    if (lane === undefined) {
      lane = new Lane(configuration, this.#options, this.#underWay);
      this.#lanes.set(target.id, lane);
    } else lane.reconfigure(configuration);
    this.#liftTimeout(lane);
    return lane;
  }
}
