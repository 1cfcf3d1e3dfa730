import { ExpressionError, ExpressionLanguage } from '../common/expressions/expressions.ts';
import { readProbeValue } from './probe.ts';
import type { ScenarioFile, Step } from './scenario.ts';
import { conditionsOf, readAnswerCondition } from './step-findings.ts';

interface ProbeVariables {
  readonly before: bigint;
  readonly after: bigint;
  readonly sent: bigint;
  readonly events: bigint;
}

const probeLanguage = new ExpressionLanguage<ProbeVariables>({
  before: 'int',
  after: 'int',
  sent: 'int',
  events: 'int',
});

type File = Pick<ScenarioFile, 'probe' | 'scenarios'>;

/** Each function reads one expression: the caller may yield in between. @throws ExpressionError that names it */
export function* expressionsOfFile({ probe, scenarios }: File): Generator<() => void> {
  const value = probe !== undefined && 'url' in probe ? probe.value : undefined;
  if (value !== undefined) yield () => named(value, () => readProbeValue(value));
  for (const each of scenarios) yield* expressionsOf(each.steps);
}

function* expressionsOf(steps: readonly Step[]): Generator<() => void> {
  for (const step of steps) {
    if ('steps' in step) yield* expressionsOf(step.steps);
    if (!('expect' in step)) continue;
    for (const text of conditionsOf(step.expect)) yield () => named(text, () => readAnswerCondition(text));
    const probe = step.expect?.probe;
    if (typeof probe === 'string') yield () => named(probe, () => probeLanguage.readCondition(probe));
  }
}

function named(text: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ExpressionError(`"${text}": ${error.message}`, error.start, error.end);
  }
}

export function probeCondition(
  expected: number | string,
  before: number,
  { sent, events }: { sent: number; events: number },
): (after: number) => boolean {
  if (typeof expected === 'number') return (after) => after - before === expected;
  const condition = probeLanguage.readCondition(expected);
  const [was, many, all] = [before, sent, events].map(BigInt) as [bigint, bigint, bigint];
  return (after) => condition({ before: was, after: BigInt(after), sent: many, events: all });
}
