import { watch } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import type { Forwarding } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { ResendOnSave, type ResendState } from '../../protocol/resend-on-save.ts';
import { CommandError } from '../errors.ts';
import { styleText, interrupted } from './command-process.ts';
import { masked } from './masked.ts';
import { note, print, printJson } from './output.ts';
import { duration, localTime, printable } from './text.ts';

const ignored = /(?:^|[\\/])(?:node_modules|\.git)(?:[\\/]|$)/;
/** Editors save a file in several steps. */
const saveMs = 100;
/** How long after a response the callback may still write files. */
const writeMs = 300;

export interface WatchOptions {
  readonly eventId: string;
  readonly folder: string;
  /** Changes in it are the relay's, and ignored. */
  readonly dataDir: string;
  readonly to: string | undefined;
  readonly json: boolean;
}

export async function resendUntilInterrupted(client: RelayClient, options: WatchOptions): Promise<void> {
  const { eventId, to, json } = options;
  const ending = new AbortController();
  void interrupted().then(() => ending.abort());
  let known: Map<string, number> | undefined;
  let phase: ResendState['phase'] = 'done';
  let isHeld = false;
  let printedAt = -Infinity;
  const onChange = (state: ResendState): void => {
    if (state.phase === 'down' && phase !== 'down') note('The destination is down: the event is sent when it is back.');
    const held = state.forwardings.some(({ state: each }) => each === 'held');
    if (held && !isHeld) note('The event is held: it is sent when you release it, or continue sending.');
    isHeld = held;
    ({ phase } = state);
    const before = known;
    known = new Map(state.forwardings.map((each) => [`${each.notificationId} ${each.destinationId}`, each.attempts]));
    for (const forwarding of masked(state.forwardings)) {
      const earlier = before?.get(`${forwarding.notificationId} ${forwarding.destinationId}`) ?? 0;
      if (before === undefined || forwarding.attempts <= earlier) continue;
      printedAt = performance.now();
      void (json ? printJson({ eventId, ...forwarding }) : print(`${responseLine(eventId, forwarding)}\n`));
    }
  };
  const resending = new ResendOnSave({ client, eventId, onChange, ...(to !== undefined && { to: { url: to } }) });
  const failure = watchFolder(options, ending.signal, () => {
    // Otherwise a callback that writes files here would be sent the event forever.
    if (phase !== 'sending' && performance.now() - printedAt >= writeMs) resending.save();
  });
  try {
    // If the folder is missing, this fails at once.
    await Promise.race([failure, Promise.resolve()]);
    note(`Resending ${eventId} whenever a file in ${resolve(options.folder)} is saved. Press Ctrl+C to stop.`);
    await Promise.race([resending.run(ending.signal), failure]);
  } finally {
    // A watched folder keeps the process alive.
    ending.abort();
  }
}

function watchFolder({ folder, dataDir }: WatchOptions, signal: AbortSignal, onSave: () => void): Promise<never> {
  let saving: NodeJS.Timeout | undefined;
  return new Promise((_, reject) => {
    const fail = ({ message }: Error): void => reject(new CommandError(`cannot watch ${folder}: ${message}`));
    try {
      const watcher = watch(folder, { recursive: true, signal, ignore: ignored }, (_event, name) => {
        if (name === null || ignored.test(name) || resolve(folder, name).startsWith(join(resolve(dataDir), sep)))
          return;
        saving ??= setTimeout(() => {
          saving = undefined;
          onSave();
        }, saveMs);
      });
      watcher.on('error', fail);
      watcher.on('close', () => clearTimeout(saving));
    } catch (error) {
      fail(error as Error);
    }
  });
}

function responseLine(eventId: string, { destination, state, status, durationMs, detail }: Forwarding): string {
  const response = styleText(
    state === 'sent' ? 'green' : 'red',
    printable(status === null ? (detail ?? state) : `${status}`),
  );
  const took = durationMs === null ? '' : ` in ${duration(durationMs)}`;
  return `${localTime(new Date().toISOString())}  ${eventId}  ${response}${took}  ${printable(destination)}`;
}
