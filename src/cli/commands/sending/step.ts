import { Argument } from 'commander';
import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { CommandError } from '../../errors.ts';
import { jsonFlag, newCommand, parseId } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { masked } from '../../terminal/masked.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText, releasedText } from '../../terminal/sending-text.ts';

/** `cm-relay debug step`. */
export function stepCommand(): Command {
  return newCommand(
    'step',
    'send the next notification that is held',
    'Sends one notification that is held, whatever breakpoints say: the next in order, or the one that is named. Sending stays paused.',
    [
      'Examples:',
      '  cm-relay debug step          the next one',
      '  cm-relay debug step e12      that of an event',
      '',
      'Next: cm-relay debug continue sends all of them, cm-relay debug discard e12 gives one up.',
    ],
  )
    .addArgument(new Argument('[id]', 'the id of an event, delivery or notification').argParser(parseId))
    .addOption(jsonFlag('a JSON object'))
    .action(step);
}

async function step(id: string | undefined, options: CommonOptions & { json?: boolean }): Promise<void> {
  const result = await withRelay(options, (client) => client.request('debug/step', id === undefined ? {} : { id }));
  if (options.json === true) await printJson(masked(result));
  if (result.released.length === 0) {
    throw new CommandError(
      'nothing to send: nothing is held',
      'cm-relay debug pause pauses sending, cm-relay debug break add stops it.',
    );
  }
  if (options.json !== true) await print(`${releasedText(result.released)}\n${heldText(result.sending)}\n`);
}
