/** Files of scenarios, read: in pieces and within bounds, since one may have come with a folder that is opened. */
import { basename, dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { ExpressionError } from '../common/expressions/expressions.ts';
import { structureOf } from '../common/parse-json.ts';
import { OwnFileError, readOwnFile } from './own-file.ts';
import { expressionsOf } from './run.ts';
import { scenarioFileSchema, scenarioSchema, stepSchema } from './scenario.ts';
import type { Scenario, ScenarioFile, Step } from './scenario.ts';

/** A longer file is not read, in bytes. */
export const mostScenarioBytes = 1_048_576;
/** What there may be of structure, and how deep: parsing takes memory and time by these, not by length. */
const mostValues = 30_000;
const mostDepth = 50;
/** An object has no more keys. */
const mostKeys = 200;
/** Each takes its time to be read. */
const mostExpressions = 1000;
/** So much of what is wrong is said. */
const mostSaid = 5;
const mostSaidLength = 1000;
/** Others get their turn after so many milliseconds. */
const pieceMs = 10;

/** A file of scenarios cannot be used. The message says what is wrong, and where in it. */
export class ScenarioFileError extends Error {
  override readonly name = 'ScenarioFileError';
  readonly next: string;
  constructor(
    message: string,
    next = 'docs/scenarios.md tells how it is written; "$schema" makes your editor check it.',
  ) {
    super(message);
    this.next = next;
  }
}

/** A file of scenarios, and its text. */
export interface ReadFile {
  readonly file: ScenarioFile;
  readonly text: string;
}

/**
 * Reads a file of scenarios with its expressions. It has to lie in the folder that it is named in: a link that leads
 * elsewhere is not followed.
 * @throws ScenarioFileError
 */
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

/**
 * The same of a file that somebody else has read.
 * @throws ScenarioFileError
 */
export async function readScenarioBytes(bytes: Uint8Array): Promise<ReadFile> {
  if (bytes.byteLength > mostScenarioBytes) {
    throw new ScenarioFileError(`is longer than ${mostScenarioBytes} bytes`, smaller);
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const file = readScenarioText(text);
  const expressions = file.scenarios.flatMap((scenario) => [...expressionsOf(scenario)]);
  if (expressions.length > mostExpressions) {
    throw new ScenarioFileError(`has more than ${mostExpressions} expressions`, 'Make several files of it.');
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

/**
 * Reads the text of a file of scenarios: its form, and the steps that name others.
 * @throws ScenarioFileError
 */
export function readScenarioText(text: string): ScenarioFile {
  const { values, depth } = structureOf(text);
  if (depth > mostDepth) throw new ScenarioFileError(`is nested deeper than ${mostDepth}`, smaller);
  if (values > mostValues) throw new ScenarioFileError(`has more than ${mostValues} values`, smaller);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new ScenarioFileError(`is not JSON: ${(error as Error).message}`);
  }
  if (isWide(value)) throw new ScenarioFileError(`has an object of more than ${mostKeys} keys`, smaller);
  // Step by step, up to the first that is wrong: a schema has much to say about each.
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

const smaller = 'Send what is long as a fixture: { "send": { "fixture": "subscribe.json" } }. Or make several files.';

function isWide(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const within: unknown[] = Object.values(value);
  return (within.length > mostKeys && !Array.isArray(value)) || within.some(isWide);
}

const fileOutline = scenarioFileSchema.extend({ scenarios: z.array(z.unknown()).min(1).max(200) });
const scenarioOutline = scenarioSchema.extend({ steps: z.array(z.unknown()).min(1).max(200) });

/** @param path where the value stands. @throws ScenarioFileError */
function parsed<S extends z.ZodType>(schema: S, value: unknown, path: readonly PropertyKey[]): z.output<S> {
  const result = schema.safeParse(value, { reportInput: false, error: inPlainWords });
  if (result.success) return result.data;
  throw new ScenarioFileError(innermost(result.error, path));
}

const types: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  object: 'an object',
  string: 'a text',
};

/** What the schemas do not say for themselves, where the library's words are none of a user's; else its own stay. */
function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'unrecognized_keys') {
    return `unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
  }
  if (issue.code !== 'invalid_type') return undefined;
  return issue.input === undefined ? missing : `must be ${types[issue.expected] ?? `a ${issue.expected}`}`;
}

const missing = 'is missing';

/** Of a union the branch that came the farthest: what is meant, where "Invalid input" says nothing. */
function innermost(error: z.core.$ZodError, before: readonly PropertyKey[]): string {
  const lines = error.issues.slice(0, mostSaid).map((issue) => deepest(issue, before));
  return lines
    .map(({ path, message }) => (path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`))
    .join('; ')
    .slice(0, mostSaidLength);
}

interface Place {
  readonly path: PropertyKey[];
  readonly message: string;
}

function deepest(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Place {
  const path = [...before, ...issue.path];
  if (issue.code === 'invalid_key') return { path, message: issue.issues[0]?.message ?? issue.message };
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { path, message: issue.message };
  const branches = issue.errors.map((issues) => issues.map((each) => deepest(each, path)));
  // One that misses a key of its own is another kind of step; one that only has a key too many is the one meant.
  const weight = (places: readonly Place[]): number =>
    places.filter(({ message }) => message === missing).length * 100 + places.length;
  const meant = branches.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  return meant[0] ?? { path, message: issue.message };
}

/** @throws ScenarioFileError where a step sends again what no earlier step is called */
function checkNames({ name, steps }: Scenario): void {
  const known = new Set<string>();
  const look = (step: Step): void => {
    if ('steps' in step) {
      step.steps.forEach(look);
    } else if ('send' in step) {
      if ('again' in step.send && !known.has(step.send.again)) {
        throw new ScenarioFileError(`scenario "${name}": no earlier step is called "${step.send.again}"`);
      }
      if (step.name !== undefined) known.add(step.name);
    }
  };
  steps.forEach(look);
}
