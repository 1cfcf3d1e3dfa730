import type { Command } from 'commander';
import { commandGroup, jsonFlag, newCommand, parseId, collectIds, type CommonOptions } from '../flags.ts';
import { breakCommand } from './sending/break.ts';
import { withRelay } from '../connection.ts';
import { print, printJson, note } from '../terminal/output.ts';
import { heldText, releasedText } from '../terminal/sending-text.ts';
import { count } from '../terminal/text.ts';
import { thisTerminal } from '../terminal/command-process.ts';
import { CommandError, UsageError } from '../errors.ts';
import { masked } from '../terminal/masked.ts';

export function debugCommand(): Command {
  const command = commandGroup(
    'debug',
    'pause sending, step through notifications, and set breakpoints',
    'Pauses sending in the running relay, so that you can step through notifications. Deliveries are still acknowledged and stored.',
    [
      'cm-relay debug pause                              puts everything on hold',
      'cm-relay debug step                               sends the next notification',
      'cm-relay debug break add --condition type:update  stops at updates only',
      'cm-relay debug continue',
    ],
    'cm-relay status shows what is on hold. For details, see docs/debugging.md.',
  );
  for (const each of [pauseCommand(), stepCommand(), continueCommand(), breakCommand(), discardCommand()]) {
    command.addCommand(each);
  }
  return command.helpCommand('help [command]', 'show help for a command, with examples');
}

function continueCommand(): Command {
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

function pauseCommand(): Command {
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

function stepCommand(): Command {
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
    .argument('[id]', 'ID of an event, delivery, or notification', parseId)
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

interface DiscardOptions extends CommonOptions {
  waiting?: boolean;
  json?: boolean;
}

function discardCommand(): Command {
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
    .argument('[ids...]', 'IDs of events, deliveries, or notifications', collectIds)
    .option('--waiting', 'all queued notifications')
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
