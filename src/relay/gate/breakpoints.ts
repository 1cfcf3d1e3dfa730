import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { breakpointSchema, mostBreakpoints } from '../../protocol/debug.ts';
import type { Breakpoint, BreakpointPlace, KeptBreakpoint, RefusedBreakpoint } from '../../protocol/debug.ts';
import { FilterError, parseFilter } from '../../protocol/event-filter.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { Caller } from '../sending/time-limit.ts';
import { iso } from '../log/protocol-shapes.ts';

const storedBreakpointSchema = breakpointSchema.extend({ id: z.int().min(1), owner: z.string() });
const storedSchema = z.object({ next: z.int().min(1), breakpoints: z.array(storedBreakpointSchema) });

export type StoredBreakpoints = z.infer<typeof storedSchema>;

export type BreakpointChange = ParsedParams<'debug/breakpoints'>;
export type ChangedBreakpoints = Result<'debug/breakpoints'>;

export interface Stopping {
  readonly ids: readonly number[];
  readonly eventId: number;
}

interface Known {
  readonly id: number;
  readonly owner: string;
  readonly spec: Breakpoint;
  /** The client that it is removed with; null if it stays. */
  readonly session: Caller | null;
  lookedAt: number;
  met: number;
  stops: number;
  lastMetAt: number | null;
  lastNotStopped: { at: number; why: NonNullable<KeptBreakpoint['lastNotStopped']>['why']; text: string } | null;
}

export class Breakpoints {
  #known: readonly Known[] = [];
  #next = 1;
  #watched: ReadonlySet<BreakpointPlace> = new Set();
  /** Changes run one after another. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #sessions = new WeakSet<Caller>();
  readonly #onGone: () => void;

  constructor(onGone: () => void = () => undefined) {
    this.#onGone = onGone;
  }

  get enabled(): number {
    return this.#known.filter(({ spec }) => spec.enabled).length;
  }

  watches(place: BreakpointPlace): boolean {
    return this.#watched.has(place);
  }

  restore(kept: unknown): string[] {
    const read = kept === undefined ? undefined : storedSchema.safeParse(kept);
    const said = read?.success === false ? ['the saved breakpoints could not be read and were removed'] : [];
    const known: Known[] = [];
    for (const { id, owner, ...spec } of read?.data?.breakpoints ?? []) {
      const problem = conditionProblem(spec);
      if (problem === null) known.push(fresh(id, owner, spec, null));
      else said.push(`breakpoint b${id} could not be read and was removed: ${problem}`);
    }
    this.#next = read?.data?.next ?? 1;
    this.#take(known);
    return said;
  }

  change(
    change: BreakpointChange,
    caller: Caller,
    keep: (stored: StoredBreakpoints) => Promise<void>,
  ): Promise<ChangedBreakpoints> {
    return this.#inTurn(() => this.#change(change, caller, keep));
  }

  async #change(
    { owner, set, add, remove }: BreakpointChange,
    caller: Caller,
    keep: (stored: StoredBreakpoints) => Promise<void>,
  ): Promise<ChangedBreakpoints> {
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
    // An unchanged breakpoint keeps its ID and counts. Clients with the same name don't replace each other's.
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
      const refusal = refusalOf(spec, known.length);
      if (refusal !== null) refused.push({ index, ...refusal });
      else {
        known.push(fresh(next, owner, spec, session));
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
    }));
  }

  /** @param matching returns the IDs of the events that a filter finds, in order; all for an empty filter */
  look(place: BreakpointPlace, matching: (filter: string) => readonly number[], isStepped: boolean): Stopping | null {
    const now = Date.now();
    const ids: number[] = [];
    let eventId = Infinity;
    for (const each of this.#known) {
      if (each.spec.at !== place || !each.spec.enabled) continue;
      each.lookedAt += 1;
      const met = matching(each.spec.condition ?? '');
      const [first] = met;
      if (first === undefined) {
        each.lastNotStopped = { at: now, why: 'condition-not-met', text: 'no event matched the condition' };
        continue;
      }
      each.met += met.length;
      each.lastMetAt = now;
      if (isStepped) {
        each.lastNotStopped = { at: now, why: 'stepped', text: 'you stepped to the event' };
        continue;
      }
      each.stops += 1;
      ids.push(each.id);
      eventId = Math.min(eventId, first);
    }
    return ids.length === 0 ? null : { ids, eventId };
  }

  unreachable(place: string): void {
    const text = `cannot reach ${place}: events for it wait until it answers, and a failed connection does not count as an attempt`;
    for (const each of this.#known) {
      if (each.spec.at !== 'failed-attempt' || !each.spec.enabled) continue;
      each.lastNotStopped = { at: Date.now(), why: 'unreachable-is-no-attempt', text };
    }
  }
}

export function enabledOf(kept: unknown): number {
  return (storedSchema.safeParse(kept).data?.breakpoints ?? []).filter(({ enabled }) => enabled).length;
}

function storedOf(next: number, known: readonly Known[]): StoredBreakpoints {
  const staying = known.filter(({ session }) => session === null);
  return { next, breakpoints: staying.map(({ id, owner, spec }) => ({ ...spec, id, owner })) };
}

function fresh(id: number, owner: string, spec: Breakpoint, session: Caller | null): Known {
  return { id, owner, spec, session, lookedAt: 0, met: 0, stops: 0, lastMetAt: null, lastNotStopped: null };
}

function refusalOf(spec: Breakpoint, count: number): Omit<RefusedBreakpoint, 'index'> | null {
  if (count >= mostBreakpoints)
    return { in: 'breakpoint', message: `there are already ${mostBreakpoints} breakpoints` };
  const message = conditionProblem(spec);
  return message === null ? null : { in: 'condition', message };
}

/** Punctuation that a filter ignores, but that is meant as an operator here. */
const operator = /(?:^|\s)(?:!|[^\s\p{L}\p{N}"]+(?=\s|$))|==|!=|&&|\|\|/u;

function conditionProblem({ condition = '' }: Breakpoint): string | null {
  if (operator.test(condition.replaceAll(/"[^"]*"/g, '""')))
    return 'a filter has no operators such as == or &&: all its words must match; separate values of one key with commas';
  try {
    const { states } = parseFilter(condition, Date.now());
    return states.length === 0
      ? null
      : '"state:" does not work in a condition, which is checked before the final state of the event is known';
  } catch (error) {
    if (error instanceof FilterError) return error.message;
    throw error;
  }
}
