/** Breakpoints as VS Code has them, and what they are at the relay. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { mostBreakpoints, mostExpression } from '../../protocol/debug.ts';
import type {
  Breakpoint,
  BreakpointPlace,
  KeptBreakpoint,
  OnFailure,
  RefusedBreakpoint,
} from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Localiser } from '../ui/localiser.ts';
import { printable } from '../ui/printable.ts';

/** One that is asked for. */
interface Wanted {
  /** As the relay is asked for it; null where it cannot be. */
  readonly spec: Breakpoint | null;
  /** Why it does not stop, where that is known already. */
  readonly problem: string | null;
}

/** One as it was last told to VS Code. */
interface Announced {
  /** The relay's, such as `b3`. */
  readonly id: string;
  readonly message: string;
  /** When its failure was, that was told. */
  readonly failedAt: string | null;
}

type Kind = 'functions' | 'exceptions' | 'logPoints';

/** The names of event types that a function breakpoint may have, beside `*`. */
export const everyEvent = '*';

/** What of the breakpoints has changed. */
export interface BreakpointNews {
  readonly changed: readonly DebugProtocol.Breakpoint[];
  /** What conditions and log texts failed with. */
  readonly failures: readonly string[];
}

/** The number of a breakpoint of the relay's, which VS Code knows it by. */
export function breakpointNumber(id: string): number {
  return Number(id.slice(1));
}

/** Who set them, in the output of `cm-relay debug break list`. */
const owner = 'VS Code';

export interface BreakpointSetParts {
  readonly client: RelayClient;
  readonly l10n: Localiser;
  /** The vendor's event types. */
  readonly types: readonly string[];
}

/** The breakpoints of a session. */
export class BreakpointSet {
  readonly #parts: BreakpointSetParts;
  /** What becomes of an event that one of those that are set from now on cannot be asked about. */
  onFailure: OnFailure = 'stop';
  #wanted: Readonly<Record<Kind, readonly Wanted[]>> = { functions: [], exceptions: [], logPoints: [] };
  #announced = new Map<string, Announced>();

  constructor(parts: BreakpointSetParts) {
    this.#parts = parts;
  }

  /** Whether one of the relay's is of this session. */
  has(id: string): boolean {
    return this.#announced.has(id);
  }

  /**
   * Takes the function breakpoints, named by event type, or by a condition, in the place of those before.
   * @throws RelayRequestError
   */
  setFunctions(breakpoints: readonly DebugProtocol.FunctionBreakpoint[]): Promise<DebugProtocol.Breakpoint[]> {
    const { l10n, types } = this.#parts;
    return this.#set(
      'functions',
      breakpoints.map(({ name, condition, hitCondition }) => {
        const given = name.trim();
        // A filter or an expression: VS Code's menu calls what changes the name "Edit Function Condition".
        if (/[^\w*]/.test(given) && (condition ?? '').trim() === '')
          return this.#wantedOf({ at: 'event', condition: given, hitCount: hitCondition });
        const type = types.find((each) => each.toLowerCase() === given.toLowerCase());
        if (given !== everyEvent && type === undefined) {
          const known = [...types, everyEvent].join(', ');
          const problem = l10n.t('Unknown event type “{0}”. Use one of these: {1}', printable(given, 60), known);
          return { spec: null, problem };
        }
        return this.#wantedOf({ at: 'event', type, condition, hitCount: hitCondition });
      }),
    );
  }

  /**
   * Takes the places of `exceptionBreakpointFilters`, in the place of those before.
   * @throws RelayRequestError
   */
  setPlaces(
    places: readonly { readonly at: BreakpointPlace; readonly condition?: string | undefined }[],
  ): Promise<DebugProtocol.Breakpoint[]> {
    return this.#set(
      'exceptions',
      places.map(({ at, condition }) => this.#wantedOf({ at, condition })),
    );
  }

  /**
   * Takes the texts of log points, in the place of those before.
   * @throws RelayRequestError
   */
  setLogPoints(texts: readonly string[]): Promise<DebugProtocol.Breakpoint[]> {
    return this.#set(
      'logPoints',
      texts.map((log) => this.#wantedOf({ at: 'event', log })),
    );
  }

  /**
   * Takes them all away.
   * @throws RelayRequestError
   */
  async clear(): Promise<void> {
    this.#announced.clear();
    await this.#parts.client.request('debug/breakpoints', { owner, set: [] });
  }

  /**
   * Asks how they stand.
   * @returns those of which something else is to be said than before
   * @throws RelayRequestError
   */
  async news(): Promise<BreakpointNews> {
    if (this.#announced.size === 0) return { changed: [], failures: [] };
    const { breakpoints } = await this.#parts.client.request('debug/breakpoints', {});
    const changed: DebugProtocol.Breakpoint[] = [];
    const failures: string[] = [];
    for (const kept of breakpoints) {
      const told = this.#announced.get(kept.id);
      if (told === undefined) continue;
      const { message, verified } = this.#verificationOf(kept);
      const failedAt = kept.failure?.at ?? null;
      if (kept.failure !== null && failedAt !== told.failedAt) failures.push(`${kept.id}: ${kept.failure.text}`);
      if (message !== told.message) changed.push({ id: breakpointNumber(kept.id), verified, message });
      this.#announced.set(kept.id, { id: kept.id, message, failedAt });
    }
    return { changed, failures };
  }

  async #set(kind: Kind, wanted: readonly Wanted[]): Promise<DebugProtocol.Breakpoint[]> {
    this.#wanted = { ...this.#wanted, [kind]: wanted };
    const all = (['functions', 'exceptions', 'logPoints'] as const).flatMap((each) => this.#wanted[each]);
    const specs = all.flatMap(({ spec }) => spec ?? []).slice(0, mostBreakpoints);
    const { client } = this.#parts;
    const { breakpoints, changed, refused } = await client.request('debug/breakpoints', { owner, set: [...specs] });
    const accepted = changed.map((id) => breakpoints.find((each) => each.id === id));
    const problems = new Map(refused.map((each) => [each.index, this.#refusal(each)]));
    // What was taken comes back in the order in which it was given.
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
    const l10n = this.#parts.l10n;
    if (spec === null) return { verified: false, message: problem ?? '' };
    const kept = bySpec.get(spec);
    if (kept === undefined)
      return {
        verified: false,
        message: l10n.t(
          'You already have {0} breakpoints, which is the limit. To add a breakpoint, remove another one first.',
          mostBreakpoints,
        ),
      };
    if (typeof kept === 'string') return { verified: false, message: kept };
    const verification = this.#verificationOf(kept);
    this.#announced.set(kept.id, { id: kept.id, message: verification.message, failedAt: kept.failure?.at ?? null });
    return { id: breakpointNumber(kept.id), ...verification };
  }

  #wantedOf(given: {
    readonly at: BreakpointPlace;
    readonly type?: string | undefined;
    readonly condition?: string | undefined;
    readonly hitCount?: string | undefined;
    readonly log?: string | undefined;
  }): Wanted {
    const l10n = this.#parts.l10n;
    const { at, type } = given;
    const [condition, hitCount, log] = [given.condition, given.hitCount, given.log].map((text) => {
      const trimmed = text?.trim();
      return trimmed === '' ? undefined : trimmed;
    });
    if ((condition?.length ?? 0) > mostExpression || (log?.length ?? 0) > mostExpression)
      return { spec: null, problem: l10n.t('Too long. Enter no more than {0} characters.', mostExpression) };
    if ((hitCount?.length ?? 0) > 30)
      return { spec: null, problem: l10n.t('Invalid hit count. Use a value such as 3, == 3, >= 3, or % 3.') };
    return {
      spec: {
        ...{ at, enabled: true },
        ...(type !== undefined && { type }),
        ...(condition !== undefined && { condition }),
        ...(hitCount !== undefined && { hitCount }),
        ...(log !== undefined && { log }),
        ...(this.onFailure !== 'stop' && { onFailure: this.onFailure }),
      },
      problem: null,
    };
  }

  /** Why the relay did not take one, and where in its text. */
  #refusal({ in: part, message, start }: RefusedBreakpoint): string {
    const l10n = this.#parts.l10n;
    switch (part) {
      case 'condition':
        return l10n.t(
          'Invalid condition: {0}, at character {1}. Use a filter such as type:update, or CEL such as event.type == "Update".',
          message,
          start + 1,
        );
      case 'log':
        return l10n.t('Invalid log message: {0}, at character {1}', message, start + 1);
      case 'hitCount':
        return l10n.t('Invalid hit count. Use a value such as 3, == 3, >= 3, or % 3.');
      case 'breakpoint':
        return l10n.t(
          'You already have {0} breakpoints, which is the limit. To add a breakpoint, remove another one first.',
          mostBreakpoints,
        );
    }
  }

  /** Whether one is in force, how often it was looked at, and why it last did not stop. */
  #verificationOf(kept: KeptBreakpoint): { verified: boolean; message: string } {
    if (kept.switchedOff === null) return { verified: true, message: this.#countsOf(kept) };
    const message = this.#parts.l10n.t(
      'This breakpoint is off because the relay stopped unexpectedly while evaluating it. Change the breakpoint to turn it on again.',
    );
    return { verified: false, message };
  }

  #countsOf({ lookedAt, met, stops, lastNotStopped, hitCount, failure }: KeptBreakpoint): string {
    const l10n = this.#parts.l10n;
    if (lookedAt === 0 && lastNotStopped === null)
      return l10n.t('No event has reached this breakpoint since you set it or the relay started.');
    const asked = l10n.t('Checked: {0}, matched: {1}, stopped: {2}.', lookedAt, met, stops);
    const isSaid = failure === null || lastNotStopped?.why === 'condition-failed';
    const counts = isSaid ? asked : l10n.t('{0} Last error: {1}.', asked, failure.text);
    if (lastNotStopped === null) return counts;
    const why = {
      'condition-not-met': () => l10n.t('the condition was false'),
      'condition-failed': () => l10n.t('the condition couldn’t be evaluated: {0}', failure?.text ?? ''),
      'hit-count': () => l10n.t('the hit count is {1} (matches so far: {0})', met, hitCount ?? ''),
      'log-point': () => l10n.t('a logpoint never stops'),
      stepped: () => l10n.t('you stepped to the event'),
      'events-left-out': () => l10n.t('not all events of the notification were checked'),
      'unreachable-is-no-attempt': () =>
        l10n.t('the destination couldn’t be reached, which doesn’t count as a failed attempt'),
    }[lastNotStopped.why]();
    return l10n.t('{0} Last reason for not stopping: {1}.', counts, why);
  }
}
