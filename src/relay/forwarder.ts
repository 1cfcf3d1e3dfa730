/**
 * Forwarding: one lane a destination sends what waits for it, in order, judges the answers, and records each attempt.
 * What waits is on disk; a lane holds a window of it in memory.
 */
import type { Destination, SecretsChange, Settings } from '../protocol/settings.ts';
import type { DestinationStatus } from '../protocol/status.ts';
import { toldId } from './destinations.ts';
import type { Hold } from './forwardings.ts';
import { Lane } from './lane.ts';
import type { LaneOptions } from './lane.ts';
import { OpenCounts } from './open-counts.ts';
import { connectionsFor } from './outbound.ts';
import { openGate } from './gate.ts';
import type { GateView, Lanes } from './gate.ts';
import type { KnownSecrets } from './render.ts';
import { targetsNamed, targetsOfBefore } from './replay-targets.ts';
import { changedSecrets } from './secrets.ts';
import type { KeptSettings } from './kept-destinations.ts';
import { holdOf, targetOf } from './target.ts';
import type { Target } from './target.ts';
import type { AllUnderWay } from './under-way.ts';
import type { Job } from './waiting.ts';

/** What reception needs to know of a destination of the settings. */
export type ConfiguredDestination = Pick<Target, 'id' | 'destination' | 'heldWhy'>;

/** Brings notifications to their destinations, a lane each. */
export class Forwarder implements Lanes {
  readonly #options: LaneOptions;
  readonly #gate: GateView;
  readonly #lanes = new Map<number, Lane>();
  readonly #underWay: AllUnderWay = { bytes: 0 };
  readonly #counts: OpenCounts;
  /** Never changed, only replaced: what is under way was sent by those of its time. */
  #secrets: KnownSecrets = { signatureKeys: new Map(), credentials: new Map() };
  #settings: Settings;
  /** In the order of the settings. */
  #configured: readonly Target[] = [];
  /** The destinations, by the ids that clients are told, whose time-out is lifted. */
  #patientWith: ReadonlySet<string> = new Set();
  #closed = false;

  constructor(options: LaneOptions, settings: Settings) {
    this.#options = options;
    this.#gate = options.gate ?? openGate;
    this.#settings = settings;
    this.#counts = new OpenCounts(options.store, (level, message) => options.log(level, message));
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
    this.#configured = kept.destinations.map(({ id, destination }) => targetOf(id, destination, true, this.#secrets));
    for (const target of this.#configured) this.#putInForce(target);
    const ids = new Set(this.#configured.map((each) => each.id));
    const left = [...this.#lanes.keys(), ...kept.open.map((each) => each.destinationId)].filter((id) => !ids.has(id));
    const open = new Set(kept.open.map((each) => each.destinationId));
    for (const id of new Set(left)) {
      const lane = this.#lanes.get(id);
      if (open.has(id) || lane?.busy === true) this.#laneLeft(id);
      else {
        void lane?.close();
        this.#lanes.delete(id);
      }
    }
  }

  /**
   * Sends new forwardings, in the order given.
   * @param turn the gate's when they were put on disk: what it held or released since then is read from there
   */
  dispatch(jobs: readonly Job[], turn = this.#gate.turn): void {
    for (const job of jobs) {
      const lane = this.#laneOf(job.destinationId);
      if (turn === this.#gate.turn) lane?.add(job);
      else lane?.lookAgain();
    }
    if (turn !== this.#gate.turn) this.pump();
  }

  /** Nothing waits in memory any more: what waits is being held on disk. */
  hold(): void {
    for (const lane of this.#lanes.values()) lane.hold();
  }

  /** What was held waits again on disk, and is read in its turn. */
  release(): void {
    for (const lane of this.#lanes.values()) lane.release();
  }

  lookAgain(): void {
    for (const lane of this.#lanes.values()) lane.lookAgain();
  }

  /** Sends what may be sent: the store works again, or the gate stands as it is on disk. */
  pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  /** Lifts the time-out of these destinations' attempts, by the ids that clients are told, and puts back all others'. */
  liftTimeouts(destinationIds: ReadonlySet<string>): void {
    this.#patientWith = destinationIds;
    for (const lane of this.#lanes.values()) this.#liftTimeout(lane);
  }

  #liftTimeout(lane: Lane): void {
    const { id, destination } = lane.target;
    lane.liftTimeout(this.#patientWith.has(toldId(id, destination)));
  }

  underWay(destinationId: number): readonly number[] {
    return this.#lanes.get(destinationId)?.underWay ?? [];
  }

  holdOf(destinationId: number): Hold | null {
    const lane = this.#lanes.get(destinationId);
    return lane === undefined ? null : holdOf(lane.target);
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
   * @returns the notifications that are on their way because of this call, or held at the gate
   * @throws StoreError where a part of them could not be written: the rest is on its way
   */
  async replay(notificationIds: readonly number[], to?: Destination): Promise<number[]> {
    const { store } = this.#options;
    const targets =
      to === undefined
        ? targetsOfBefore(notificationIds, this.#configured, store)
        : targetsNamed(notificationIds, to, store);
    const holdFor = (): Hold | null => this.#gate.hold;
    const rounds = await Promise.allSettled(
      targets.map(([id, destinations]) => store.forwardings.startRound(id, destinations, holdFor)),
    );
    // What is on disk goes out, whatever became of the others.
    const jobs = rounds.map((round) => (round.status === 'fulfilled' ? round.value : []));
    for (const job of jobs.flat()) {
      const lane = this.#laneOf(job.destinationId);
      if (job.state === 'held') continue;
      if (this.#gate.hold === null) lane?.replay(job);
      else lane?.lookAgain();
    }
    this.pump();
    const failed = rounds.find((round) => round.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return targets.flatMap(([id], index) => ((jobs[index] ?? []).length > 0 ? [id] : []));
  }

  /** Forgets what was discarded on disk. Without ids: all that waits. */
  discarded(notificationIds?: readonly number[]): void {
    const gone = notificationIds && new Set(notificationIds);
    for (const lane of this.#lanes.values()) lane.discarded((id) => gone === undefined || gone.has(id));
  }

  /** How each destination stands: those of the settings, and others for which something waits. */
  status(): DestinationStatus[] {
    const open = this.#counts.get();
    const configured = this.#configured.map((each) => each.id);
    const left = [...this.#lanes.keys()].filter((id) => open.has(id) && !configured.includes(id));
    return [...configured, ...left].flatMap(
      (id) => this.#lanes.get(id)?.status((open.get(id)?.waiting ?? 0) + (open.get(id)?.held ?? 0)) ?? [],
    );
  }

  /** Why notifications wait for a destination, where it is down; null where they just wait. */
  whyWaiting(destinationId: string): string | null {
    for (const { target, detail } of this.#lanes.values()) {
      if (toldId(target.id, target.destination) === destinationId) return detail;
    }
    return null;
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

  /** The lane of a destination that is not in the settings: it lasts as long as something waits for it. */
  #laneLeft(id: number): Lane | undefined {
    const destination = this.#options.store.destinations.get(id);
    return destination && this.#putInForce(targetOf(id, destination, false, this.#secrets));
  }

  #putInForce(target: Target): Lane | undefined {
    if (this.#closed) return undefined;
    const terms = { target, settings: this.#settings, secrets: this.#secrets };
    let lane = this.#lanes.get(target.id);
    if (lane === undefined) {
      lane = new Lane(terms, this.#options, this.#underWay);
      this.#lanes.set(target.id, lane);
    } else lane.reconfigure(terms);
    this.#liftTimeout(lane);
    return lane;
  }
}
