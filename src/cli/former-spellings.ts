/** Spellings of commands and flags that were replaced: each goes on working and is in no help and no completion. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { UsageError } from './errors.ts';

/** The words that named a command before, and those that name it now. */
export const formerCommands: Readonly<Record<string, string>> = {
  body: 'instances body',
  break: 'debug break',
  continue: 'debug continue',
  discard: 'debug discard',
  hold: 'debug pause',
  replay: 'resend',
  'sandbox start': 'sandbox',
  'scenario run': 'scenario',
  step: 'debug step',
  subscribe: 'sandbox subscribe',
};

/**
 * A command line in the order in which commander reads it: the program's flags, the words of the command as they are
 * spelled now, and what is that command's. In the line that is given flags may stand before, between and behind the
 * words, and `help` before them is `--help` behind them.
 * @param args without node and the script
 * @throws UsageError where help is asked for a command that there is not
 */
export function presentLine(args: readonly string[], program: Command): string[] {
  const { globals, rest } = withoutGlobals(args, program);
  let path: string[] = [];
  let command = program;
  let asksHelp = false;
  for (;;) {
    const at = placeOfWord(rest, command);
    const word = rest[at];
    if (word === undefined) break;
    if (word === 'help' && (command === program || command.commands.length > 0)) asksHelp = true;
    else {
      const named = [...path, word].join(' ');
      const present = formerCommands[named]?.split(' ') ?? [...path, word];
      const next = commandAt(program, present);
      if (next === undefined) break;
      path = present;
      command = next;
    }
    rest.splice(at, 1);
  }
  const unknown = rest[placeOfWord(rest, command)];
  if (!asksHelp) return [...globals, ...path, ...rest];
  // What follows a command without commands of its own is an argument, as in `help url open-connectors`.
  if (unknown !== undefined && command.commands.length > 0) {
    throw new UsageError(
      `unknown command '${unknown}'`,
      `To see all commands, run ${[program.name(), 'help', ...path].join(' ')}.`,
    );
  }
  return [...path, '--help'];
}

/** Takes the program's flags out of a line. */
function withoutGlobals(args: readonly string[], program: Command): { globals: string[]; rest: string[] } {
  const [globals, rest]: [string[], string[]] = [[], []];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return { globals, rest: [...rest, ...args.slice(at)] };
    const [name] = arg.split('=', 1);
    const flag = program.options.find(({ long, short }) => long === name || short === arg);
    if (flag === undefined) rest.push(arg);
    else if (!flag.required || name !== arg) globals.push(arg);
    else {
      const value = args[++at];
      // Where its value is missing, the next word must not become it.
      if (value === undefined) return { globals: [...globals, arg], rest: [] };
      globals.push(`${arg}=${value}`);
    }
  }
  return { globals, rest };
}

function commandAt(program: Command, path: readonly string[]): Command | undefined {
  let command: Command | undefined = program;
  for (const word of path) command = command?.commands.find((each) => each.name() === word);
  return command;
}

/** Where the next word of a command may be: behind flags and their values. Behind the end where there is none. */
function placeOfWord(args: readonly string[], command: Command): number {
  // Of the program's own none is left.
  const flags = command.parent === null ? [] : optionsBelow(command);
  const takers = new Set(flags.filter(({ required }) => required).map(({ long }) => long));
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') break;
    if (!arg.startsWith('-')) return at;
    if (takers.has(arg)) at++;
  }
  return args.length;
}

function optionsBelow(command: Command): readonly Option[] {
  return [...command.options, ...command.commands.flatMap(optionsBelow)];
}

/** A flag that was replaced. It sets what the present one sets. */
class FormerFlag extends Option {
  readonly #present: Option;

  constructor(present: Option, flags: string) {
    super(flags);
    this.#present = present;
    this.hideHelp();
  }

  override attributeName(): string {
    return this.#present.attributeName();
  }
}

/**
 * The spelling that a flag had before.
 * @param flags as of an Option, such as `--settle <ms>`
 * @param read makes of its value what the present flag gives
 */
export function formerFlag(present: Option, flags: string, read?: (value: string) => unknown): Option {
  const former = new FormerFlag(present, flags);
  return read === undefined ? former : former.argParser(read);
}
