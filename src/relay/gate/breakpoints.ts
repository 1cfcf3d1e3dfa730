/** Breakpoints: what they ask, how often they were met, and why they did not stop. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type * as Expressions from '../../common/expressions/expressions.ts';
import { parseJson } from '../../common/parse-json.ts';
import { breakpointSchema, mostBreakpoints } from '../../protocol/debug.ts';
import type { Breakpoint, BreakpointPlace, KeptBreakpoint, Logged, RefusedBreakpoint } from '../../protocol/debug.ts';
import type { Variables } from './conditions.ts';
import { mostEventsLookedAt } from './debug-subject.ts';
import type { SeenEvent } from './debug-subject.ts';
import type { Caller } from './timeout-suspension.ts';
import { iso } from '../log/protocol-shapes.ts';

const switchedOffSchema = z.object({ at: z.int(), text: z.string() });

/** As it is kept on disk. */
const storedBreakpointSchema = breakpointSchema.extend({
  id: z.int().min(1),
  owner: z.string(),
  switchedOff: switchedOffSchema.optional(),
});
const storedSchema = z.object({ next: z.int().min(1), breakpoints: z.array(storedBreakpointSchema) });

/** What is noted while one is asked. */
const askedSchema = z.object({ id: z.int().min(1), spec: breakpointSchema });

/** What the disk keeps of breakpoints. */
export type StoredBreakpoints = z.infer<typeof storedSchema>;

/** What a client asks for. */
export interface BreakpointChange {
  readonly owner: string;
  /** Replaces those that the caller set before; they live as long as its connection. */
  readonly set?: readonly Breakpoint[] | undefined;
  /** Beside the others: they stay until they are removed. */
  readonly add?: readonly Breakpoint[] | undefined;
  readonly remove?: 'all' | readonly string[] | undefined;
}

/** What looking at the breakpoints of a place came to. */
export interface Looked {
  /** Where it stops, with the first event that met one, or that one could not be asked about; null where it goes on. */
  readonly stop: Stopping | null;
  readonly logged: readonly Pick<Logged, 'breakpointId' | 'eventId' | 'text'>[];
}

/** The breakpoints that stop. */
export interface Stopping {
  /** At least one. */
  readonly ids: readonly number[];
  readonly eventId: string;
  /** Those among them that could not be asked, and why. */
  readonly failures: ReadonlyMap<number, string>;
}

/** The breakpoint that was being asked when the last relay ended. */
export interface Died {
  readonly id: number;
  /** Whether it stops what it cannot be asked about. */
  readonly stops: boolean;
  /** What the disk is to keep: it is off. */
  readonly stored: StoredBreakpoints;
}

/** Where it is noted which breakpoint is being asked (asked-mark.ts). */
export interface Mark {
  readonly left: string;
  note(what: string): void;
}

const noMark: Mark = { left: '', note: () => undefined };

/**
 * Looking at one notification, however many events and breakpoints, takes the processor no longer than about this, in
 * milliseconds. A machine that is busy with something else leaves nothing out, unless it takes four times that.
 */
const mostLookingMs = 250;

interface Compiled {
  readonly condition: ((variables: Variables) => boolean) | null;
  readonly hits: ((met: number) => boolean) | null;
  readonly log: ((variables: Variables) => string) | null;
}

interface Known {
  readonly id: number;
  readonly owner: string;
  readonly spec: Breakpoint;
  readonly compiled: Compiled;
  /** The client that it goes with; null where it stays until it is removed. */
  readonly session: Caller | null;
  lookedAt: number;
  met: number;
  stops: number;
  lastMetAt: number | null;
  lastNotStopped: { at: number; why: NonNullable<KeptBreakpoint['lastNotStopped']>['why']; text: string } | null;
  failure: { at: number; text: string } | null;
  /** Why it is off whatever it says of itself. */
  switchedOff: z.infer<typeof switchedOffSchema> | null;
}

const offText =
  'the relay ended while evaluating this breakpoint, so the breakpoint is off: remove it, or set it again to turn it on';

/** The breakpoints of a relay. */
export class Breakpoints {
  #known: readonly Known[] = [];
  #next = 1;
  #watched: ReadonlySet<BreakpointPlace> = new Set();
  /** Changes are made one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #sessions = new WeakSet<Caller>();
  readonly #onGone: () => void;
  readonly #mark: Mark;
  /** What was being asked when the last relay ended, and when that was found. */
  #died: { readonly spec: Breakpoint; readonly at: number } | null = null;

  /**
   * @param onGone called when those of a client that has gone were removed
   * @param mark where it is noted which one is asked
   */
  constructor(onGone: () => void = () => undefined, mark = noMark) {
    this.#onGone = onGone;
    this.#mark = mark;
  }

  /** How many are enabled. */
  get enabled(): number {
    return this.#known.filter(isOn).length;
  }

  /** Whether any is to be looked at there. */
  watches(place: BreakpointPlace): boolean {
    return this.#watched.has(place);
  }

  /**
   * Takes what the disk has kept. What was being asked when the last relay ended is off from now on.
   * @param kept as it was read; undefined: nothing
   * @param onDied puts on disk what follows from that; it is known as long as this has not ended
   * @returns what the user should know
   */
  async restore(kept: unknown, onDied: (died: Died) => Promise<void> = () => Promise.resolve()): Promise<string[]> {
    const asked = askedSchema.safeParse(parseJson(this.#mark.left)).data;
    const at = Date.now();
    if (asked !== undefined) this.#died = { spec: asked.spec, at };
    const read = kept === undefined ? undefined : storedSchema.safeParse(kept);
    const said: string[] = [];
    if (read?.success === false) said.push('the saved breakpoints could not be read and were removed');
    const known: Known[] = [];
    for (const { id, owner, switchedOff, ...spec } of read?.data?.breakpoints ?? []) {
      const compiled = await compile(spec);
      if ('message' in compiled) {
        said.push(`breakpoint b${id} could not be read and was removed: ${compiled.message}`);
        continue;
      }
      const off = id === asked?.id ? { at, text: offText } : (switchedOff ?? null);
      known.push({ ...fresh(id, owner, spec, compiled, null), switchedOff: off });
    }
    this.#next = read?.data?.next ?? 1;
    this.#take(known);
    if (asked === undefined) return said;
    said.push(`breakpoint b${asked.id}: ${offText}`);
    await onDied({ id: asked.id, stops: stopsOnFailure(asked.spec), stored: storedOf(this.#next, known) });
    this.#mark.note('');
    return said;
  }

  /**
   * Changes breakpoints, after what was asked before.
   * @param caller who asks
   * @param keep puts on disk what stays, where that has changed
   * @throws what `keep` throws, and nothing has changed then
   */
  change(
    change: BreakpointChange,
    caller: Caller,
    keep: (stored: StoredBreakpoints) => Promise<void>,
  ): Promise<{ breakpoints: KeptBreakpoint[]; changed: string[]; refused: RefusedBreakpoint[] }> {
    return this.#inTurn(() => this.#change(change, caller, keep));
  }

  async #change(
    { owner, set, add, remove }: BreakpointChange,
    caller: Caller,
    keep: (stored: StoredBreakpoints) => Promise<void>,
  ): Promise<{ breakpoints: KeptBreakpoint[]; changed: string[]; refused: RefusedBreakpoint[] }> {
    const refused: RefusedBreakpoint[] = [];
    const changed: string[] = [];
    const session = set === undefined ? null : caller;
    let next = this.#next;
    let known = [...this.#known];
    const without = (isGone: (each: Known) => boolean): void => {
      changed.push(...known.filter(isGone).map(({ id }) => `b${id}`));
      known = known.filter((each) => !isGone(each));
    };
    if (remove !== undefined) without(({ id }) => remove === 'all' || remove.includes(`b${id}`));
    const given = set ?? add ?? [];
    // One that stays as it is keeps its id and its counts. Clients of one name don't replace each other's.
    const before = session === null ? [] : known.filter((each) => each.session === session);
    if (session !== null) known = known.filter((each) => each.session !== session);
    for (const [index, spec] of given.entries()) {
      const same = before.findIndex((each) => isDeepStrictEqual(each.spec, spec));
      const [kept] = same === -1 ? [] : before.splice(same, 1);
      if (kept !== undefined) {
        known.push(kept);
        changed.push(`b${kept.id}`);
        continue;
      }
      const compiled = known.length < mostBreakpoints ? await compile(spec) : tooMany;
      if ('message' in compiled) refused.push({ index, ...compiled });
      else {
        known.push({ ...fresh(next, owner, spec, compiled, session), switchedOff: this.#offAgain(spec, session) });
        changed.push(`b${next}`);
        next += 1;
      }
    }
    changed.push(...before.map(({ id }) => `b${id}`));
    const stored = storedOf(next, known);
    if (!isDeepStrictEqual(stored, storedOf(this.#next, this.#known))) await keep(stored);
    this.#next = next;
    this.#take(known);
    if (session !== null) this.#followSession(session);
    return { breakpoints: this.list(), changed, refused };
  }

  /** A session sets by itself what it had: what ended the last relay would end this one. */
  #offAgain(spec: Breakpoint, session: Caller | null): Known['switchedOff'] {
    const died = this.#died;
    return session !== null && died !== null && isDeepStrictEqual(died.spec, spec)
      ? { at: died.at, text: offText }
      : null;
  }

  /** Those of a client go with its connection. */
  #followSession(session: Caller): void {
    if (this.#sessions.has(session)) return;
    this.#sessions.add(session);
    const gone = (): void =>
      void this.#inTurn(() => {
        this.#take(this.#known.filter((each) => each.session !== session));
        this.#onGone();
        return Promise.resolve();
      });
    if (session.ended.aborted) gone();
    else session.ended.addEventListener('abort', gone);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #take(known: readonly Known[]): void {
    this.#known = known;
    this.#watched = new Set(known.filter(isOn).map(({ spec }) => spec.at));
  }

  /** How each stands. */
  list(): KeptBreakpoint[] {
    return this.#known.map((each) => ({
      ...each.spec,
      enabled: isOn(each),
      id: `b${each.id}`,
      owner: each.owner,
      lookedAt: each.lookedAt,
      met: each.met,
      stops: each.stops,
      lastMetAt: each.lastMetAt === null ? null : iso(each.lastMetAt),
      lastNotStopped: each.lastNotStopped && { ...each.lastNotStopped, at: iso(each.lastNotStopped.at) },
      failure: each.failure && { ...each.failure, at: iso(each.failure.at) },
      switchedOff: each.switchedOff && { ...each.switchedOff, at: iso(each.switchedOff.at) },
    }));
  }

  /**
   * Looks at those of a place. One that cannot be asked stops, unless it says otherwise.
   * @param events what they are asked about, one after another: none more is read than is asked for
   * @param isStepped it was let through by hand: it does not stop, and whoever was met says so
   */
  look(place: BreakpointPlace, events: Iterable<SeenEvent>, isStepped: boolean): Looked {
    const looking = new Looking(
      this.#known.filter((each) => isOn(each) && each.spec.at === place),
      isStepped,
      this.#mark,
    );
    return looking.at(events);
  }

  /** A destination cannot be reached, which under this retry policy is no failed attempt. */
  unreachable(place: string): void {
    const text = `cannot reach ${place}: events for it wait until it answers, and a failed connection does not count as an attempt`;
    for (const each of this.#known) {
      if (each.spec.at !== 'failed-attempt' || !isOn(each)) continue;
      each.lastNotStopped = { at: Date.now(), why: 'unreachable-is-no-attempt', text };
    }
  }
}

/** How many of the breakpoints that were kept are enabled. */
export function enabledOf(kept: unknown): number {
  return (storedSchema.safeParse(kept).data?.breakpoints ?? []).filter(
    ({ enabled, switchedOff }) => enabled && switchedOff === undefined,
  ).length;
}

/** What the disk is to keep: not those that go with a session. */
function storedOf(next: number, known: readonly Known[]): StoredBreakpoints {
  const staying = known.filter(({ session }) => session === null);
  return {
    next,
    breakpoints: staying.map(({ id, owner, spec, switchedOff }) => ({
      ...{ ...spec, id, owner },
      ...(switchedOff !== null && { switchedOff }),
    })),
  };
}

function fresh(id: number, owner: string, spec: Breakpoint, compiled: Compiled, session: Caller | null): Known {
  const counts = { lookedAt: 0, met: 0, stops: 0, lastMetAt: null, lastNotStopped: null };
  const wrong = { failure: null, switchedOff: null };
  return { id, owner, spec, compiled, session, ...counts, ...wrong };
}

function isOn({ spec, switchedOff }: Known): boolean {
  return spec.enabled && switchedOff === null;
}

/** Whether it stops what it cannot be asked about. A log point never does. */
function stopsOnFailure({ log, onFailure }: Breakpoint): boolean {
  return log === undefined && onFailure !== 'pass';
}

/** One look of breakpoints at what is on its way. */
class Looking {
  readonly #all: readonly Known[];
  readonly #isStepped: boolean;
  readonly #mark: Mark;
  readonly #now = Date.now();
  readonly #began = performance.now();
  readonly #used = process.cpuUsage();
  readonly #stopped = new Set<number>();
  readonly #failures = new Map<number, string>();
  readonly #logged: Looked['logged'][number][] = [];
  #stoppedAt: string | undefined;
  /** The one that is noted as being asked. */
  #noted: Known | undefined;

  constructor(all: readonly Known[], isStepped: boolean, mark: Mark) {
    this.#all = all;
    this.#isStepped = isStepped;
    this.#mark = mark;
  }

  at(events: Iterable<SeenEvent>): Looked {
    for (const each of this.#all) each.lookedAt += 1;
    let looked = 0;
    for (const { eventId, variables } of events) {
      if (looked === mostEventsLookedAt || (looked > 0 && this.#isOver())) {
        this.#leaveOut(this.#all, eventId, `only the first ${looked} events of the notification were checked`);
        break;
      }
      looked += 1;
      for (const [index, each] of this.#all.entries()) {
        if (index > 0 && this.#isOver()) {
          const text = `checking the events up to ${eventId} took longer than ${mostLookingMs} ms`;
          this.#leaveOut(this.#all.slice(index), eventId, text);
          break;
        }
        this.#ask(each, eventId, variables);
      }
    }
    if (this.#noted !== undefined) this.#mark.note('');
    for (const each of this.#all) if (this.#stopped.has(each.id)) each.stops += 1;
    const eventId = this.#stoppedAt;
    const stop = eventId === undefined ? null : { ids: [...this.#stopped], eventId, failures: this.#failures };
    return { stop, logged: this.#logged };
  }

  #isOver(): boolean {
    const passed = performance.now() - this.#began;
    // What the processor did takes longer to read than the time.
    if (passed <= mostLookingMs) return false;
    if (passed > 4 * mostLookingMs) return true;
    const { user, system } = process.cpuUsage(this.#used);
    return user + system > mostLookingMs * 1000;
  }

  #ask(each: Known, eventId: string, variables: Variables): void {
    const { condition, hits, log } = each.compiled;
    const { type, hitCount = '' } = each.spec;
    if (type !== undefined && variables.event['type'] !== type) {
      this.#passes(each, 'condition-not-met', `the event's type was not ${type}`);
      return;
    }
    try {
      if (condition !== null && !this.#asked(each, condition, variables)) {
        this.#passes(each, 'condition-not-met', 'the condition was false');
        return;
      }
    } catch (error) {
      const { message } = error as Error;
      each.failure = { at: this.#now, text: message };
      this.#fail(each, eventId, 'condition-failed', `its condition could not be evaluated: ${message}`);
      return;
    }
    each.met += 1;
    each.lastMetAt = this.#now;
    if (hits?.(each.met) === false) {
      this.#passes(each, 'hit-count', `it has matched ${times(each.met)}, but its hit count is ${hitCount}`);
    } else if (log !== null) {
      this.#log(each, log, eventId, variables);
    } else this.#stop(each, eventId);
  }

  /** Asks an expression. Which one is noted, so that it is known where this ends the process. */
  #asked<T>(each: Known, expression: (variables: Variables) => T, variables: Variables): T {
    if (this.#noted !== each) this.#mark.note(JSON.stringify({ id: each.id, spec: each.spec }));
    this.#noted = each;
    return expression(variables);
  }

  #log(each: Known, log: (variables: Variables) => string, eventId: string, variables: Variables): void {
    try {
      const text = this.#asked(each, log, variables);
      this.#logged.push({ breakpointId: `b${each.id}`, eventId, text });
    } catch (error) {
      each.failure = { at: this.#now, text: `its log text could not be evaluated: ${(error as Error).message}` };
    }
    this.#passes(each, 'log-point', 'a logpoint never stops');
  }

  #leaveOut(all: readonly Known[], eventId: string, text: string): void {
    for (const each of all) if (!this.#stopped.has(each.id)) this.#fail(each, eventId, 'events-left-out', text);
  }

  /** It cannot be said whether one is met: a sender may have made it so. */
  #fail(each: Known, eventId: string, why: 'condition-failed' | 'events-left-out', text: string): void {
    if (!stopsOnFailure(each.spec)) {
      this.#passes(each, why, text);
      return;
    }
    if (!this.#isStepped && !this.#stopped.has(each.id)) this.#failures.set(each.id, text);
    this.#stop(each, eventId);
  }

  #stop(each: Known, eventId: string): void {
    if (this.#isStepped) {
      this.#passes(each, 'stepped', 'you stepped to the event');
      return;
    }
    this.#stopped.add(each.id);
    this.#stoppedAt ??= eventId;
  }

  #passes(each: Known, why: NonNullable<Known['lastNotStopped']>['why'], text: string): void {
    each.lastNotStopped = { at: this.#now, why, text };
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

type Refusal = Omit<RefusedBreakpoint, 'index'>;

const tooMany: Refusal = {
  in: 'breakpoint',
  message: `there are already ${mostBreakpoints} breakpoints`,
  start: 0,
  end: 0,
};

/** Reads the expressions of a breakpoint. The language is loaded with the first. */
async function compile(spec: Breakpoint): Promise<Compiled | Refusal> {
  const [conditions, { ExpressionError }] = await Promise.all([
    import('./conditions.ts'),
    import('../../common/expressions/expressions.ts'),
  ]);
  const refusals: Refusal[] = [];
  const compiled = {
    condition: read('condition', spec.condition, conditions.readCondition, ExpressionError, refusals),
    hits: read('hitCount', spec.hitCount, conditions.readHitCount, ExpressionError, refusals),
    log: read('log', spec.log, conditions.readLog, ExpressionError, refusals),
  };
  return refusals[0] ?? compiled;
}

function read<T>(
  name: 'condition' | 'hitCount' | 'log',
  text: string | undefined,
  readText: (text: string) => T,
  ExpressionError: typeof Expressions.ExpressionError,
  refusals: Refusal[],
): T | null {
  if (text === undefined) return null;
  try {
    return readText(text);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    refusals.push({ in: name, message: error.message, start: error.start, end: error.end });
    return null;
  }
}
