import type { Forwarding } from '../../protocol/history.ts';
import type { Destination, ResendDestination, SecretsChange, Settings } from '../../protocol/settings.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { protocolDestinationId } from '../log/destinations.ts';
import { iso } from '../log/protocol-shapes.ts';
import type { ForwardingKey } from '../log/held.ts';
import { Lane, type LaneOptions } from './lane.ts';
import { connectionsFor } from './outbound.ts';
import type { KnownSecrets } from './render.ts';
import { targetsNamed, targetsOfBefore } from './replay-targets.ts';
import type { HoldsDestination, StoredSettings } from '../log/stored-destinations.ts';
import { destinationHold, targetOf, type Target } from './target.ts';
import type { AllUnderWay } from './under-way.ts';
import type { Job } from './waiting.ts';

export type ConfiguredDestination = Pick<Target, 'id' | 'destination'>;

export class Forwarder {
  readonly #options: LaneOptions;
  readonly #lanes = new Map<number, Lane>();
  readonly #underWay: AllUnderWay = { bytes: 0 };
  /** Replaced, never changed, because requests in progress use the earlier ones. */
  #secrets: KnownSecrets = { signatureKeys: new Map(), credentials: new Map() };
  #settings: Settings;
  #configured: readonly Target[] = [];
  #suspendedTimeouts: ReadonlySet<string> = new Set();
  #closed = false;

  constructor(options: LaneOptions, settings: Settings) {
    this.#options = options;
    this.#settings = settings;
  }

  get configured(): readonly ConfiguredDestination[] {
    return this.#configured;
  }

  get secrets(): KnownSecrets {
    return this.#secrets;
  }

  get missingKeys(): string[] {
    const names = [...this.#lanes.values()].map((lane) => lane.target.missingName);
    return [...new Set(names.filter((name) => name !== null))];
  }

  /** @throws Error if requests can't be made with these settings, such as with the proxy */
  check(settings: Settings): void {
    const left = [...this.#lanes.values()].map((lane) => lane.target.destination);
    for (const destination of [...settings.destinations, ...left])
      void connectionsFor(destination, settings.proxy, settings.concurrency).destroy();
  }

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

  /** Forwardings that wait for a removed destination are still sent. */
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

  dispatch(jobs: readonly Job[]): void {
    for (const job of jobs) this.#laneOf(job.destinationId)?.add(job);
  }

  lookAgain(): void {
    for (const lane of this.#lanes.values()) lane.lookAgain();
  }

  tryNow(): DestinationStatus[] {
    const tried = new Set<string>();
    for (const lane of this.#lanes.values()) {
      const { id, destination } = lane.target;
      if (lane.tryNow()) tried.add(protocolDestinationId(id, destination));
    }
    return this.status().filter(({ destinationId }) => tried.has(destinationId));
  }

  pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** Restores the timeout of all other destinations. */
  liftTimeouts(destinationIds: ReadonlySet<string>): void {
    this.#suspendedTimeouts = destinationIds;
    for (const lane of this.#lanes.values()) this.#liftTimeout(lane);
  }

  #liftTimeout(lane: Lane): void {
    const { id, destination } = lane.target;
    lane.liftTimeout(this.#suspendedTimeouts.has(protocolDestinationId(id, destination)));
  }

  isUnderWay({ notificationId, destinationId }: ForwardingKey): boolean {
    return this.#lanes.get(destinationId)?.isUnderWay(notificationId) ?? false;
  }

  underWay(): ForwardingKey[] {
    return [...this.#lanes].flatMap(([destinationId, lane]) =>
      lane.underWay.map((notificationId) => ({ notificationId, destinationId })),
    );
  }

  /**
   * Sends the same bytes as before, and pending retries at once.
   * @param to by default, the earlier destinations, or the matching ones of the settings if there were none
   * @param modes by delivery, from earlier steps of this replay
   * @throws StoreError if some of them could not be written: the rest is sent
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
    // Send what is on disk, even if the others failed.
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

  #probe(destinationIds: readonly number[]): ReadonlySet<number> {
    const down = new Set(destinationIds.filter((id) => this.#lanes.get(id)?.isDown === true));
    for (const id of down) this.#lanes.get(id)?.probe();
    return down;
  }

  discarded(notificationIds?: readonly number[]): void {
    const gone = notificationIds && new Set(notificationIds);
    for (const lane of this.#lanes.values()) lane.discarded((id) => gone === undefined || gone.has(id));
  }

  status(): DestinationStatus[] {
    const { waiting } = this.#options.store;
    const configured = this.#configured.map((each) => each.id);
    const left = [...this.#lanes.keys()].filter((id) => waiting.has(id) && !configured.includes(id));
    return [...configured, ...left].flatMap((id) => this.#lanes.get(id)?.status(waiting.get(id) ?? 0) ?? []);
  }

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

  /** Abandons requests in progress: their forwardings still wait on disk. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
  }

  #laneOf(id: number): Lane | undefined {
    return this.#lanes.get(id) ?? this.#laneLeft(id);
  }

  #knownAnew(ids: ReadonlySet<number>): void {
    for (const id of ids) if (this.#lanes.get(id)?.target.configured === false) this.#laneLeft(id);
  }

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

/** `null` removes a value. Returns a new map, because requests in progress use the earlier one. */
export function changedSecrets<T>(
  known: ReadonlyMap<string, T>,
  change: Readonly<Record<string, T | null>> = {},
): ReadonlyMap<string, T> {
  const changed = new Map(known);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  return changed;
}
