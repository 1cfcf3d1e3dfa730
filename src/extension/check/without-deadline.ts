/** Scenarios while the callback is debugged: somebody may stand at a breakpoint in it. */
import type { RepeatStep, Scenario, SendStep, Step } from '../../check/scenario.ts';

/** How long an answer may take then, and a scenario, in milliseconds. */
export const noDeadlineMs = 3_600_000;

/** The same scenario, with that much time for each answer and for all of it. */
export function withoutDeadline(scenario: Scenario): Scenario {
  const alone = (step: Exclude<Step, RepeatStep>): Exclude<Step, RepeatStep> =>
    'send' in step ? ({ ...step, timeoutMs: noDeadlineMs } satisfies SendStep) : step;
  const steps = scenario.steps.map((step): Step =>
    'repeat' in step ? { ...step, steps: step.steps.map(alone) } : alone(step),
  );
  return { ...scenario, timeoutMs: noDeadlineMs, steps };
}
