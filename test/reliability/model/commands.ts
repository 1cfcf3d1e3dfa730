/** What is done to a relay, each as a command of the model: what it asks, and what the model knows of it from then on. */
import { Agent } from 'node:http';
import type fc from 'fast-check';
import type { Breakpoint, HeldForwarding } from '../../../src/protocol/debug.ts';
import { RelayRequestError } from '../../../src/protocol/errors.ts';
import type { RelayClient } from '../../../src/protocol/relay-client.ts';
import { sign } from '../../../src/open-connectors/signature.ts';
import { until } from '../../relay/until.ts';
import { allHeld, allRows, atRest, checkPages, throwWrong, type Observed } from './observed.ts';
import { addressOf, conditions, keys } from './world.ts';
import type {
  Connection,
  Content,
  EventType,
  KeyName,
  KnownBreakpoint,
  KnownDelivery,
  KnownForwarding,
  World,
} from './world.ts';
import type { Answering, RelayRig } from './rig.ts';

/** By this the platform signs what it posts. */
const verifyKey = 'the key of the platform';

/** How many of a burst are posted in one turn of the event loop. */
const waveSize = 100;

/** How often each kind of command was run. */
export type Runs = Map<string, number>;

/** One step. Its name in a report says all that it does. */
export abstract class Step implements fc.AsyncCommand<World, RelayRig> {
  static runs: Runs = new Map();

  check({ wrong }: Readonly<World>): boolean {
    return wrong.length === 0;
  }

  async run(world: World, rig: RelayRig): Promise<void> {
    world.step += 1;
    Step.runs.set(this.constructor.name, (Step.runs.get(this.constructor.name) ?? 0) + 1);
    await this.do(world, rig);
    throwWrong(world, rig);
  }

  protected abstract do(world: World, rig: RelayRig): Promise<unknown>;

  toString(): string {
    return `${this.constructor.name}(${JSON.stringify(this.said())})`;
  }

  /** What its name says in brackets. */
  protected said(): unknown {
    return {};
  }
}

/** Takes what was run so far, and counts anew. */
export function takeRuns(): Runs {
  const { runs } = Step;
  Step.runs = new Map();
  return runs;
}

function bodyOf(delivery: KnownDelivery, form: 'json' | 'xml' = 'json'): string {
  const { marker, content } = delivery;
  const all = Array.from({ length: content.events }, (_, index) => addressOf(marker, index, content.stops));
  if (content.source === 'open-connectors') {
    const events = all.map((objectId) => ({ eventType: content.type, objectId }));
    return JSON.stringify({ message: { eventId: `platform-${marker}`, events } });
  }
  if (form === 'json') {
    return JSON.stringify({
      ListID: 'model',
      Events: all.map((EmailAddress) => ({ Type: content.type, EmailAddress })),
    });
  }
  const events = all.map((each) => `<Event><Type>${content.type}</Type><EmailAddress>${each}</EmailAddress></Event>`);
  return `<Webhook><ListID>model</ListID><Events>${events.join('')}</Events></Webhook>`;
}

const json = { 'Content-Type': 'application/json' };

async function postOne(
  world: World,
  rig: RelayRig,
  content: Content,
  form: 'json' | 'xml' = 'json',
  agent?: Agent,
): Promise<void> {
  const delivery = world.posting(content);
  const headers = form === 'json' ? json : { 'Content-Type': 'text/xml' };
  world.posted(delivery, await rig.post('campaign-monitor', bodyOf(delivery, form), headers, agent));
}

interface Posted {
  readonly events: number;
  readonly type: EventType;
  readonly stops: boolean;
  readonly form: 'json' | 'xml';
}

export class Post extends Step {
  readonly #posted: Posted;
  constructor(posted: Partial<Posted> = {}) {
    super();
    this.#posted = { events: 1, type: 'Subscribe', stops: false, form: 'json', ...posted };
  }
  protected override said(): unknown {
    return this.#posted;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const { form, ...content } = this.#posted;
    await postOne(world, rig, { source: 'campaign-monitor', ...content }, form);
  }
}

interface BurstPlan {
  readonly count: number;
  /** Which of them is one that conditions ask for; none where there are not so many. */
  readonly stopAt: number;
  /**
   * What is done in the midst of it. `answer`: callbacks hang until then, so that a great many wait; `blink`: it goes on
   * and is paused again several times; `take-key`: a destination's key is taken away.
   */
  readonly amid: 'nothing' | 'pause' | 'continue' | 'blink' | 'take-key' | 'answer' | 'kill' | 'request' | 'SIGTERM';
}

/** Posts a great many, and does something in the midst of it. */
export class Burst extends Step {
  readonly #plan: BurstPlan;
  constructor(plan: Partial<BurstPlan> = {}) {
    super();
    this.#plan = { count: 100, stopAt: Infinity, amid: 'nothing', ...plan };
  }
  protected override said(): unknown {
    return this.#plan;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const { count, stopAt, amid } = this.#plan;
    const agent = new Agent({ keepAlive: true });
    if (amid === 'answer') for (const callback of rig.callbacks.values()) await callback.become('hang');
    let done: Promise<unknown> | undefined;
    const amidst = async (): Promise<unknown> => {
      // When the wave has been written, and before the relay has read it.
      await new Promise((resolve) => setImmediate(resolve));
      if (isEnd(amid)) return end(world, rig, amid);
      return amids[amid](world, rig);
    };
    for (let next = 0; next < count && (done === undefined || !isEnd(amid)); next += waveSize) {
      const wave: Promise<void>[] = [];
      for (let at = next; at < Math.min(next + waveSize, count); at++) {
        const content: Content = { source: 'campaign-monitor', events: 1, type: 'Subscribe', stops: at === stopAt };
        wave.push(postOne(world, rig, content, 'json', agent));
        if (at >= count * 0.6) done ??= amidst();
      }
      await Promise.all(wave);
    }
    await done;
    agent.destroy();
    if (isEnd(amid)) await begin(world, rig);
  }
}

const amids: Record<Exclude<BurstPlan['amid'], End>, (world: World, rig: RelayRig) => Promise<void>> = {
  nothing: () => Promise.resolve(),
  pause,
  continue: goOn,
  async blink(world, rig) {
    for (let round = 0; round < 3; round++) {
      await goOn(world, rig);
      await pause(world, rig);
    }
  },
  'take-key': (world, rig) => giveKey(world, rig, 'mine', false),
  answer: (_, rig) => answerAll(rig),
};

function isEnd(amid: BurstPlan['amid']): amid is Extract<BurstPlan['amid'], End> {
  return !(amid in amids);
}

/** Every callback answers 200 from now on, and what hangs there is answered. */
async function answerAll(rig: RelayRig): Promise<void> {
  for (const callback of rig.callbacks.values()) await callback.become('ok');
}

export class PostPlatform extends Step {
  readonly #signature: 'right' | 'wrong' | 'missing';
  readonly #type: EventType;
  constructor(signature: 'right' | 'wrong' | 'missing', type: EventType = 'Subscribe') {
    super();
    this.#signature = signature;
    this.#type = type;
  }
  protected override said(): unknown {
    return [this.#signature, this.#type];
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const content: Content = { source: 'open-connectors', events: 2, type: this.#type, stops: false };
    const isDue =
      world.onPurpose === null &&
      world.paused === null &&
      this.#signature !== 'right' &&
      world.meets('wrong-signature', content);
    const delivery = world.posting(content);
    // What stops there is not asked about again where it is let go on.
    if (this.#signature !== 'right')
      for (const each of delivery.forwardings) each.passed = world.meets('wrong-signature', content);
    const body = bodyOf(delivery);
    const signed = sign(Buffer.from(body), this.#signature === 'right' ? verifyKey : 'another key');
    const headers = this.#signature === 'missing' ? json : { ...json, 'Elements-Webhook-Signature': signed };
    world.posted(delivery, await rig.post('open-connectors', body, headers));
    if (isDue) await stopped(world, rig);
  }
}

/** Posts what is refused, or a test call. */
export class PostOther extends Step {
  readonly #kind: 'rejected' | 'test';
  constructor(kind: 'rejected' | 'test') {
    super();
    this.#kind = kind;
  }
  protected override said(): unknown {
    return this.#kind;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const isDue =
      world.onPurpose === null && this.#kind === 'rejected' && world.paused === null && world.meets('rejected', null);
    const status = await rig.post('campaign-monitor', this.#kind === 'test' ? '{}' : 'neither', json);
    const should = world.onPurpose ?? (this.#kind === 'test' ? 200 : 400);
    if (status !== should) world.wrong.push(`what is ${this.#kind} was answered ${status}`);
    world.others[this.#kind] += 1;
    if (isDue) await stopped(world, rig);
  }
}

/** Has deliveries answered on purpose from now on, or as usual again. */
export class AnswerOnPurpose extends Step {
  readonly #status: number | null;
  /** @param status null: as usual */
  constructor(status: number | null) {
    super();
    this.#status = status;
  }
  protected override said(): unknown {
    return this.#status;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const answer = this.#status === null ? null : { status: this.#status };
    const { answering } = await rig.client.request('relay/answer', { answer });
    const is = answering.state === 'on-purpose' ? answering.status : null;
    if (is !== this.#status) world.wrong.push(`${this.toString()}: it answers ${is}`);
    world.onPurpose = this.#status;
  }
}

/** A breakpoint was met for sure: sending is found paused. */
async function stopped(world: World, rig: RelayRig): Promise<void> {
  if (world.paused === null) world.stopDue = true;
  await atRest(world, rig);
}

export class Answer extends Step {
  readonly #destination: string;
  readonly #answering: Answering;
  constructor(destination: string, answering: Answering) {
    super();
    this.#destination = destination;
    this.#answering = answering;
  }
  protected override said(): unknown {
    return [this.#destination, this.#answering];
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const isDark = this.#answering === 'refused' || this.#answering === 'backlog';
    if (isDark) world.destination(this.#destination).dark = true;
    await rig.callback(this.#destination).become(this.#answering);
  }
}

export async function pause(world: World, rig: RelayRig): Promise<void> {
  const { sending } = await rig.client.request('debug/pause', { by: { kind: 'terminal', id: 'model' } });
  if (sending.state !== 'paused') world.wrong.push('it was paused, and is not');
  world.pauseTold();
  await lookAtHeld(world, rig);
}

/**
 * A stop at a breakpoint was seen in memory, and may not be on disk yet. To pause what is paused changes nothing, and is
 * answered once it is.
 */
export async function seenPaused(world: World, rig: RelayRig): Promise<void> {
  await rig.client.request('debug/pause', { by: { kind: 'terminal', id: 'model' } });
  world.pauseTold();
}

/** What is held is not under way: none of it may come. */
export async function lookAtHeld(world: World, rig: RelayRig): Promise<void> {
  const { paused } = world;
  if (paused === null) return;
  const { rows } = await allRows(rig.client);
  world.learn(rows);
  const held = await allHeld(rig.client);
  if (world.paused === paused) paused.held ??= new Set(heldOf(world, held));
}

export function heldOf(world: World, held: readonly HeldForwarding[]): KnownForwarding[] {
  return held.flatMap((each) => world.ofHeld(each) ?? []);
}

export class Pause extends Step {
  protected do(world: World, rig: RelayRig): Promise<void> {
    return pause(world, rig);
  }
}

export class Continue extends Step {
  protected async do(world: World, rig: RelayRig): Promise<void> {
    if (world.paused !== null) await atRest(world, rig);
    await goOn(world, rig);
  }
}

export async function goOn(world: World, rig: RelayRig): Promise<void> {
  world.continuing(await allHeld(rig.client));
  const { sending } = await rig.client.request('debug/continue', {});
  world.goingOn = false;
  if (sending.state === 'paused') world.pauseTold();
}

/** What a pause or a breakpoint holds, in order. */
export function heldByGate({ held }: Pick<Observed, 'held'>): HeldForwarding[] {
  const place = ({ notificationId }: HeldForwarding): number => Number(notificationId.slice(1));
  return held.filter(({ heldBy }) => heldBy === 'pause' || heldBy === 'breakpoint').sort((a, b) => place(a) - place(b));
}

export function checkTaken(
  world: World,
  step: Step,
  taken: readonly HeldForwarding[],
  meant: readonly HeldForwarding[],
): void {
  const names = (all: readonly HeldForwarding[]): string =>
    all
      .map((each) => `${each.notificationId} for ${each.destinationId}`)
      .sort()
      .join(', ');
  if (names(taken) !== names(meant))
    world.wrong.push(`${step.toString()} meant ${names(meant)}, and took ${names(taken)}`);
}

/** Steps to what is held, or gives it up. */
abstract class AtHeld extends Step {
  readonly #index: number | null;
  /** @param index which of what is held, by its id; null: the next in order */
  constructor(index: number | null) {
    super();
    this.#index = index;
  }
  protected override said(): unknown {
    return this.#index;
  }
  override check(world: Readonly<World>): boolean {
    return world.paused !== null;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const byGate = heldByGate(await atRest(world, rig));
    const chosen = this.#index === null ? byGate[0] : byGate[this.#index % Math.max(1, byGate.length)];
    const meant = byGate.filter(({ notificationId }) => notificationId === chosen?.notificationId);
    if (chosen === undefined && this.#index !== null) return;
    const done = await this.ask(world, rig, meant, this.#index === null ? undefined : chosen?.notificationId);
    checkTaken(world, this, done, meant);
  }

  protected abstract ask(
    world: World,
    rig: RelayRig,
    meant: readonly HeldForwarding[],
    id: string | undefined,
  ): Promise<readonly HeldForwarding[]>;
}

export class Release extends AtHeld {
  protected async ask(
    world: World,
    rig: RelayRig,
    meant: readonly HeldForwarding[],
    id: string | undefined,
  ): Promise<readonly HeldForwarding[]> {
    world.releasing(heldOf(world, meant), id !== undefined);
    return (await rig.client.request('debug/step', id === undefined ? {} : { id })).released;
  }
}

export class Drop extends AtHeld {
  protected async ask(
    world: World,
    rig: RelayRig,
    meant: readonly HeldForwarding[],
    id: string | undefined,
  ): Promise<readonly HeldForwarding[]> {
    const { dropped } = await rig.client.request('debug/drop', id === undefined ? {} : { id });
    const forwardings = heldOf(world, meant);
    world.discarded(forwardings, new Set(forwardings));
    return dropped;
  }
}

/** An edited body that is to take the place of what is held of a delivery. */
export class Edited {
  readonly #world: World;
  readonly #chosen: HeldForwarding;
  readonly delivery: KnownDelivery;

  /** @param chosen of what is held, the one by which it is asked for */
  constructor(world: World, held: readonly HeldForwarding[], chosen: HeldForwarding) {
    this.#world = world;
    this.#chosen = chosen;
    const originals = held.filter(({ deliveryId }) => deliveryId === chosen.deliveryId);
    const { source, type } = world.ofHeld(chosen)?.delivery.content ?? ({ source: 'campaign-monitor' } as Content);
    const content: Content = { source, events: source === 'open-connectors' ? 2 : 1, type, stops: true };
    const to = new Set(originals.map(({ destinationId }) => world.destination(destinationId)));
    this.delivery = world.posting(
      content,
      [...to].filter((each) => world.takes(each, content)),
    );
  }

  /** @returns what it took the place of; undefined where it was refused */
  async ask(client: RelayClient): Promise<readonly HeldForwarding[] | undefined> {
    const { delivery } = this;
    try {
      const body = { text: bodyOf(delivery) };
      const result = await client.request('debug/edit', {
        ...{ id: this.#chosen.notificationId, body, contentType: 'application/json' },
      });
      delivery.id = result.delivery.id;
      delivery.unsure = false;
      this.#narrow(result.dropped);
      return result.dropped;
    } catch (error) {
      if (!(error instanceof RelayRequestError)) throw error;
      delivery.gone = true;
      return undefined;
    }
  }

  /** It goes only where it took the place of something. */
  #narrow(dropped: readonly HeldForwarding[]): void {
    const { forwardings } = this.delivery;
    for (const each of [...forwardings]) {
      if (dropped.some(({ destinationId }) => destinationId === each.destination.id)) continue;
      forwardings.splice(forwardings.indexOf(each), 1);
      if (each.arrivals.length > 0) this.#world.wrong.push(`${each.name} came, and took no one's place`);
      each.state = 'discarded';
    }
  }
}

export class Edit extends Step {
  readonly #index: number;
  constructor(index: number) {
    super();
    this.#index = index;
  }
  protected override said(): unknown {
    return this.#index;
  }
  override check(world: Readonly<World>): boolean {
    return world.paused !== null;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const byGate = heldByGate(await atRest(world, rig));
    const chosen = byGate[this.#index % Math.max(1, byGate.length)];
    if (chosen === undefined) return;
    const edited = new Edited(world, byGate, chosen);
    const goesTo = edited.delivery.forwardings.map(({ destination }) => destination.id);
    const isTaken = goesTo.length > 0;
    const dropped = await edited.ask(rig.client);
    if ((dropped !== undefined) !== isTaken)
      world.wrong.push(`${this.toString()} was ${isTaken ? 'refused' : 'not refused'}`);
    if (dropped === undefined) return;
    checkTaken(
      world,
      this,
      dropped,
      byGate.filter((each) => each.deliveryId === chosen.deliveryId && goesTo.includes(each.destinationId)),
    );
    const originals = heldOf(world, dropped);
    world.discarded(originals, new Set(originals));
  }
}

/** Breakpoints as the model sets them, by what they stop. */
export const breakpoints = {
  every: { at: 'event', enabled: true },
  stop: { at: 'event', condition: conditions.stop, enabled: true },
  update: { at: 'event', condition: conditions.update, enabled: true },
  disabled: { at: 'event', enabled: false },
  failed: { at: 'failed-attempt', enabled: true },
  unsigned: { at: 'wrong-signature', enabled: true },
  rejected: { at: 'rejected', enabled: true },
} as const satisfies Record<string, Breakpoint>;
export type BreakpointName = keyof typeof breakpoints;

/** Who sets breakpoints, and by which connection. */
export interface Setter {
  readonly owner: 'terminal' | 'vscode';
  readonly connection: Connection;
}

/**
 * Sets breakpoints in place of those that the same connection set, with which they go; or adds some, which stay; or takes
 * away one or all.
 */
export class Break extends Step {
  readonly #how: 'set' | 'add' | 'remove' | 'remove-all';
  readonly #names: readonly BreakpointName[];
  readonly #by: Setter;
  constructor(
    how: 'set' | 'add' | 'remove' | 'remove-all',
    names: readonly BreakpointName[] = [],
    by: Setter = { owner: 'terminal', connection: 'first' },
  ) {
    super();
    this.#how = how;
    this.#names = names;
    this.#by = by;
  }
  protected override said(): unknown {
    return [this.#how, this.#names, this.#by];
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const how = this.#how;
    const { owner, connection } = this.#by;
    const given = how === 'set' || how === 'add' ? this.#names.map((name): Breakpoint => breakpoints[name]) : [];
    const before = world.breakpoints;
    const [first] = before;
    const goes = {
      set: (each: KnownBreakpoint) => each.session === connection,
      add: () => false,
      remove: (each: KnownBreakpoint) => each === first,
      'remove-all': () => true,
    }[how];
    world.leaving(goes);
    const left = world.breakpoints.length;
    const result = await rig.clientOf(connection).request('debug/breakpoints', {
      owner,
      ...(how === 'set' && { set: given }),
      ...(how === 'add' && { add: given }),
      ...(how === 'remove' && { remove: first === undefined ? [] : [first.id] }),
      ...(how === 'remove-all' && { remove: 'all' as const }),
    });
    if (result.breakpoints.length !== given.length + left)
      world.wrong.push(`there are ${result.breakpoints.length} breakpoints`);
    const kept = new Map(before.map((each) => [each.id, each]));
    world.breakpoints = result.breakpoints.map(({ id, at, condition, enabled, ...one }) => {
      const spec = { at, condition, enabled };
      const known = kept.get(id) ?? { id, owner: one.owner, spec, since: world.step, session: null };
      return how === 'set' && !kept.has(id) ? { ...known, session: connection } : known;
    });
  }
}

/** The second client goes, and with it the breakpoints that it set; another one comes. */
export class Leave extends Step {
  protected async do(world: World, rig: RelayRig): Promise<void> {
    world.leaving(({ session }) => session === 'second');
    await rig.reconnect();
    await until(
      async () => idsOf(await keptBreakpoints(rig)) === idsOf(world.breakpoints),
      undefined,
      'the breakpoints of a client that has gone are gone',
    );
  }
}

async function keptBreakpoints(rig: RelayRig): Promise<readonly { readonly id: string }[]> {
  return (await rig.client.request('debug/breakpoints', {})).breakpoints;
}

function idsOf(all: readonly { readonly id: string }[]): string {
  return all.map(({ id }) => id).join(' ');
}

/** Gives up something that waits or is held, or all of it. */
export class Discard extends Step {
  readonly #index: number | null;
  constructor(index: number | null) {
    super();
    this.#index = index;
  }
  protected override said(): unknown {
    return this.#index;
  }
  override check(world: Readonly<World>): boolean {
    return world.open.length > 0;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const { held } = await atRest(world, rig);
    const { open } = world;
    const chosen = this.#index === null ? undefined : open[this.#index % Math.max(1, open.length)];
    if (this.#index !== null && chosen?.delivery.id === undefined) return;
    const meant = chosen === undefined ? world.forwardings : chosen.delivery.forwardings;
    const before = meant.filter(({ state, again }) => state === 'open' || again);
    await rig.client.request(
      'notifications/discard',
      chosen?.delivery.id === undefined ? { waiting: true } : { ids: [chosen.delivery.id] },
    );
    const heldNow = new Set(heldOf(world, held));
    world.discarded(before, heldNow);
    // One that was answered meanwhile may have been discarded before that was known.
    for (const each of before) if (!heldNow.has(each)) each.racing = true;
  }
}

/** Sends again what is done. */
export class Replay extends Step {
  readonly #index: number | 'failed';
  constructor(index: number | 'failed') {
    super();
    this.#index = index;
  }
  protected override said(): unknown {
    return this.#index;
  }
  override check(world: Readonly<World>): boolean {
    return world.forwardings.some(({ state }) => state !== 'open');
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
    await this.#name(world, rig);
    const done = world.forwardings.filter(
      ({ state, hangs, delivery }) => state !== 'open' && !hangs && !delivery.unsure,
    );
    if (this.#index !== 'failed') {
      const id = done[this.#index % Math.max(1, done.length)]?.notificationId;
      const all = world.forwardings.filter((each) => each.notificationId === id);
      if (id === undefined || all.some(({ hangs }) => hangs)) return;
      world.replaying(all);
      await rig.client.request('notifications/replay', { ids: [id] });
      return;
    }
    const failed = new Set(done.filter(({ state }) => state === 'failed').map(({ notificationId }) => notificationId));
    const all = world.forwardings.filter(({ notificationId }) => failed.has(notificationId));
    if (world.forwardings.some(({ hangs }) => hangs)) return;
    world.replaying(all);
    await rig.client.request('notifications/replay', { failed: true });
  }

  /** Raw ones are in no row by their ids. */
  async #name(world: World, rig: RelayRig): Promise<void> {
    for (const { id, forwardings, gone } of world.deliveries) {
      if (gone || id === undefined || forwardings.every(({ notificationId }) => notificationId !== undefined)) continue;
      const { notifications } = await rig.client.request('deliveries/get', { id });
      for (const each of forwardings) {
        const own = notifications.filter((one) =>
          one.forwardings.some(({ destinationId }) => destinationId === each.destination.id),
        );
        each.notificationId ??= own.length === 1 ? own[0]?.id : undefined;
      }
    }
  }
}

type DestinationChange = 'remove' | 'add' | 'updates' | 'all-types' | 'hold' | 'free' | KeyName | 'no-key';

/** Changes a destination of the settings. */
export class Redirect extends Step {
  readonly #destination: string;
  readonly #change: DestinationChange;
  constructor(destination: string, change: DestinationChange) {
    super();
    this.#destination = destination;
    this.#change = change;
  }
  protected override said(): unknown {
    return [this.#destination, this.#change];
  }
  override check(world: Readonly<World>): boolean {
    const { configured } = world.destination(this.#destination);
    return this.#change === 'add' ? !configured : configured;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
    const destination = world.destination(this.#destination);
    const changed = world.changing(destination);
    const change = this.#change;
    if (change === 'remove' || change === 'add') destination.configured = change === 'add';
    else if (change === 'updates' || change === 'all-types')
      destination.types = change === 'updates' ? ['Update'] : undefined;
    else if (change === 'hold' || change === 'free') destination.held = change === 'hold';
    else destination.keyName = change === 'no-key' ? undefined : change;
    changed();
    await configure(world, rig);
  }
}

async function configure(world: World, rig: RelayRig): Promise<void> {
  const destinations = world.settings((id) => rig.callback(id).url);
  await rig.client.request('relay/configure', { settings: { destinations } });
}

/** Gives a signature key, or takes it away. */
export class Key extends Step {
  readonly #name: KeyName;
  readonly #isGiven: boolean;
  constructor(name: KeyName, isGiven: boolean) {
    super();
    this.#name = name;
    this.#isGiven = isGiven;
  }
  protected override said(): unknown {
    return [this.#name, this.#isGiven];
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
    await giveKey(world, rig, this.#name, this.#isGiven);
  }
}

async function giveKey(world: World, rig: RelayRig, name: KeyName, isGiven: boolean): Promise<void> {
  for (const each of world.destinations.values()) if (each.keyName === name) each.closed = false;
  if (isGiven) world.keysGiven.add(name);
  else world.keysGiven.delete(name);
  await rig.client.request('relay/configure', { secrets: { signatureKeys: { [name]: isGiven ? keys[name] : null } } });
}

/** Keeps only so many deliveries. */
export class Retain extends Step {
  readonly #most: number;
  constructor(most: number) {
    super();
    this.#most = most;
  }
  protected override said(): unknown {
    return this.#most;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
    world.mayRemove = true;
    world.mostDeliveries = this.#most;
    await retain(world, rig);
  }
}

async function retain(world: World, rig: RelayRig): Promise<void> {
  if (world.mostDeliveries === Infinity) return;
  await rig.client.request('relay/configure', { settings: { retention: { maxDeliveries: world.mostDeliveries } } });
}

export class Clear extends Step {
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
    world.mayRemove = true;
    await rig.client.request('events/clear', {});
  }
}

/** Ends the relay and starts it again. */
export class Restart extends Step {
  readonly #by: End;
  constructor(by: End) {
    super();
    this.#by = by;
  }
  protected override said(): unknown {
    return this.#by;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await end(world, rig, this.#by);
    await begin(world, rig);
  }
}

type End = 'kill' | 'request' | 'SIGTERM' | 'SIGINT';

async function end(world: World, rig: RelayRig, by: End): Promise<void> {
  if (by === 'kill') await rig.kill();
  else await rig.stop(by);
  world.ended();
}

/** Starts the relay, which is as it was left but for its keys. */
export async function begin(world: World, rig: RelayRig): Promise<void> {
  await rig.start();
  // It ends with the relay.
  world.onPurpose = null;
  await rig.client.request('relay/configure', { secrets: { verifyKeys: { platform: verifyKey } } });
  await retain(world, rig);
  world.restarted((await allRows(rig.client)).rows);
  const { sending } = await rig.client.request('debug/sending', {});
  if (world.paused !== null && sending.state !== 'paused') world.wrong.push('it was paused, and is not after its end');
  if (world.paused === null && sending.state === 'paused') {
    if (!world.mayHaveStopped) world.wrong.push('it is paused after its end, and nobody paused it');
    await seenPaused(world, rig);
  }
  const kept = idsOf(await keptBreakpoints(rig));
  if (kept !== idsOf(world.breakpoints))
    world.wrong.push(`its breakpoints after its end are ${kept}, and were ${idsOf(world.breakpoints)}`);
}

/** Looks at all that clients are told. */
export class Look extends Step {
  protected async do(world: World, rig: RelayRig): Promise<void> {
    await atRest(world, rig);
  }
}

/** Waits until sending has stopped, or a destination is known to be down. */
export class Await extends Step {
  readonly #what: 'stop' | { readonly down: string };
  constructor(what: 'stop' | { readonly down: string }) {
    super();
    this.#what = what;
  }
  protected override said(): unknown {
    return this.#what;
  }
  protected async do(world: World, rig: RelayRig): Promise<void> {
    const what = this.#what;
    await until(async () => {
      throwWrong(world, rig);
      if (what === 'stop') return world.paused !== null;
      const { destinations } = await rig.client.request('relay/status', {});
      return destinations.some(({ destinationId, state }) => destinationId === what.down && state === 'down');
    });
  }
}

/** The end of each sequence: all goes on, everything arrives, and what is told then is what is kept. */
export async function finish(world: World, rig: RelayRig, timeoutMs: number): Promise<void> {
  await answerAll(rig);
  const isClosed = [...world.destinations.values()].some((each) => world.holds(each));
  if (isClosed) {
    for (const each of world.destinations.values()) {
      const changed = world.changing(each);
      Object.assign(each, { held: false, configured: true });
      changed();
    }
    for (const name of Object.keys(keys) as KeyName[]) world.keysGiven.add(name);
    await configure(world, rig);
    await rig.client.request('relay/configure', { secrets: { signatureKeys: keys } });
  }
  await new Break('remove-all').run(world, rig);
  await goOn(world, rig);
  const { status } = await atRest(world, rig, false, timeoutMs);
  await checkPages(rig.client);
  const { rows } = await allRows(rig.client);
  world.checkOrder();
  throwWrong(world, rig);
  await rig.stop('request');
  throwWrong(world, rig);
  await rig.history(async (client) => {
    const kept = await allRows(client);
    const short = (all: typeof rows): string =>
      JSON.stringify(
        all.map(({ id, forwardings }) => [
          id,
          ...forwardings.map((each) => [each.destinationId, each.state, each.attempts]),
        ]),
      );
    if (short(kept.rows) !== short(rows)) world.wrong.push('the stopped history has other rows than the relay told');
    const { sending } = await client.request('debug/sending', {});
    if (sending.state !== 'flowing') world.wrong.push(`the stopped history says that sending is ${sending.state}`);
    await checkPages(client);
  });
  if (status.counts.waiting + status.counts.held > 0) world.wrong.push('something waits to the end');
  throwWrong(world, rig);
}
