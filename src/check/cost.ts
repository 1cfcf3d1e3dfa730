/** What checks cost in time, beside what the callback itself takes to answer: made of what they wait for. */
import type { Settling } from './settling.ts';
import { asks } from './run.ts';
import type { Expected, RepeatStep, Step } from './scenario.ts';
import type { Check } from './suite.ts';

/** In milliseconds. */
export interface Cost {
  /** Where the callback answers at once, and all is as expected. */
  readonly leastMs: number;
  /** Where it answers at once, and whatever is looked for is waited for in vain. */
  readonly mostMs: number;
}

/** What decides how long checks wait. */
export interface CostTerms {
  /** Whether there is a probe, a page that shows what is kept, a signature key. */
  readonly has: Readonly<Record<'probe' | 'kept' | 'key', boolean>>;
  readonly settling: Settling;
}

/** What checks cost, one after another; those without their key nothing. */
export function costOf(checks: readonly Check[], terms: CostTerms): Cost {
  const { has, settling } = terms;
  return sum(
    checks
      .filter(({ needsKey }) => !needsKey || has.key)
      .flatMap(({ scenario }) => [
        // Before the first of its steps the number has to stand still.
        ...(has.probe && asks(scenario, 'probe') ? [both(settling.quietMs)] : []),
        ...scenario.steps.map((step) => costOfStep(step, terms)),
      ]),
  );
}

function costOfStep(step: Step, terms: CostTerms): Cost {
  if ('wait' in step) return both(step.wait);
  if ('repeat' in step) return costOfRepeat(step, terms);
  const pauses = step.trouble.map((each) => (typeof each === 'string' ? 0 : 'slow' in each ? each.slow : each.late));
  return sum([...pauses.map(both), costOfLooking(step.expect, terms)]);
}

function costOfRepeat({ repeat: { times, perSecond, atMostMs }, steps, expect }: RepeatStep, terms: CostTerms): Cost {
  const once = sum(steps.map((step) => costOfStep(step, terms)));
  const paced = perSecond === undefined ? 0 : ((times - 1) * 1000) / perSecond;
  const all = (ms: number): number => (perSecond === undefined ? times * ms : paced + ms);
  const least = Math.min(all(once.leastMs), (atMostMs ?? Infinity) + once.leastMs);
  const most = atMostMs === undefined ? all(once.mostMs) : atMostMs + once.mostMs;
  return sum([{ leastMs: least, mostMs: most }, costOfLooking(expect, terms)]);
}

/** What it takes to look what the callback has made of it. */
function costOfLooking(expected: Expected | undefined, { has, settling: { mostMs, quietMs } }: CostTerms): Cost {
  return sum([
    ...(has.probe && expected?.probe !== undefined ? [{ leastMs: quietMs, mostMs: Math.max(mostMs, quietMs) }] : []),
    ...(has.kept && expected?.kept !== undefined ? [{ leastMs: 0, mostMs }] : []),
  ]);
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
