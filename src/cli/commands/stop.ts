import { Option } from 'commander';
import type { Command } from 'commander';
import { heldAtStop } from '../../protocol/debug.ts';
import type { HeldAtStop } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Status } from '../../protocol/status.ts';
import { waitForEnd } from '../background.ts';
import { connectIfRunning } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { isConnectionLost } from '../errors.ts';
import { jsonFlag, newCommand } from '../flags.ts';
import type { CommonOptions } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { heldText } from '../terminal/sending-text.ts';

/** How long a relay may take to finish what is under way, in milliseconds. */
const endTimeoutMs = 30_000;

/** As the terminal says them: the protocol, and `--held` before, say `drop` for the last. */
const heldWords = heldAtStop.map((what) => (what === 'drop' ? 'discard' : what));

/** `cm-relay stop`. */
export function stopCommand(): Command {
  const held = new Option(
    '--held <what>',
    'what becomes of notifications that are held because sending is paused: keep (the default), release or discard',
  ).choices(heldWords);
  const read = held.parseArg;
  held.argParser((word) => (word === 'drop' ? word : word === 'discard' ? 'drop' : read?.(word, undefined)));
  return newCommand(
    'stop',
    'end the relay',
    'Ends the relay of the data directory, whoever started it, and waits until it is gone. Nothing is lost: what waits is sent when the next one starts. Where none runs there is nothing to do, and that is no failure.',
    [
      'Examples:',
      '  cm-relay stop',
      '  cm-relay stop --data-dir ./relay-data',
      '  cm-relay stop --held release         sends what the debugger holds before it ends',
      '',
      'Next: cm-relay listen starts it again.',
    ],
  )
    .addOption(held)
    .addOption(jsonFlag('a JSON object: {"stopped":true}, or false where none ran'))
    .action(stop);
}

async function stop(options: CommonOptions & { held?: HeldAtStop; json?: boolean }): Promise<void> {
  const dataDir = dataDirOf(options);
  const client = await connectIfRunning(options);
  if (client === undefined) {
    if (options.json === true) await printJson({ stopped: false });
    else note(`No relay runs for ${dataDir}: nothing to stop.`);
    return;
  }
  try {
    const { sending } = await endRelay(client, options.held);
    if (options.json === true) await printJson({ stopped: true });
    else await print('The relay has ended.\n');
    if (sending.state === 'paused' && (options.held ?? 'keep') === 'keep') {
      note(`${heldText(sending)} It stays so when the relay is started again.`);
    }
  } finally {
    client.close();
  }
}

/**
 * Ends a relay, and waits until it is gone.
 * @param held what becomes of what is held
 * @returns its status before
 * @throws CommandError where it does not end in time
 */
export async function endRelay(client: RelayClient, held?: HeldAtStop): Promise<Status> {
  const status = await client.request('relay/status', {});
  const { pid } = status;
  try {
    await client.request('relay/stop', held === undefined ? {} : { held });
  } catch (error) {
    // It may be gone before its answer is here.
    if (!isConnectionLost(error)) throw error;
  }
  await waitForEnd(`the relay (process ${pid})`, pid, endTimeoutMs);
  return status;
}
