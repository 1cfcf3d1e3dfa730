/** Questions one after another: each says which step it is, and leads back to the one before. questions.ts asks them. */

/** The user goes back to the question before. */
export const back = Symbol('back');

/** What a question leads to; undefined: the user gave up. */
export type Answer<T> = T | typeof back | undefined;

/** Makes something of an answer; going back and giving up stay what they are. */
export function ifAnswered<T, R>(answer: Answer<T>, then: (answer: T) => R): Answer<R> {
  if (answer === undefined) return undefined;
  return answer === back ? back : then(answer);
}

/** Which of the questions one is. */
export interface StepPlace {
  readonly title: string;
  /** From 1 on. */
  readonly step: number;
  readonly totalSteps: number;
}

/** Asks one thing. Resolves to what it adds to what is known. */
export type Step<Known> = (known: Known, place: StepPlace) => Promise<Answer<Partial<Known>>>;

/**
 * Asks one question after another.
 * @param known what is known at the beginning
 * @param stepsFor the questions, in their order, by what is known so far: an answer may add further ones
 * @returns all that is known at the end; undefined where the user gave up
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
