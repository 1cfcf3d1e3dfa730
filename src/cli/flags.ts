import { Command, Help, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { admitDataDirectory } from './data-dir.ts';
import { fitted } from './terminal/output.ts';
import { wrapped } from './terminal/text.ts';
import { issueWords } from '../protocol/issue-words.ts';
import { methods } from '../protocol/methods.ts';
import { commandProcess } from './terminal/command-process.ts';

/** What every command takes. */
export interface CommonOptions {
  dataDir?: string;
  /** Take a data directory for the user's own that no relay of the user's has made. */
  trustDataDir?: boolean;
}

/** The flags of the program, which stand before or behind the words of any command. */
export function commonFlags(): Option[] {
  return [
    new Option(
      '--data-dir <folder>',
      "folder for the relay's data (default: $CM_RELAY_DATA_DIR, or your account's state folder)",
    ).argParser(checkedBy(notEmpty('a folder'))),
    new Option('--trust-data-dir', 'trust this data directory from now on, although your relay did not create it'),
  ].map((flag) => flag.helpGroup('Options for every command:'));
}

/** A command on a data directory. `after` are lines of examples and advice that stand below its help. */
export function newCommand(name: string, summary: string, description: string, after: readonly string[]): Command {
  return commandGroup(name, summary, description, after).hook('preAction', async (_this, command) => {
    const { dataDir, trustDataDir } = command.optsWithGlobals<CommonOptions>();
    command.setOptionValue('dataDir', dataDir).setOptionValue('trustDataDir', trustDataDir);
    await admitDataDirectory(command.opts<CommonOptions>());
  });
}

/** A command without a data directory, such as one whose own commands, which are to be added, take the flags. */
export function commandGroup(name: string, summary: string, description: string, after: readonly string[]): Command {
  return new Command(name)
    .summary(summary)
    .description(description)
    .helpOption('-h, --help', 'show help for this command, with examples')
    .addHelpText('after', () => `\n${fitted(after.join('\n'), commandProcess().stdout)}`);
}

/** A flag, argument or command of a help, where there is no room beside it above its description. */
export function helpItem(this: Help, term: string, termWidth: number, description: string, helper: Help): string {
  const columns = this.helpWidth ?? 80;
  return columns - termWidth - 4 >= this.minWidthToWrap || description === ''
    ? Help.prototype.formatItem.call(this, term, termWidth, description, helper)
    : `  ${term}\n${wrapped(`      ${description}`, columns)}`;
}

/** What may stand behind a flag that takes other things, too: for the completion. */
export const usualValues = new WeakMap<Option, readonly string[]>();

export const jsonFlag = (description: string): Option => new Option('--json', description);

/** A parser for a flag's value that is what a schema says. */
export function checkedBy<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => {
    const result = schema.safeParse(value, { error: issueWords });
    if (result.success) return result.data;
    throw new InvalidArgumentError(result.error.issues.map(({ message }) => message).join('; ') + '.');
  };
}

/** The same for a flag that may be given several times. */
export function collectedBy<T>(schema: z.ZodType<T>): (value: string, previous?: T[]) => T[] {
  const parse = checkedBy(schema);
  return (value, previous = []) => [...previous, parse(value)];
}

/** A parser for seconds, which may have decimals, with bounds. @returns milliseconds */
export function seconds(least: number, most: number): (value: string) => number {
  return (value) => {
    const given = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : NaN;
    if (given >= least && given <= most) return Math.round(given * 1000);
    throw new InvalidArgumentError(`expected ${least} to ${most} seconds, such as 1.5`);
  };
}

/** Text with something in it: a shell makes "" of a variable that is not set. */
export function notEmpty(what: string): z.ZodType<string> {
  return z.string().refine((text) => text.trim() !== '', `expected ${what}`);
}

const absolute = z.string().refine((text) => URL.canParse(text), 'expected a URL that starts with http:// or https://');

/** A URL that a schema checks further: such a check takes for granted that it is one. */
export function urlOf<T>(schema: z.ZodType<T, string | undefined>): z.ZodType<T, string> {
  return absolute.pipe(schema as z.ZodType<T, string>);
}

/** A parser for a whole number; `schema` bounds it. */
export function wholeNumber(schema: z.ZodType<number, number | undefined>): (value: string) => number {
  const parse = checkedBy(schema);
  return (value) => {
    if (!/^-?\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number');
    return parse(Number(value));
  };
}

/** An id such as d7, e12 or n9. */
const idSchema = methods['events/get'].params.shape.id;
export const parseId = checkedBy(idSchema);
export const collectIds = collectedBy(idSchema);
