import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { jsonFlag, newCommand, type CommonOptions } from '../../flags.ts';
import { masked } from '../../terminal/masked.ts';
import { print, printJson } from '../../terminal/output.ts';
import { retriedLines } from '../../terminal/sending-text.ts';

export function retryCommand(): Command {
  return newCommand(
    'retry',
    'retry now instead of later',
    'Immediately retries whatever the running relay would retry later: a callback that is down, notifications that wait for their next attempt, and a tunnel that is not open. Also exits with 0 if there is nothing to retry.',
    [
      'cm-relay retry           when your callback is back, or after you install the tunnel program',
      'cm-relay retry --json',
    ],
    'cm-relay status shows the result. To resend failed notifications, run cm-relay resend --failed.',
  )
    .addOption(jsonFlag('print a JSON object: {"tried":[…],"tunnel"}'))
    .action(retry);
}

async function retry(options: CommonOptions & { json?: boolean }): Promise<void> {
  const { tried, tunnel } = await withRelay(options, (client) => client.request('relay/retry', {}));
  if (options.json === true) await printJson({ tried: masked(tried), tunnel });
  else await print(`${retriedLines({ tried, tunnel }).join('\n')}\n`);
}
