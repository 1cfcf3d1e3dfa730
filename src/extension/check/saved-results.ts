/** Results are saved without requests and responses, with secrets masked, and only for the last few callbacks. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CheckResult } from '../../check/check.ts';
import type { Check } from '../../check/suite.ts';
import type { SecretMask } from '../../common/masking.ts';
import { prefix } from '../prefix.ts';
import type { DestinationSetting } from '../settings.ts';

const mostSaved = 5;

/** In UTF-16 units. */
const mostOfText = 500;

const savedKey = `${prefix}.checkResults`;

const findingSchema = z.object({
  verdict: z.enum(['met', 'unmet', 'undecided']),
  what: z.string(),
  expected: z.string(),
  actual: z.string(),
  cause: z.string().optional(),
});

const stepSchema = z.object({
  title: z.string(),
  sent: z.number(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
  findings: z.array(findingSchema),
});

const outcome = z.enum(['passed', 'failed', 'undecided', 'skipped']);
const reason = z.string().nullable();

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

export interface SavedRun {
  readonly runToken: string;
  readonly results: readonly CheckResult[];
}

/** A hash, because the URL may contain a token. */
export function nameOfCallback({ url, id }: DestinationSetting): string {
  return createHash('sha256')
    .update(JSON.stringify([url, id]))
    .digest('base64url')
    .slice(0, 22);
}

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

export async function saveRun(
  state: StateReader & { update(key: string, value: unknown): Thenable<void> },
  callback: string,
  { runToken, results }: SavedRun,
  mask: SecretMask,
): Promise<void> {
  const plain = results.map(({ check: { id }, outcome, reason, result }) => ({
    id,
    outcome,
    reason,
    result: result && { ...result, steps: result.steps.map((step) => ({ ...step, examples: [] })) },
  }));
  // The schema removes whatever isn't to be saved.
  const run = runSchema.parse(withTexts({ runToken, results: plain }, (text) => mask.in(text).slice(0, mostOfText)));
  const others = read(state).filter(([name]) => name !== callback);
  await state.update(savedKey, [...others, [callback, run]].slice(-mostSaved));
}

interface StateReader {
  get(key: string): unknown;
}

/** Empty if an earlier version saved another shape. */
function read(state: StateReader): z.output<typeof savedSchema> {
  return savedSchema.safeParse(state.get(savedKey)).data ?? [];
}

export function withTexts<T>(value: T, change: (text: string) => string): T {
  const inText = (_: string, each: unknown): unknown => (typeof each === 'string' ? change(each) : each);
  return JSON.parse(JSON.stringify(value), inText) as T;
}
