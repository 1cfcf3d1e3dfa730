/** What checks cost in time, beside what the callback itself takes to answer: made of what they wait for. */
import { paceFinder } from './check.ts';
import { asks } from './run.ts';
import type { Expected, RepeatStep, Scenario, Step } from './scenario.ts';
import { longestWorkMs, mostUnseen, quietBehind } from './settling.ts';
import type { Settling } from './settling.ts';
import { neighboursOf } from './suite.ts';
import type { Check } from './suite.ts';

/** In milliseconds. */
export interface Cost {
  /** Where the callback answers at once, and all is as expected. */
  readonly leastMs: number;
  /** Where it answers at once, and whatever is looked for is waited for in vain. */
  readonly mostMs: number;
}

/** What decides how long checks wait. */
export interface CostAssumptions {
  /** Whether there is a probe, a page that shows what is kept, a signature key. */
  readonly has: Readonly<Record<'probe' | 'kept' | 'key', boolean>>;
  readonly settling: Settling;
  /** Whether that is known: was said by the user, or found; else it is found by what is sent first. */
  readonly isSettlingGiven?: boolean;
}

/** What checks cost, one after another; those without their key nothing. */
export function costOf(checks: readonly Check[], assumptions: CostAssumptions): Cost {
  const { has, settling } = assumptions;
  const run = checks.filter(({ needsKey }) => !needsKey || has.key);
  const finder = assumptions.isSettlingGiven === true ? null : paceFinder(run, has);
  const first = finder ?? run[0]?.scenario;
  if (first === undefined) return both(0);
  const seeking =
    assumptions.isSettlingGiven === true ? assumptions : { ...assumptions, settling: untilFound(settling) };
  return sum([
    // Before the first step the number has to stand still; later it does so behind each check.
    ...(has.probe && asks(first, 'probe') ? [both(settling.quietMs)] : []),
    ...(finder?.steps.map((step) => costOfStep(step, seeking)) ?? []),
    ...run.map(({ scenario }) => costOfCheck(scenario, scenario === first ? seeking : assumptions)),
  ]);
}

/** What first shows how long the callback takes is waited for longer than what follows. */
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

/** What it takes to look what the callback has made of it. */
function costOfLooking(expected: Expected | undefined, { has, settling: { mostMs, quietMs } }: CostAssumptions): Cost {
  const isProbed = has.probe && expected?.probe !== undefined;
  if (!isProbed && !(has.kept && expected?.kept !== undefined)) return both(0);
  const most = Math.max(mostMs, quietMs);
  // The page is looked at when it is quiet; in vain for as long only where the probe did not wait in vain.
  const isAlsoKept = isProbed && has.kept && expected.kept !== undefined;
  return { leastMs: quietMs, mostMs: isProbed && !isAlsoKept ? most : quietMs + most };
}

/** Where a page is without what is looked for, others are sent that show whether it shows a part only. */
function costOfPage(scenario: Scenario, assumptions: CostAssumptions): Cost {
  if (!assumptions.has.kept || !asks(scenario, 'kept')) return both(0);
  const { mostMs } = sum(neighboursOf('a@b').steps.map((step) => costOfStep(step, assumptions)));
  return { leastMs: 0, mostMs };
}

/** What the callback does behind its answers is waited for, where the last look has not shown that it is done. */
function costBehind(steps: readonly Step[], { has, settling }: CostAssumptions): Cost {
  if (has.probe && endsStill(steps)) return both(0);
  const ms = (sent: number): number => quietBehind(settling, has.probe, sent);
  return { leastMs: ms(leastSent(steps)), mostMs: ms(mostUnseen) };
}

/** Whether the probe is asked behind the last that is sent. */
function endsStill(steps: readonly Step[]): boolean {
  const last = steps.findLast((step) => !('wait' in step));
  if (last === undefined || 'wait' in last) return false;
  return last.expect?.probe !== undefined || ('repeat' in last && endsStill(last.steps));
}

/** How many notifications are sent at least. */
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
