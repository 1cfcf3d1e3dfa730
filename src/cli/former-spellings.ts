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
 * A command line with the words of its command first, spelled as they are now. `help` before them becomes `--help`
 * behind them; flags may stand before, between and behind them.
 * @param args without node and the script
 * @throws UsageError where help is asked for a command that there is not
 */
export function presentLine(args: readonly string[], program: Command): string[] {
  const rest = [...args];
  let path: string[] = [];
  let command = program;
  let asksHelp = false;
  for (;;) {
    const at = placeOfWord(rest, command, program);
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
  const unknown = rest[placeOfWord(rest, command, program)];
  if (!asksHelp) return [...path, ...rest];
  if (unknown !== undefined) {
    throw new UsageError(
      `unknown command '${unknown}'`,
      `${[program.name(), 'help', ...path].join(' ')} lists the commands that there are.`,
    );
  }
  return [...path, '--help'];
}

function commandAt(program: Command, path: readonly string[]): Command | undefined {
  let command: Command | undefined = program;
  for (const word of path) command = command?.commands.find((each) => each.name() === word);
  return command;
}

/** Where the next word of a command may be: behind flags and their values. Behind the end where there is none. */
function placeOfWord(args: readonly string[], command: Command, program: Command): number {
  const takers = new Set(
    [...program.options, ...(command === program ? [] : optionsBelow(command))]
      .filter(({ required }) => required)
      .map(({ long }) => long),
  );
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
