/** Files of scenarios, read: in pieces and within bounds, since one may have come with a folder that is opened. */
import { basename, dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { ExpressionError } from '../common/expressions/expressions.ts';
import { structureOf } from '../common/parse-json.ts';
import type { Said, Words } from '../common/words.ts';
import { OwnFileError, readOwnFile } from './own-file.ts';
import { expressionsOfFile } from './run.ts';
import { scenarioFileSchema, scenarioSchema, stepSchema } from './scenario.ts';
import type { Scenario, ScenarioFile, Step } from './scenario.ts';
import { joined, SaidError, textOf, words } from './words.ts';

/** A longer file is not read, in bytes. */
const mostScenarioBytes = 1_048_576;
/** What there may be of structure, and how deep: parsing takes memory and time by these, not by length. */
const mostValues = 30_000;
const mostDepth = 50;
/** An object has no more keys. */
const mostKeys = 200;
/** Each takes its time to be read. */
const mostExpressions = 1000;
/** So much of what is wrong is said, and of each so many characters, and of its place. */
const mostSaid = 5;
const mostSaidLength = 1000;
const mostPlaceLength = 200;
/** Others get their turn after so many milliseconds. */
const pieceMs = 10;

/** A file of scenarios cannot be used. The message says what is wrong, and where in it. */
export class ScenarioFileError extends SaidError {
  override readonly name = 'ScenarioFileError';
  /** What is wrong where, as `said` has it, too; empty where it is no matter of a place. */
  readonly wrong: readonly Wrong[];
  constructor(said: Said, todo: Said = words('see-documents'), wrong: readonly Wrong[] = []) {
    super(said, todo);
    this.wrong = wrong;
  }
}

/** What is wrong at a place of a file. */
export interface Wrong {
  /** Such as `scenarios[0].name`; empty: all of it. */
  readonly place: string;
  readonly what: Said;
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
    throw new ScenarioFileError(error.why, error.todo);
  }
  return readScenarioBytes(bytes);
}

/**
 * The same of a file that somebody else has read.
 * @throws ScenarioFileError
 */
export async function readScenarioBytes(bytes: Uint8Array): Promise<ReadFile> {
  checkLength(bytes.byteLength);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const file = readScenarioText(text);
  const expressions = [...expressionsOfFile(file)];
  if (expressions.length > mostExpressions) {
    throw new ScenarioFileError(words('more-expressions', mostExpressions), words('make-several'));
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

/** @param bytes the length of a file of scenarios. @throws ScenarioFileError where it is not read for that */
export function checkLength(bytes: number): void {
  if (bytes > mostScenarioBytes)
    throw new ScenarioFileError(words('longer-than', mostScenarioBytes), words('make-fixture'));
}

/**
 * Reads the text of a file of scenarios: its form, and the steps that name others.
 * @throws ScenarioFileError
 */
export function readScenarioText(text: string): ScenarioFile {
  const { values, depth } = structureOf(text);
  if (depth > mostDepth) throw new ScenarioFileError(words('nested-deeper', mostDepth), words('make-fixture'));
  if (values > mostValues) throw new ScenarioFileError(words('more-values', mostValues), words('make-fixture'));
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new ScenarioFileError(words('is-not-json', (error as Error).message));
  }
  if (isWide(value)) throw new ScenarioFileError(words('more-keys', mostKeys), words('make-fixture'));
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

function isWide(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const within: unknown[] = Object.values(value);
  return (within.length > mostKeys && !Array.isArray(value)) || within.some(isWide);
}

const fileOutline = scenarioFileSchema.extend({ scenarios: z.array(z.unknown()).min(1).max(200) });
const scenarioOutline = scenarioSchema.extend({ steps: z.array(z.unknown()).min(1).max(200) });

/** @param path where the value stands. @throws ScenarioFileError */
function parsed<S extends z.ZodType>(schema: S, value: unknown, path: readonly PropertyKey[]): z.output<S> {
  const result = schema.safeParse(value, { reportInput: false, error: sayMissing });
  if (result.success) return result.data;
  const wrong = result.error.issues.slice(0, mostSaid).map((issue) => innermost(issue, path));
  const said = wrong.map(({ place, what }) => (place === '' ? what : words('because', place, what)));
  throw new ScenarioFileError(joined('then-too', said), undefined, wrong);
}

const types: Readonly<Record<string, Words>> = {
  array: words('a-list'),
  boolean: words('true-or-false'),
  int: words('a-whole-number'),
  number: words('a-number'),
  object: words('an-object'),
  string: words('a-text'),
};

/** The library does not tell afterwards which value there was: its message then stands for "there was none". */
const missing = 'is missing';

function sayMissing({ code, input }: z.core.$ZodRawIssue): string | undefined {
  return code === 'invalid_type' && input === undefined ? missing : undefined;
}

/** In words of ours where the library's are none of a user's; what the schemas say for themselves, as it is. */
function wordsOf(issue: z.core.$ZodIssue): Said {
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return words('unknown-key', keys.slice(0, mostSaidLength - mostPlaceLength));
  }
  if (issue.code !== 'invalid_type') return issue.message.slice(0, mostSaidLength - mostPlaceLength);
  if (issue.message === missing) return words('is-missing');
  return words('must-be', types[issue.expected] ?? words('a-value', issue.expected));
}

/** Of a union the branch that came the farthest: what is meant, where "Invalid input" says nothing. */
function innermost(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Wrong {
  const path = [...before, ...issue.path];
  const place = z.core.toDotPath(path).slice(0, mostPlaceLength);
  if (issue.code === 'invalid_key') return { place, what: issue.issues[0]?.message ?? issue.message };
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { place, what: wordsOf(issue) };
  const branches = issue.errors.map((issues) => issues.map((each) => innermost(each, path)));
  // One that misses a key of its own is another kind of step; one that only has a key too many is the one meant.
  const weight = (places: readonly Wrong[]): number =>
    places.filter(({ what }) => textOf(what) === missing).length * 100 + places.length;
  const meant = branches.toSorted((a, b) => weight(a) - weight(b))[0] ?? [];
  return meant[0] ?? { place, what: issue.message };
}

/** @throws ScenarioFileError where a step sends again what no earlier step is called */
function checkNames({ name, steps }: Scenario): void {
  const known = new Set<string>();
  const look = (step: Step): void => {
    if ('steps' in step) {
      step.steps.forEach(look);
    } else if ('send' in step) {
      if ('again' in step.send && !known.has(step.send.again)) {
        throw new ScenarioFileError(words('no-earlier-step', name, step.send.again));
      }
      if (step.name !== undefined) known.add(step.name);
    }
  };
  steps.forEach(look);
}
