import type { Command } from 'commander';
import { UsageError } from './errors.ts';

/** Moves the program's flags before the command. `help COMMAND` becomes `COMMAND --help`, for any number of words. */
export function arrangeCommandLine(args: readonly string[], program: Command): string[] {
  const { globals, rest } = splitGlobals(args, program);
  if (rest[0] !== 'help') return [...globals, ...rest];
  const path: string[] = [];
  let command = program;
  for (const word of rest.slice(1).filter((each) => !each.startsWith('-'))) {
    // After a command without subcommands, a word is an argument, as in `help url open-connectors`.
    if (command.commands.length === 0) break;
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) {
      throw new UsageError(
        `unknown command '${word}'`,
        `To see all commands, run ${[program.name(), 'help', ...path].join(' ')}.`,
      );
    }
    path.push(word);
    command = next;
  }
  return [...path, '--help'];
}

function splitGlobals(args: readonly string[], program: Command): { globals: string[]; rest: string[] } {
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
      // If the value is missing, the next word must not become it.
      if (value === undefined) return { globals: [...globals, arg], rest: [] };
      globals.push(`${arg}=${value}`);
    }
  }
  return { globals, rest };
}
