/**
 * What checks came to, as it is kept for after a reload of the window: without what was sent and answered, secrets
 * masked, texts cut, and of the last few callbacks alone.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CheckResult } from '../../check/check.ts';
import type { Check } from '../../check/suite.ts';
import type { SecretMask } from '../../common/masking.ts';
import type { Said, Words } from '../../common/words.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';

/** Of so many callbacks, those that were checked last. */
const mostSaved = 5;

/** Of each text so many UTF-16 units are kept. */
const mostOfText = 500;

const savedKey = `${prefix}.checkResults`;

const said: z.ZodType<Said> = z.lazy(() => z.union([z.string(), saidByCode]));
const saidByCode: z.ZodType<Words> = z.lazy(() =>
  z.object({ code: z.string(), values: z.array(z.union([z.string(), z.number(), saidByCode])) }),
);

const findingSchema = z.object({
  verdict: z.enum(['met', 'unmet', 'undecided']),
  what: saidByCode,
  expected: said,
  actual: said,
  cause: saidByCode.optional(),
});

const stepSchema = z.object({
  title: said,
  sent: z.number(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  findings: z.array(findingSchema),
});

const outcome = z.enum(['passed', 'failed', 'undecided', 'skipped']);
const reason = said.nullable();

const resultSchema = z.object({
  id: z.string(),
  outcome,
  reason,
  result: z
    .object({
      name: z.string(),
      outcome,
      reason,
      ms: z.number(),
      isUnreachable: z.boolean(),
      steps: z.array(stepSchema),
    })
    .nullable(),
});

const runSchema = z.object({ runToken: z.string(), results: z.array(resultSchema) });
const savedSchema = z.array(z.tuple([z.string(), runSchema]));

/** What a callback's checks came to. */
export interface SavedRun {
  /** What the addresses of the run hold. */
  readonly runToken: string;
  readonly results: readonly CheckResult[];
}

/** What a callback is kept by: its URL may hold a token, so it is not said. */
export function nameOfCallback({ url, id }: DestinationSetting): string {
  return createHash('sha256')
    .update(JSON.stringify([url, id]))
    .digest('base64url')
    .slice(0, 22);
}

/** Reads what is kept of a callback; undefined where there is nothing. @param checks those that there are now */
export function readSavedRun(state: StateReader, callback: string, checks: readonly Check[]): SavedRun | undefined {
  const run = read(state).find(([name]) => name === callback)?.[1];
  if (run === undefined) return undefined;
  const results = run.results.flatMap(({ id, result, ...rest }): CheckResult[] => {
    const check = checks.find((each) => each.id === id);
    if (check === undefined) return [];
    const steps = (result?.steps ?? []).map((step) => ({ ...step, examples: [] }));
    return [{ ...rest, check, result: result === null ? null : { ...result, steps } }];
  });
  return { runToken: run.runToken, results };
}

/** Keeps what a callback's checks came to, in place of what they came to before. @param mask the run's */
export async function saveRun(
  state: StateReader & { update(key: string, value: unknown): Thenable<void> },
  callback: string,
  { runToken, results }: SavedRun,
  mask: SecretMask,
): Promise<void> {
  const plain = results.map(({ check: { id }, outcome, reason, result }) => ({
    ...{ id, outcome, reason },
    result: result && { ...result, steps: result.steps.map((step) => ({ ...step, examples: [] })) },
  }));
  // Read as it will be, so that nothing else is kept.
  const run = runSchema.parse(withTexts({ runToken, results: plain }, (text) => mask.in(text).slice(0, mostOfText)));
  const others = read(state).filter(([name]) => name !== callback);
  await state.update(savedKey, [...others, [callback, run]].slice(-mostSaved));
}

interface StateReader {
  get(key: string): unknown;
}

/** An earlier version may have kept it otherwise: then there is nothing. */
function read(state: StateReader): z.output<typeof savedSchema> {
  return savedSchema.safeParse(state.get(savedKey)).data ?? [];
}

/** The same value with every text in it changed. */
export function withTexts<T>(value: T, change: (text: string) => string): T {
  const inText = (_: string, each: unknown): unknown => (typeof each === 'string' ? change(each) : each);
  return JSON.parse(JSON.stringify(value), inText) as T;
}
