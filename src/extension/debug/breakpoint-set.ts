import type { DebugProtocol } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import { mostBreakpoints, mostCondition } from '../../protocol/debug.ts';
import type { Breakpoint, BreakpointPlace, KeptBreakpoint, RefusedBreakpoint } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { printable } from '../ui/printable.ts';

interface Wanted {
  /** Null if the input is invalid. */
  readonly spec: Breakpoint | null;
  readonly problem: string | null;
}

interface Announced {
  readonly id: string;
  readonly message: string;
}

type Kind = 'functions' | 'exceptions';

export const everyEvent = '*';

export function breakpointNumber(id: string): number {
  return Number(id.slice(1));
}

/** Shown in the output of `cm-relay debug break list`. */
const owner = 'VS Code';

export interface BreakpointSetParts {
  readonly client: RelayClient;
  readonly types: readonly string[];
}

export class BreakpointSet {
  readonly #parts: BreakpointSetParts;
  #wanted: Readonly<Record<Kind, readonly Wanted[]>> = { functions: [], exceptions: [] };
  #announced = new Map<string, Announced>();

  constructor(parts: BreakpointSetParts) {
    this.#parts = parts;
  }

  has(id: string): boolean {
    return this.#announced.has(id);
  }

  setFunctions(breakpoints: readonly DebugProtocol.FunctionBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    const { types } = this.#parts;
    return this.#set(
      'functions',
      breakpoints.map(({ name, condition = '' }) => {
        const given = name.trim();
        if (given === everyEvent) return this.#wantedOf('event', condition);
        // VS Code's menu item for changing the name is "Edit Function Condition", so a name may be a condition.
        if (/\W/.test(given)) return this.#wantedOf('event', `${given} ${condition}`);
        const type = types.find((each) => each.toLowerCase() === given.toLowerCase());
        if (type !== undefined) return this.#wantedOf('event', `type:${type} ${condition}`);
        const known = [...types, everyEvent].join(', ');
        const problem = say('Unknown event type “{0}”. Use one of these: {1}', printable(given, 60), known);
        return { spec: null, problem };
      }),
    );
  }

  setPlaces(
    places: readonly { readonly at: BreakpointPlace; readonly condition?: string | undefined }[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    return this.#set(
      'exceptions',
      places.map(({ at, condition = '' }) => this.#wantedOf(at, condition)),
    );
  }

  async clear(): Promise<void> {
    this.#announced.clear();
    await this.#parts.client.request('debug/breakpoints', { owner, set: [] });
  }

  async news(): Promise<DebugProtocol.Breakpoint[]> {
    if (this.#announced.size === 0) return [];
    const { breakpoints } = await this.#parts.client.request('debug/breakpoints', {});
    const changed: DebugProtocol.Breakpoint[] = [];
    for (const kept of breakpoints) {
      const told = this.#announced.get(kept.id);
      const message = this.#countsOf(kept);
      if (told === undefined || told.message === message) continue;
      changed.push({ id: breakpointNumber(kept.id), verified: true, message });
      this.#announced.set(kept.id, { id: kept.id, message });
    }
    return changed;
  }

  async #set(kind: Kind, wanted: readonly Wanted[]): Promise<DebugProtocol.Breakpoint[]> {
    this.#wanted = { ...this.#wanted, [kind]: wanted };
    const all = (['functions', 'exceptions'] as const).flatMap((each) => this.#wanted[each]);
    const specs = all.flatMap(({ spec }) => spec ?? []).slice(0, mostBreakpoints);
    const { client } = this.#parts;
    const { breakpoints, changed, refused } = await client.request('debug/breakpoints', { owner, set: [...specs] });
    const accepted = changed.map((id) => breakpoints.find((each) => each.id === id));
    const problems = new Map(refused.map((each) => [each.index, this.#refusal(each)]));
    // The relay returns the accepted ones in the order given.
    const bySpec = new Map<Breakpoint, KeptBreakpoint | string>();
    for (const [index, spec] of specs.entries()) {
      const answer = problems.get(index) ?? accepted.shift();
      if (answer !== undefined) bySpec.set(spec, answer);
    }
    this.#announced = new Map();
    const answers = new Map<Wanted, DebugProtocol.Breakpoint>();
    for (const each of all) answers.set(each, this.#answer(each, bySpec));
    return wanted.map((each) => answers.get(each) ?? { verified: false });
  }

  #answer(
    { spec, problem }: Wanted,
    bySpec: ReadonlyMap<Breakpoint, KeptBreakpoint | string>,
  ): DebugProtocol.Breakpoint {
    if (spec === null) return { verified: false, message: problem ?? '' };
    const kept = bySpec.get(spec);
    if (kept === undefined)
      return {
        verified: false,
        message: say(
          'You already have {0} breakpoints, which is the limit. To add a breakpoint, remove another one first.',
          mostBreakpoints,
        ),
      };
    if (typeof kept === 'string') return { verified: false, message: kept };
    const message = this.#countsOf(kept);
    this.#announced.set(kept.id, { id: kept.id, message });
    return { id: breakpointNumber(kept.id), verified: true, message };
  }

  #wantedOf(at: BreakpointPlace, filter: string): Wanted {
    const condition = filter.trim();
    if (condition.length > mostCondition) {
      const problem = say('Too long. Enter no more than {0} characters.', mostCondition);
      return { spec: null, problem };
    }
    return { spec: { at, enabled: true, ...(condition !== '' && { condition }) }, problem: null };
  }

  #refusal({ in: part, message }: RefusedBreakpoint): string {
    return part === 'condition'
      ? say('Invalid condition: {0}. Use a filter such as type:update.', message)
      : say(
          'You already have {0} breakpoints, which is the limit. To add a breakpoint, remove another one first.',
          mostBreakpoints,
        );
  }

  #countsOf({ lookedAt, met, stops, lastNotStopped }: KeptBreakpoint): string {
    if (lookedAt === 0 && lastNotStopped === null)
      return say('No event has reached this breakpoint since you set it or the relay started.');
    const counts = say('Checked: {0}, matched: {1}, stopped: {2}.', lookedAt, met, stops);
    if (lastNotStopped === null) return counts;
    const why = {
      'condition-not-met': () => say('no event matched the condition'),
      stepped: () => say('you stepped to the event'),
      'unreachable-is-no-attempt': () =>
        say('the destination couldn’t be reached, which doesn’t count as a failed attempt'),
    }[lastNotStopped.why]();
    return say('{0} Last reason for not stopping: {1}.', counts, why);
  }
}
