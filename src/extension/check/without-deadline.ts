/** Scenarios while the callback is debugged: it may be stopped at a breakpoint. */
import type { RepeatStep, Scenario, SendStep, Step } from '../../check/scenario.ts';

/** Maximum duration of a response and of a scenario then. */
export const noDeadlineMs = 3_600_000;

export function withoutDeadline(scenario: Scenario): Scenario {
  const alone = (step: Exclude<Step, RepeatStep>): Exclude<Step, RepeatStep> =>
    'send' in step ? ({ ...step, timeoutMs: noDeadlineMs } satisfies SendStep) : step;
  const steps = scenario.steps.map((step): Step =>
    'repeat' in step ? { ...step, steps: step.steps.map(alone) } : alone(step),
  );
  return { ...scenario, timeoutMs: noDeadlineMs, steps };
}
