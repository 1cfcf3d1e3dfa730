import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { heldText } from '../../terminal/sending-text.ts';
import { count } from '../../terminal/text.ts';

/** `cm-relay debug continue`. */
export function continueCommand(): Command {
  return newCommand(
    'continue',
    'send all that is held, up to the next that stops',
    'Lets sending go on: all that was held is sent in order, up to the next that meets a breakpoint. What waits for a key is held on.',
    [
      'Examples:',
      '  cm-relay debug continue',
      '  cm-relay debug continue --json',
      '',
      'Next: cm-relay events shows what became of it.',
    ],
  )
    .addOption(jsonFlag('a JSON object'))
    .action(goOn);
}

async function goOn(options: CommonOptions & { json?: boolean }): Promise<void> {
  const result = await withRelay(options, (client) => client.request('debug/continue', {}));
  if (options.json === true) await printJson(result);
  else await print(`${count(result.released, 'notification')} released\n${heldText(result.sending)}\n`);
}
