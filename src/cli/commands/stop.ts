import { Option, type Command } from 'commander';
import { heldAtStop, type HeldAtStop } from '../../protocol/debug.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Status } from '../../protocol/status.ts';
import { waitForEnd } from '../background.ts';
import { connectIfRunning } from '../connection.ts';
import { dataDirOf } from '../data-dir.ts';
import { isConnectionLost } from '../errors.ts';
import { jsonFlag, newCommand, type CommonOptions } from '../flags.ts';
import { note, print, printJson } from '../terminal/output.ts';
import { heldText } from '../terminal/sending-text.ts';

const endTimeoutMs = 30_000;

const heldWords = heldAtStop.map((what) => (what === 'drop' ? 'discard' : what));

export function stopCommand(): Command {
  const held = new Option(
    '--held <what>',
    'what to do with notifications held by a pause: keep (the default), release, or discard',
  ).choices(heldWords);
  const read = held.parseArg;
  held.argParser((word) => (word === 'discard' ? 'drop' : read?.(word, undefined)));
  return newCommand(
    'stop',
    'stop the relay',
    "Stops the data directory's relay, whoever started it, and waits until the relay has ended. Nothing is lost: the next relay sends queued notifications. If no relay is running, does nothing and exits with 0.",
    [
      'cm-relay stop',
      'cm-relay stop --data-dir ./relay-data',
      'cm-relay stop --held release         sends held notifications before the relay stops',
    ],
    'cm-relay listen starts the relay again.',
  )
    .addOption(held)
    .addOption(jsonFlag('print a JSON object: {"stopped":true}, or {"stopped":false} if no relay was running'))
    .action(stop);
}

async function stop(options: CommonOptions & { held?: HeldAtStop; json?: boolean }): Promise<void> {
  const dataDir = dataDirOf(options);
  const client = await connectIfRunning(options);
  if (client === undefined) {
    if (options.json === true) await printJson({ stopped: false });
    else note(`No relay is running for ${dataDir}: nothing to stop.`);
    return;
  }
  try {
    const { sending } = await endRelay(client, options.held);
    if (options.json === true) await printJson({ stopped: true });
    else await print('Relay stopped.\n');
    if (sending.state === 'paused' && (options.held ?? 'keep') === 'keep') {
      note(`${heldText(sending)} Sending stays paused when the relay restarts.`);
    }
  } finally {
    client.close();
  }
}

export async function endRelay(client: RelayClient, held?: HeldAtStop): Promise<Status> {
  const status = await client.request('relay/status', {});
  const { pid } = status;
  try {
    await client.request('relay/stop', held === undefined ? {} : { held });
  } catch (error) {
    // The relay may exit before it responds.
    if (!isConnectionLost(error)) throw error;
  }
  await waitForEnd(`the relay (process ${pid})`, pid, endTimeoutMs);
  return status;
}
