import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText } from '../../terminal/sending-text.ts';
import { count } from '../../terminal/text.ts';

export function continueCommand(): Command {
  return newCommand(
    'continue',
    'resume sending until the next breakpoint',
    'Resumes sending: held events are sent in order, up to the next breakpoint. Events that need a missing key stay on hold.',
    ['cm-relay debug continue', 'cm-relay debug continue --json'],
    'cm-relay events shows the results.',
  )
    .addOption(jsonFlag('print a JSON object'))
    .action(goOn);
}

async function goOn(options: CommonOptions & { json?: boolean }): Promise<void> {
  const result = await withRelay(options, (client) => client.request('debug/continue', {}));
  if (options.json === true) await printJson(result);
  else await print(`${count(result.released, 'notification')} released\n${heldText(result.sending)}\n`);
}
