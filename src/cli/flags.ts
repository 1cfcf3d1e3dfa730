import { Command, Help, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { admitDataDirectory } from './data-dir.ts';
import { fitted } from './terminal/output.ts';
import { wrapped } from './terminal/text.ts';
import { issueWords } from '../protocol/issue-words.ts';
import { methods } from '../protocol/methods.ts';
import { commandProcess } from './terminal/command-process.ts';

export interface CommonOptions {
  dataDir?: string;
  trustDataDir?: boolean;
}

export function commonFlags(): Option[] {
  return [
    new Option(
      '--data-dir <folder>',
      "folder for the relay's data (default: $CM_RELAY_DATA_DIR, or your account's state folder)",
    ).argParser(checkedBy(notEmpty('a folder'))),
    new Option('--trust-data-dir', 'trust this data directory from now on, although your relay did not create it'),
  ].map((flag) => flag.helpGroup('Options for every command:'));
}

export type Below = readonly [examples: readonly string[], next?: string | undefined, notes?: readonly string[]];

export function newCommand(name: string, summary: string, description: string, ...below: Below): Command {
  return commandGroup(name, summary, description, ...below).hook('preAction', (_this, command) => {
    const { dataDir, trustDataDir } = command.optsWithGlobals<CommonOptions>();
    command.setOptionValue('dataDir', dataDir).setOptionValue('trustDataDir', trustDataDir);
    admitDataDirectory(command.opts<CommonOptions>());
  });
}

/** A command that does not use a data directory itself. */
export function commandGroup(name: string, summary: string, description: string, ...below: Below): Command {
  const [examples, next, notes = []] = below;
  const after = ['Examples:', ...examples.map((each) => `  ${each}`)];
  if (notes.length > 0) after.push('', ...notes);
  if (next !== undefined) after.push('', `Next: ${next}`);
  return new Command(name)
    .summary(summary)
    .description(description)
    .helpOption('-h, --help', 'show help for this command, with examples')
    .addHelpText('after', () => `\n${fitted(after.join('\n'), commandProcess().stdout)}`);
}

export function helpItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const columns = this.helpWidth ?? 80;
  return columns - termWidth - 4 >= this.minWidthToWrap || description === ''
    ? Help.prototype.formatItem.call(this, term, termWidth, description, helper)
    : `  ${term}\n${wrapped(`      ${description}`, columns)}`;
}

/** Values that the completion offers for a flag that also accepts others. */
export const usualValues = new WeakMap<Option, readonly string[]>();

export const jsonFlag = (description: string): Option => new Option('--json', description);

export function checkedBy<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => {
    const result = schema.safeParse(value, { error: issueWords });
    if (result.success) return result.data;
    throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join('; ') + '.');
  };
}

export function collectedBy<T>(schema: z.ZodType<T>): (value: string, previous?: T[]) => T[] {
  const parse = checkedBy(schema);
  return (value, previous = []) => [...previous, parse(value)];
}

/** @param least in seconds, like `most` @returns milliseconds */
export function seconds(least: number, most: number): (value: string) => number {
  return (value) => {
    const given = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : NaN;
    if (given >= least && given <= most) return Math.round(given * 1000);
    throw new InvalidArgumentError(`expected ${least} to ${most} seconds, such as 1.5`);
  };
}

/** A shell expands an unset variable to "", so empty text is refused. */
export function notEmpty(what: string): z.ZodType<string> {
  return z.string().refine((text) => text.trim() !== '', `expected ${what}`);
}

const absolute = z.string().refine((text) => URL.canParse(text), 'expected a URL that starts with http:// or https://');

/** Checks that a text is a URL first, since the schema's refinements throw if it is not. */
export function urlOf<T>(schema: z.ZodType<T, string | undefined>): z.ZodType<T, string> {
  return absolute.pipe(schema as z.ZodType<T, string>);
}

export function wholeNumber(schema: z.ZodType<number, number | undefined>): (value: string) => number {
  const parse = checkedBy(schema);
  return (value) => {
    if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number');
    return parse(Number(value));
  };
}

const idSchema = methods['events/get'].params.shape.id;
export const parseId = checkedBy(idSchema);
export const collectIds = collectedBy(idSchema);
