/** Breakpoints: what they ask, how often they were met, and why they did not stop. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type * as Expressions from '../common/expressions.ts';
import { breakpointSchema, mostBreakpoints } from '../protocol/debug.ts';
import type { Breakpoint, BreakpointPlace, KeptBreakpoint, Logged, RefusedBreakpoint } from '../protocol/debug.ts';
import type { Variables } from './conditions.ts';
import { mostEventsLookedAt } from './debug-subject.ts';
import type { SeenEvent } from './debug-subject.ts';
import type { Caller } from './patience.ts';
import { iso } from './shown.ts';

/** As it is kept on disk. */
const storedBreakpointSchema = breakpointSchema.extend({ id: z.int().min(1), owner: z.string() });
const storedSchema = z.object({ next: z.int().min(1), breakpoints: z.array(storedBreakpointSchema) });

/** What the disk keeps of breakpoints. */
export type StoredBreakpoints = z.infer<typeof storedSchema>;

/** What a client asks for. */
export interface BreakpointChange {
  readonly owner: string;
  /** In the place of the owner's others: a session's, which live as long as its connection. */
  readonly set?: readonly Breakpoint[] | undefined;
  /** Beside the others: they stay until they are removed. */
  readonly add?: readonly Breakpoint[] | undefined;
  readonly remove?: 'all' | readonly string[] | undefined;
}

/** What looking at the breakpoints of a place came to. */
export interface Looked {
  /** The first at which it stops, with the event that met it; null where it goes on. */
  readonly stop: { readonly ids: readonly number[]; readonly eventId: string } | null;
  readonly logged: readonly Pick<Logged, 'breakpointId' | 'eventId' | 'text'>[];
}

/** Looking at one notification, however many events and breakpoints, takes no longer than about this, in milliseconds. */
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
  session: Caller | null;
  lookedAt: number;
  met: number;
  stops: number;
  lastMetAt: number | null;
  lastNotStopped: { at: number; why: NonNullable<KeptBreakpoint['lastNotStopped']>['why']; text: string } | null;
  failure: { at: number; text: string } | null;
}

/** The breakpoints of a relay. */
export class Breakpoints {
  #known: readonly Known[] = [];
  #next = 1;
  #watched: ReadonlySet<BreakpointPlace> = new Set();
  /** Changes are made one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #sessions = new WeakSet<Caller>();
  readonly #onGone: () => void;

  /** @param onGone called when those of a client that has gone were removed */
  constructor(onGone: () => void = () => undefined) {
    this.#onGone = onGone;
  }

  /** How many are enabled. */
  get enabled(): number {
    return this.#known.filter(({ spec }) => spec.enabled).length;
  }

  /** Whether any is to be looked at there. */
  watches(place: BreakpointPlace): boolean {
    return this.#watched.has(place);
  }

  /**
   * Takes what the disk has kept.
   * @param kept as it was read; undefined: nothing
   * @returns those that cannot be read any more, in words
   */
  async restore(kept: unknown): Promise<string[]> {
    if (kept === undefined) return [];
    const read = storedSchema.safeParse(kept);
    if (!read.success) return ['the breakpoints that were kept cannot be read, and are gone'];
    const said: string[] = [];
    const known: Known[] = [];
    for (const { id, owner, ...spec } of read.data.breakpoints) {
      const compiled = await compile(spec);
      if ('message' in compiled)
        said.push(`breakpoint b${id} cannot be read any more, and is gone: ${compiled.message}`);
      else known.push(fresh(id, owner, spec, compiled, null));
    }
    this.#next = read.data.next;
    this.#take(known);
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
    // One that stays as it is keeps its id and its counts.
    const before = set === undefined ? [] : known.filter((each) => each.owner === owner);
    const staying: Known[] = [];
    if (set !== undefined) known = known.filter((each) => each.owner !== owner);
    for (const [index, spec] of given.entries()) {
      const same = before.findIndex((each) => isDeepStrictEqual(each.spec, spec));
      const [kept] = same === -1 ? [] : before.splice(same, 1);
      if (kept !== undefined) {
        known.push(kept);
        staying.push(kept);
        changed.push(`b${kept.id}`);
        continue;
      }
      const compiled = known.length < mostBreakpoints ? await compile(spec) : tooMany;
      if ('message' in compiled) refused.push({ index, ...compiled });
      else {
        known.push(fresh(next, owner, spec, compiled, session));
        changed.push(`b${next}`);
        next += 1;
      }
    }
    changed.push(...before.map(({ id }) => `b${id}`));
    // Those that stay are its session's from now on.
    const unset = known.filter((each) => !staying.includes(each));
    const stored = storedOf(next, unset);
    if (!isDeepStrictEqual(stored, storedOf(this.#next, this.#known))) await keep(stored);
    for (const each of staying) each.session = session;
    this.#next = next;
    this.#take(known);
    if (session !== null) this.#followSession(session);
    return { breakpoints: this.list(), changed, refused };
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
    this.#watched = new Set(known.filter(({ spec }) => spec.enabled).map(({ spec }) => spec.at));
  }

  /** How each stands. */
  list(): KeptBreakpoint[] {
    return this.#known.map((each) => ({
      ...each.spec,
      id: `b${each.id}`,
      owner: each.owner,
      lookedAt: each.lookedAt,
      met: each.met,
      stops: each.stops,
      lastMetAt: each.lastMetAt === null ? null : iso(each.lastMetAt),
      lastNotStopped: each.lastNotStopped && { ...each.lastNotStopped, at: iso(each.lastNotStopped.at) },
      failure: each.failure && { ...each.failure, at: iso(each.failure.at) },
    }));
  }

  /**
   * Looks at those of a place.
   * @param events what they are asked about, one after another: none more is read than is asked for
   * @param isStepped it was let through by hand: it does not stop, and whoever was met says so
   */
  look(place: BreakpointPlace, events: Iterable<SeenEvent>, isStepped: boolean): Looked {
    const now = Date.now();
    const until = performance.now() + mostLookingMs;
    const all = this.#known.filter(({ spec }) => spec.enabled && spec.at === place);
    const stopped = new Set<number>();
    const logged: Looked['logged'][number][] = [];
    let stoppedAt: string | undefined;
    for (const each of all) each.lookedAt += 1;
    let looked = 0;
    for (const { eventId, variables } of events) {
      if (looked === mostEventsLookedAt || (looked > 0 && performance.now() > until)) {
        const text = `only the first ${looked} events of its notification were looked at`;
        for (const each of all)
          if (!stopped.has(each.id)) each.lastNotStopped = { at: now, why: 'events-left-out', text };
        break;
      }
      looked += 1;
      for (const each of all) {
        if (!isMet(each, variables, now)) continue;
        each.met += 1;
        each.lastMetAt = now;
        if (each.compiled.hits?.(each.met) === false) {
          const text = `it has been met ${times(each.met)}, and is to be ${each.spec.hitCount ?? ''}`;
          each.lastNotStopped = { at: now, why: 'hit-count', text };
        } else if (each.compiled.log !== null) {
          const text = textOf(each, each.compiled.log, variables, now);
          if (text !== undefined) logged.push({ breakpointId: `b${each.id}`, eventId, text });
          each.lastNotStopped = { at: now, why: 'log-point', text: 'it is a log point, which never stops' };
        } else if (isStepped) {
          const text = 'what met it was stepped to, and goes where it is sent';
          each.lastNotStopped = { at: now, why: 'stepped', text };
        } else {
          stopped.add(each.id);
          stoppedAt ??= eventId;
        }
      }
    }
    for (const each of all) if (stopped.has(each.id)) each.stops += 1;
    return { stop: stoppedAt === undefined ? null : { ids: [...stopped], eventId: stoppedAt }, logged };
  }

  /** A destination cannot be reached, which under this retry policy is no failed attempt. */
  unreachable(place: string): void {
    const text = `${place} cannot be reached: what goes there waits until it answers, and no attempt is charged`;
    for (const each of this.#known) {
      if (each.spec.at !== 'failed-attempt' || !each.spec.enabled) continue;
      each.lastNotStopped = { at: Date.now(), why: 'unreachable-is-no-attempt', text };
    }
  }
}

/** How many of the breakpoints that were kept are enabled. */
export function enabledOf(kept: unknown): number {
  return (storedSchema.safeParse(kept).data?.breakpoints ?? []).filter(({ enabled }) => enabled).length;
}

/** What the disk is to keep: not those that go with a session. */
function storedOf(next: number, known: readonly Known[]): StoredBreakpoints {
  const staying = known.filter(({ session }) => session === null);
  return { next, breakpoints: staying.map(({ id, owner, spec }) => ({ ...spec, id, owner })) };
}

function fresh(id: number, owner: string, spec: Breakpoint, compiled: Compiled, session: Caller | null): Known {
  const counts = { lookedAt: 0, met: 0, stops: 0, lastMetAt: null, lastNotStopped: null, failure: null };
  return { id, owner, spec, compiled, session, ...counts };
}

function isMet(each: Known, variables: Variables, now: number): boolean {
  const { condition } = each.compiled;
  const { type } = each.spec;
  if (type !== undefined && variables.event['type'] !== type) {
    each.lastNotStopped = { at: now, why: 'condition-not-met', text: `its event was no ${type}` };
    return false;
  }
  if (condition === null) return true;
  try {
    if (condition(variables)) return true;
    each.lastNotStopped = { at: now, why: 'condition-not-met', text: 'its condition was not true' };
  } catch (error) {
    const { message } = error as Error;
    each.failure = { at: now, text: message };
    each.lastNotStopped = { at: now, why: 'condition-failed', text: `its condition failed: ${message}` };
  }
  return false;
}

function textOf(
  each: Known,
  log: (variables: Variables) => string,
  variables: Variables,
  now: number,
): string | undefined {
  try {
    return log(variables);
  } catch (error) {
    each.failure = { at: now, text: `its log text failed: ${(error as Error).message}` };
    return undefined;
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

type Refusal = Omit<RefusedBreakpoint, 'index'>;

const tooMany: Refusal = {
  in: 'breakpoint',
  message: `there are ${mostBreakpoints} breakpoints already`,
  start: 0,
  end: 0,
};

/** Reads the expressions of a breakpoint. The language is loaded with the first. */
async function compile(spec: Breakpoint): Promise<Compiled | Refusal> {
  const [conditions, { ExpressionError }] = await Promise.all([
    import('./conditions.ts'),
    import('../common/expressions.ts'),
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
