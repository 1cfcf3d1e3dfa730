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
  /** Trust a data directory that no relay of this user has created. */
  trustDataDir?: boolean;
}

/** The program's flags, which are allowed anywhere in a line. */
export function commonFlags(): Option[] {
  return [
    new Option(
      '--data-dir <folder>',
      "folder for the relay's data (default: $CM_RELAY_DATA_DIR, or your account's state folder)",
    ).argParser(checkedBy(notEmpty('a folder'))),
    new Option('--trust-data-dir', 'trust this data directory from now on, although your relay did not create it'),
  ].map((flag) => flag.helpGroup('Options for every command:'));
}

/** What is below the options in a command's help: examples, what to do next, and notes between the two. */
export type Below = readonly [examples: readonly string[], next?: string | undefined, notes?: readonly string[]];

/** A command on a data directory. */
export function newCommand(name: string, summary: string, description: string, ...below: Below): Command {
  return commandGroup(name, summary, description, ...below).hook('preAction', (_this, command) => {
    const { dataDir, trustDataDir } = command.optsWithGlobals<CommonOptions>();
    command.setOptionValue('dataDir', dataDir).setOptionValue('trustDataDir', trustDataDir);
    admitDataDirectory(command.opts<CommonOptions>());
  });
}

/** A command that does not use a data directory itself, such as one with subcommands that do. */
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

/** Formats an item of a help; if there is little space beside it, its description is below it. */
export function helpItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const columns = this.helpWidth ?? 80;
  return columns - termWidth - 4 >= this.minWidthToWrap || description === ''
    ? Help.prototype.formatItem.call(this, term, termWidth, description, helper)
    : `  ${term}\n${wrapped(`      ${description}`, columns)}`;
}

/** Known values of a flag that also accepts others, for the completion. */
export const usualValues = new WeakMap<Option, readonly string[]>();

export const jsonFlag = (description: string): Option => new Option('--json', description);

/** A parser that validates a flag's value with a schema. */
export function checkedBy<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => {
    const result = schema.safeParse(value, { error: issueWords });
    if (result.success) return result.data;
    throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join('; ') + '.');
  };
}

/** The same for a repeatable flag. */
export function collectedBy<T>(schema: z.ZodType<T>): (value: string, previous?: T[]) => T[] {
  const parse = checkedBy(schema);
  return (value, previous = []) => [...previous, parse(value)];
}

/** A parser for seconds with decimals and limits. @returns milliseconds */
export function seconds(least: number, most: number): (value: string) => number {
  return (value) => {
    const given = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : NaN;
    if (given >= least && given <= most) return Math.round(given * 1000);
    throw new InvalidArgumentError(`expected ${least} to ${most} seconds, such as 1.5`);
  };
}

/** Rejects empty text: a shell expands an unset variable to "". */
export function notEmpty(what: string): z.ZodType<string> {
  return z.string().refine((text) => text.trim() !== '', `expected ${what}`);
}

const absolute = z.string().refine((text) => URL.canParse(text), 'expected a URL that starts with http:// or https://');

/** Checks that a text is a URL before a schema whose refinements require one. */
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
