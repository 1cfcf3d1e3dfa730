import type { Command } from 'commander';
import { commandGroup } from '../flags.ts';
import { breakCommand } from './sending/break.ts';
import { continueCommand } from './sending/continue.ts';
import { discardCommand } from './sending/discard.ts';
import { pauseCommand } from './sending/pause.ts';
import { stepCommand } from './sending/step.ts';

/** `cm-relay debug`, with its commands. */
export function debugCommand(): Command {
  const command = commandGroup(
    'debug',
    'pause sending, step through notifications, set breakpoints',
    'Holds what the running relay would send, and lets it go on piece by piece. Deliveries are acknowledged and stored meanwhile.',
    [
      'Examples:',
      '  cm-relay debug pause                              hold what comes',
      '  cm-relay debug step                               send the next one',
      '  cm-relay debug break add --condition type:update  stop at updates alone',
      '  cm-relay debug continue',
      '',
      'Next: cm-relay status says what is held; docs/debugging.md has all of it.',
    ],
  );
  for (const each of [pauseCommand(), stepCommand(), continueCommand(), breakCommand(), discardCommand()]) {
    command.addCommand(each);
  }
  return command.helpCommand('help [command]', 'what a command does, with examples');
}
