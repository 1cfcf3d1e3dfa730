import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { withRelay } from '../../connection.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { collectIds, jsonFlag, newCommand } from '../../flags.ts';
import type { CommonOptions } from '../../flags.ts';
import { note, print, printJson } from '../../terminal/output.ts';
import { count } from '../../terminal/text.ts';

interface DiscardOptions extends CommonOptions {
  waiting?: boolean;
  json?: boolean;
}

export function discardCommand(): Command {
  return newCommand(
    'discard',
    'discard queued notifications',
    'Discards notifications that are waiting or held. They stay in the history, and you can still resend them.',
    [
      "cm-relay debug discard e12          one event's queued notifications",
      'cm-relay debug discard --waiting    all queued notifications, such as when a server is gone',
    ],
    'cm-relay events --filter state:discarded lists the discarded events; cm-relay resend resends them.',
  )
    .addArgument(new Argument('[ids...]', 'IDs of events, deliveries, or notifications').argParser(collectIds))
    .addOption(new Option('--waiting', 'all queued notifications'))
    .addOption(jsonFlag('print a JSON object'))
    .action(discard);
}

async function discard(ids: string[] | undefined, options: DiscardOptions): Promise<void> {
  const named = ids !== undefined && ids.length > 0;
  if (named === (options.waiting === true)) {
    throw new UsageError(
      named ? 'use either IDs or --waiting, not both' : 'nothing to discard: give IDs or --waiting',
      'For example: cm-relay debug discard --waiting',
    );
  }
  const result = await withRelay(options, (client) =>
    client.request('notifications/discard', named ? { ids } : { waiting: true }),
  );
  if (options.json === true) await printJson(result);
  if (result.discarded === 0) {
    throw new CommandError(
      'nothing to discard: no matching notification is waiting or held',
      'To see what is waiting or held, run cm-relay events --filter state:waiting,held.',
    );
  }
  if (result.gone !== undefined) note(`${count(result.gone, 'ID')} skipped: not in the history.`);
  if (options.json !== true) await print(`${count(result.discarded, 'notification')} discarded\n`);
}
