import { Argument } from 'commander';
import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { CommandError } from '../../errors.ts';
import { jsonFlag, newCommand, parseId } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { masked } from '../../terminal/masked.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText, releasedText } from '../../terminal/sending-text.ts';

export function stepCommand(): Command {
  return newCommand(
    'step',
    'send the next held notification',
    'Sends the next held notification or, with an ID, all held notifications of that ID, regardless of breakpoints. Sending stays paused.',
    [
      'cm-relay debug step          the next notification',
      "cm-relay debug step e12      one event's held notifications",
    ],
    "cm-relay debug continue resumes sending; cm-relay debug discard e12 discards one event's queued notifications.",
  )
    .addArgument(new Argument('[id]', 'ID of an event, delivery, or notification').argParser(parseId))
    .addOption(jsonFlag('print a JSON object'))
    .action(step);
}

async function step(id: string | undefined, options: CommonOptions & { json?: boolean }): Promise<void> {
  const result = await withRelay(options, (client) => client.request('debug/step', id === undefined ? {} : { id }));
  if (options.json === true) await printJson(masked(result));
  if (result.released.length === 0) {
    throw new CommandError(
      'nothing to send: nothing is held by a pause or breakpoint',
      result.sending.state === 'paused'
        ? 'Sending is already paused. The next notification will be held.'
        : 'To pause sending, run cm-relay debug pause. To stop at certain events, run cm-relay debug break add.',
    );
  }
  if (options.json !== true) await print(`${releasedText(result.released)}\n${heldText(result.sending)}\n`);
}
