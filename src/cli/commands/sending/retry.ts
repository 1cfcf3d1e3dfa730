import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { masked } from '../../terminal/masked.ts';
import { print, printJson } from '../../terminal/output.ts';
import { retriedLines } from '../../terminal/sending-text.ts';

/** `cm-relay retry`. */
export function retryCommand(): Command {
  return newCommand(
    'retry',
    'try now what is to be tried again later',
    'Tries at once what the running relay would try later: a callback that is down, notifications that wait for their next attempt, and a tunnel that is not open. Exits with 0 where there is nothing of it, too.',
    [
      'Examples:',
      '  cm-relay retry           the callback is back, or the tunnel program is installed',
      '  cm-relay retry --json',
      '',
      'Next: cm-relay status says what became of it. What has failed for good is sent again by cm-relay resend --failed.',
    ],
  )
    .addOption(jsonFlag('a JSON object: {"tried":[…],"tunnel"}'))
    .action(retry);
}

async function retry(options: CommonOptions & { json?: boolean }): Promise<void> {
  const { tried, tunnel } = await withRelay(options, (client) => client.request('relay/retry', {}));
  if (options.json === true) await printJson({ tried: masked(tried), tunnel });
  else await print(`${retriedLines({ tried, tunnel }).join('\n')}\n`);
}
