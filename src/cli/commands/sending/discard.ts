import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { collectIds, jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { print, printJson } from '../../terminal/output.ts';
import { count } from '../../terminal/text.ts';

interface DiscardOptions extends CommonOptions {
  waiting?: boolean;
  json?: boolean;
}

/** `cm-relay debug discard`. */
export function discardCommand(): Command {
  return newCommand(
    'discard',
    'give up notifications that wait',
    'Gives up notifications that wait to be sent or are held. They stay in the history, and cm-relay resend can still send them.',
    [
      'Examples:',
      '  cm-relay debug discard e12          what waits of one event',
      '  cm-relay debug discard --waiting    all that waits, for instance for a server that is gone',
      '',
      'Next: cm-relay events --filter state:discarded lists them, cm-relay resend sends them after all.',
    ],
  )
    .addArgument(new Argument('[ids...]', 'ids of events, deliveries or notifications').argParser(collectIds))
    .addOption(new Option('--waiting', 'all that wait or are held'))
    .addOption(jsonFlag('a JSON object'))
    .action(discard);
}

async function discard(ids: string[] | undefined, options: DiscardOptions): Promise<void> {
  const named = ids !== undefined && ids.length > 0;
  if (named === (options.waiting === true)) {
    throw new UsageError(
      named ? 'ids and --waiting exclude each other' : 'nothing to discard: give ids or --waiting',
      'For example: cm-relay debug discard --waiting',
    );
  }
  const result = await withRelay(options, (client) =>
    client.request('notifications/discard', named ? { ids } : { waiting: true }),
  );
  if (options.json === true) await printJson(result);
  if (result.discarded === 0) {
    throw new CommandError(
      'nothing to discard: none of these waits',
      'cm-relay events --filter state:waiting lists what does.',
    );
  }
  if (options.json !== true) await print(`${count(result.discarded, 'notification')} discarded\n`);
}
