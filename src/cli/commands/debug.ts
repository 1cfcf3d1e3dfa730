import type { Command } from 'commander';
import { commandGroup } from '../flags.ts';
import { breakCommand } from './sending/break.ts';
import { continueCommand } from './sending/continue.ts';
import { discardCommand } from './sending/discard.ts';
import { pauseCommand } from './sending/pause.ts';
import { stepCommand } from './sending/step.ts';

export function debugCommand(): Command {
  const command = commandGroup(
    'debug',
    'pause sending, step through notifications, and set breakpoints',
    'Pauses sending in the running relay, so that you can step through notifications. Deliveries are still acknowledged and stored.',
    [
      'cm-relay debug pause                              puts everything on hold',
      'cm-relay debug step                               sends the next notification',
      'cm-relay debug break add --condition type:update  stops at updates only',
      'cm-relay debug continue',
    ],
    'cm-relay status shows what is on hold. For details, see docs/debugging.md.',
  );
  for (const each of [pauseCommand(), stepCommand(), continueCommand(), breakCommand(), discardCommand()]) {
    command.addCommand(each);
  }
  return command.helpCommand('help [command]', 'show help for a command, with examples');
}
