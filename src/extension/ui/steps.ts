/** Questions one after another: each shows its step, and leads back to the previous one. questions.ts asks them. */

export const back = Symbol('back');

/** Undefined if the user cancelled. */
export type Answer<T> = T | typeof back | undefined;

/** Maps an answer; going back and cancelling stay as they are. */
export function ifAnswered<T, R>(answer: Answer<T>, then: (answer: T) => R): Answer<R> {
  if (answer === undefined) return undefined;
  return answer === back ? back : then(answer);
}

export interface StepPlace {
  readonly title: string;
  /** From 1. */
  readonly step: number;
  readonly totalSteps: number;
}

/** Asks one question. Resolves to what it adds to what is known. */
export type Step<Known> = (known: Known, place: StepPlace) => Promise<Answer<Partial<Known>>>;

/**
 * @param known what is known at the start
 * @param stepsFor the questions, in order, by what is known so far: an answer may add questions
 * @returns all that is known at the end; undefined if the user cancelled
 */
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
