import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText } from '../../terminal/sending-text.ts';
import { thisTerminal } from '../../terminal/this-terminal.ts';

/** `cm-relay debug pause`. */
export function pauseCommand(): Command {
  return newCommand(
    'pause',
    'pause sending: hold what comes',
    'Pauses sending. Deliveries are acknowledged and stored as ever; their notifications are held, in order, until somebody steps or continues, also when the relay is started again.',
    [
      'Examples:',
      '  cm-relay debug pause',
      '  cm-relay debug pause --json       how sending stands',
      '',
      'Next: cm-relay debug step sends the next one, cm-relay debug continue all of them; cm-relay status says what is held.',
    ],
  )
    .addOption(jsonFlag('a JSON object: how sending stands'))
    .action(pause);
}

async function pause(options: CommonOptions & { json?: boolean }): Promise<void> {
  const { sending } = await withRelay(options, (client) => client.request('debug/pause', { by: thisTerminal() }));
  if (options.json === true) await printJson(sending);
  else await print(`${heldText(sending)}\n`);
}
