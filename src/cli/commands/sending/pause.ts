import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText } from '../../terminal/sending-text.ts';
import { thisTerminal } from '../../terminal/this-terminal.ts';

export function pauseCommand(): Command {
  return newCommand(
    'pause',
    'pause sending',
    'Pauses sending. The relay still acknowledges and stores deliveries, but holds their notifications in order until you step or continue, even after a restart.',
    ['cm-relay debug pause', 'cm-relay debug pause --json       prints the sending state'],
    'cm-relay debug step sends the next notification; cm-relay debug continue resumes sending; cm-relay status shows what is on hold.',
  )
    .addOption(jsonFlag('print the sending state as a JSON object'))
    .action(pause);
}

async function pause(options: CommonOptions & { json?: boolean }): Promise<void> {
  const { sending } = await withRelay(options, (client) => client.request('debug/pause', { by: thisTerminal() }));
  if (options.json === true) await printJson(sending);
  else await print(`${heldText(sending)}\n`);
}
