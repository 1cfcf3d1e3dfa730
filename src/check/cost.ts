/** The duration of checks besides the callback's own time, computed from what they wait for. */
import { paceFinder } from './check.ts';
import { asks } from './run.ts';
import type { Expected, RepeatStep, Scenario, Step } from './scenario.ts';
import { longestWorkMs, mostUnseen, quietBehind } from './settling.ts';
import type { Settling } from './settling.ts';
import { neighboursOf } from './suite.ts';
import type { Check } from './suite.ts';

/** In milliseconds. */
export interface Cost {
  /** If the callback answers at once, and everything is as expected. */
  readonly leastMs: number;
  /** If it answers at once, and every expectation is waited for in vain. */
  readonly mostMs: number;
}

export interface CostAssumptions {
  /** Whether there are a probe, a page with stored data, a signature key. */
  readonly has: Readonly<Record<'probe' | 'kept' | 'key', boolean>>;
  readonly settling: Settling;
  /** Whether the user chose it, or it was measured; else it is measured with the first notifications. */
  readonly isSettlingGiven?: boolean;
}

/** In sequence. Checks that lack their key cost nothing. */
export function costOf(checks: readonly Check[], assumptions: CostAssumptions): Cost {
  const { has, settling } = assumptions;
  const run = checks.filter(({ needsKey }) => !needsKey || has.key);
  const finder = assumptions.isSettlingGiven === true ? null : paceFinder(run, has);
  const first = finder ?? run[0]?.scenario;
  if (first === undefined) return both(0);
  const seeking =
    assumptions.isSettlingGiven === true ? assumptions : { ...assumptions, settling: untilFound(settling) };
  return sum([
    // The number must be stable before the first step; later this is done after each check.
    ...(has.probe && asks(first, 'probe') ? [both(settling.quietMs)] : []),
    ...(finder?.steps.map((step) => costOfStep(step, seeking)) ?? []),
    ...run.map(({ scenario }) => costOfCheck(scenario, scenario === first ? seeking : assumptions)),
  ]);
}

/** The first measurement waits longer than what follows. */
function untilFound({ mostMs, quietMs }: Settling): Settling {
  return { mostMs: Math.max(mostMs, longestWorkMs), quietMs };
}

function costOfCheck(scenario: Scenario, assumptions: CostAssumptions): Cost {
  const steps = scenario.steps.map((step) => costOfStep(step, assumptions));
  return sum([...steps, costOfPage(scenario, assumptions), costBehind(scenario.steps, assumptions)]);
}

function costOfStep(step: Step, assumptions: CostAssumptions): Cost {
  if ('wait' in step) return both(step.wait);
  if ('repeat' in step) return costOfRepeat(step, assumptions);
  const pauses = step.trouble.map((each) => (typeof each === 'string' ? 0 : 'slow' in each ? each.slow : each.late));
  return sum([...pauses.map(both), costOfLooking(step.expect, assumptions)]);
}

function costOfRepeat(
  { repeat: { times, perSecond, atMostMs }, steps, expect }: RepeatStep,
  assumptions: CostAssumptions,
): Cost {
  const once = sum(steps.map((step) => costOfStep(step, assumptions)));
  const paced = perSecond === undefined ? 0 : ((times - 1) * 1000) / perSecond;
  const all = (ms: number): number => (perSecond === undefined ? times * ms : paced + ms);
  const least = Math.min(all(once.leastMs), (atMostMs ?? Infinity) + once.leastMs);
  const most = atMostMs === undefined ? all(once.mostMs) : atMostMs + once.mostMs;
  return sum([{ leastMs: least, mostMs: most }, costOfLooking(expect, assumptions)]);
}

/** The cost of checking what the callback has created. */
function costOfLooking(expected: Expected | undefined, { has, settling: { mostMs, quietMs } }: CostAssumptions): Cost {
  const isProbed = has.probe && expected?.probe !== undefined;
  if (!isProbed && !(has.kept && expected?.kept !== undefined)) return both(0);
  const most = Math.max(mostMs, quietMs);
  // The page is requested after the quiet time; the full time only if the probe did not already use it.
  const isAlsoKept = isProbed && has.kept && expected.kept !== undefined;
  return { leastMs: quietMs, mostMs: isProbed && !isAlsoKept ? most : quietMs + most };
}

/** If a page lacks a contact, others are sent to find out whether it only shows some. */
function costOfPage(scenario: Scenario, assumptions: CostAssumptions): Cost {
  if (!assumptions.has.kept || !asks(scenario, 'kept')) return both(0);
  const { mostMs } = sum(neighboursOf('a@b').steps.map((step) => costOfStep(step, assumptions)));
  return { leastMs: 0, mostMs };
}

/** Waits for the callback's work after its answers, unless the last probe has shown that it is done. */
function costBehind(steps: readonly Step[], { has, settling }: CostAssumptions): Cost {
  if (has.probe && endsStill(steps)) return both(0);
  const ms = (sent: number): number => quietBehind(settling, has.probe, sent);
  return { leastMs: ms(leastSent(steps)), mostMs: ms(mostUnseen) };
}

/** Whether the probe is asked after the last notification. */
function endsStill(steps: readonly Step[]): boolean {
  const last = steps.findLast((step) => !('wait' in step));
  if (last === undefined || 'wait' in last) return false;
  return last.expect?.probe !== undefined || ('repeat' in last && endsStill(last.steps));
}

function leastSent(steps: readonly Step[]): number {
  return steps.filter((step) => !('wait' in step)).length;
}

function both(ms: number): Cost {
  return { leastMs: ms, mostMs: ms };
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce(
    (all, each) => ({ leastMs: all.leastMs + each.leastMs, mostMs: all.mostMs + each.mostMs }),
    both(0),
  );
}
