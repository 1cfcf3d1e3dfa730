/** A file may have come with a folder that is opened, so it is read in steps and within limits. */
import { basename, dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { say } from '../common/say.ts';
import { ExpressionError } from '../common/expressions/expressions.ts';
import { structureOf } from '../common/parse-json.ts';
import { OwnFileError, readOwnFile } from './own-file.ts';
import { expressionsOfFile } from './scenario-expressions.ts';
import { scenarioFileSchema, scenarioSchema, stepSchema } from './scenario.ts';
import type { Scenario, ScenarioFile, Step } from './scenario.ts';
import { CheckError } from './check-error.ts';

const mostScenarioBytes = 1_048_576;
/** Parsing takes memory and time by these, not by length. */
const mostValues = 30_000;
const mostDepth = 50;
const mostKeys = 200;
const mostExpressions = 1000;
const mostSaid = 5;
const mostSaidLength = 1000;
const mostPlaceLength = 200;
/** After this time, other work gets its turn. */
const pieceMs = 10;

export class ScenarioFileError extends CheckError {
  override readonly name = 'ScenarioFileError';
  readonly wrong: readonly Wrong[];
  constructor(
    message: string,
    next = say('See docs/scenarios.md for the format. Add "$schema" to have your editor check the file.'),
    wrong: readonly Wrong[] = [],
  ) {
    super(message, next);
    this.wrong = wrong;
  }
}

export interface Wrong {
  /** Such as `scenarios[0].name`; empty for the whole file. */
  readonly place: string;
  readonly what: string;
}

export interface ReadFile {
  readonly file: ScenarioFile;
  readonly text: string;
}

/** Follows no link that leads out of the folder. @throws ScenarioFileError */
export async function readScenarioFile(path: string): Promise<ReadFile> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(dirname(path), basename(path), mostScenarioBytes);
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw new ScenarioFileError(error.why, error.next);
  }
  return readScenarioBytes(bytes);
}

export async function readScenarioBytes(bytes: Uint8Array): Promise<ReadFile> {
  checkLength(bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const file = readScenarioText(text);
  const expressions = [...expressionsOfFile(file)];
  if (expressions.length > mostExpressions) {
    throw new ScenarioFileError(
      say('has more than {0} expressions', mostExpressions),
      say('Split the file into smaller files.'),
    );
  }
  let began = performance.now();
  try {
    for (const read of expressions) {
      read();
      if (performance.now() - began < pieceMs) continue;
      await turn();
      began = performance.now();
    }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new ScenarioFileError(error.message.slice(0, mostSaidLength));
  }
  return { file, text };
}

export function checkLength(bytes: number): void {
  if (bytes > mostScenarioBytes)
    throw new ScenarioFileError(say('is longer than {0} bytes', mostScenarioBytes), useFixture());
}

export function readScenarioText(text: string): ScenarioFile {
  const { values, depth } = structureOf(text);
  if (depth > mostDepth)
    throw new ScenarioFileError(say('is nested more than {0} levels deep', mostDepth), useFixture());
  if (values > mostValues) throw new ScenarioFileError(say('has more than {0} values', mostValues), useFixture());
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new ScenarioFileError(say('isn’t JSON: {0}', (error as Error).message));
  }
  if (isWide(value)) throw new ScenarioFileError(say('has an object with more than {0} keys', mostKeys), useFixture());
  // Step by step, up to the first problem: a schema has many issues for each.
  const file = parsed(fileOutline, value, []);
  const scenarios = file.scenarios.map((each, index) => {
    const path = ['scenarios', index];
    const outline = parsed(scenarioOutline, each, path);
    const steps = outline.steps.map((step, at) => parsed(stepSchema, step, [...path, 'steps', at]));
    const scenario = { ...outline, steps };
    checkNames(scenario);
    return scenario;
  });
  return { ...file, scenarios };
}

function isWide(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const within: unknown[] = Object.values(value);
  return (within.length > mostKeys && !Array.isArray(value)) || within.some(isWide);
}

const fileOutline = scenarioFileSchema.extend({ scenarios: z.array(z.unknown()).min(1).max(200) });
const scenarioOutline = scenarioSchema.extend({ steps: z.array(z.unknown()).min(1).max(200) });

function parsed<S extends z.ZodType>(schema: S, value: unknown, path: readonly PropertyKey[]): z.output<S> {
  const result = schema.safeParse(value, { reportInput: false, error: sayMissing });
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, mostSaid).map((issue) => innermost(issue, path));
  const said = wrong.map(({ place, what }) => (place === '' ? what : `${place}: ${what}`));
  throw new ScenarioFileError(said.join('; '), undefined, wrong);
}

function useFixture(): string {
  return say(
    'Send large content as a fixture: { "send": { "fixture": "subscribe.json" } }. Or split the file into smaller files.',
  );
}

function typeName(expected: string): string {
  switch (expected) {
    case 'array':
      return say('a list');
    case 'boolean':
      return say('true or false');
    case 'int':
      return say('a whole number');
    case 'number':
      return say('a number');
    case 'object':
      return say('an object');
    case 'string':
      return say('text');
    default:
      return say('a {0}', expected);
  }
}

/** zod's issues don't contain the value, so this message marks a missing one. */
const missing = 'is missing';

function sayMissing({ code, input }: z.core.$ZodRawIssue): string | undefined {
  return code === 'invalid_type' && input === undefined ? missing : undefined;
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return say('unknown key {0}', keys.slice(0, mostSaidLength - mostPlaceLength));
  }
  if (issue.code !== 'invalid_type') return issue.message.slice(0, mostSaidLength - mostPlaceLength);
  if (issue.message === missing) return say('is missing');
  return say('must be {0}', typeName(issue.expected));
}

/** "Invalid input" of a union says nothing, so use the issue of its most likely branch. */
function innermost(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Wrong {
  const path = [...before, ...issue.path];
  const place = z.core.toDotPath(path).slice(0, mostPlaceLength);
  if (issue.code === 'invalid_key') return { place, what: issue.issues[0]?.message ?? issue.message };
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { place, what: wordsOf(issue) };
  const branches = issue.errors.map((issues) => issues.map((each) => innermost(each, path)));
  // A branch whose own key is missing is another kind of step; one with only an unknown key is the intended one.
  const weight = (places: readonly Wrong[]): number =>
    places.filter(({ what }) => what === say('is missing')).length * 100 + places.length;
  const meant = branches.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  return meant[0] ?? { place, what: issue.message };
}

function checkNames({ name, steps }: Scenario): void {
  const known = new Set<string>();
  const look = (step: Step): void => {
    if ('steps' in step) {
      step.steps.forEach(look);
    } else if ('send' in step) {
      if ('again' in step.send && !known.has(step.send.again)) {
        throw new ScenarioFileError(say('scenario "{0}": no earlier step is named "{1}"', name, step.send.again));
      }
      if (step.name !== undefined) known.add(step.name);
    }
  };
  steps.forEach(look);
}
