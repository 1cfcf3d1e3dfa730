export const back = Symbol('back');

/** Undefined if the user canceled. */
export type Answer<T> = T | typeof back | undefined;

export function ifAnswered<T, R>(answer: Answer<T>, then: (answer: T) => R): Answer<R> {
  if (answer === undefined) return undefined;
  return answer === back ? back : then(answer);
}

export interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

/** Resolves to what the answer adds to `known`. */
export type Step<Known> = (known: Known, place: StepPlace) => Promise<Answer<Partial<Known>>>;

/** Undefined if the user canceled. @param stepsFor an answer may add questions */
export async function inSteps<Known extends object>(
  title: string,
  known: Known,
  stepsFor: (known: Known) => readonly Step<Known>[],
): Promise<Known | undefined> {
  let all = known;
  for (let at = 0; ;) {
    const steps = stepsFor(all);
    const step = steps[at];
    if (step === undefined) return all;
    const answer = await step(all, { title, step: at + 1, totalSteps: steps.length });
    if (answer === undefined) return undefined;
    if (answer === back) {
      at = Math.max(0, at - 1);
      continue;
    }
    all = { ...all, ...answer };
    at += 1;
  }
}
