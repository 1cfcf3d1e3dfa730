/**
 * The relay as a process of its own, as the extension starts it: `cm-relay relay-process --data-dir D [--port N]
 * [--log-file F]`. Ends `keepAliveMinutes` after its last client has gone. Prints one JSON line: `ready`, `running` where
 * another process is the relay already, or `failed` and why. With `--history` it is no relay: it answers what reads the
 * history on its standard input and output, see read-only.ts.
 */
import { parseArgs } from 'node:util';
import type { RelayAdvice } from '../protocol/errors.ts';
import { logToFile } from './log-file.ts';
import { serveHistory } from './clients/read-only.ts';
import { RelayRunningError, startRelay } from './relay.ts';

const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Another process became the relay first: the caller attaches to that one. */
const exitRunning = 3;

/**
 * Runs it to its end.
 * @param args what follows `relay-process` on the command line
 * @returns the process's exit code
 */
export async function runRelayProcess(args: readonly string[]): Promise<number> {
  // Whoever reads what is written here may go away, as a window does that is closed: the relay stays.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    await serve(args);
    return 0;
  } catch (error) {
    const { message, next, advice } = error as Error & { next?: string; advice?: RelayAdvice };
    const running = error instanceof RelayRunningError;
    write({ type: running ? 'running' : 'failed', message, next: next ?? null, advice: advice ?? null });
    return running ? exitRunning : 1;
  }
}

async function serve(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'data-dir': { type: 'string' },
      port: { type: 'string' },
      'keep-alive-minutes': { type: 'string' },
      'log-file': { type: 'string' },
      history: { type: 'boolean' },
    },
  });
  const dataDir = values['data-dir'];
  if (dataDir === undefined) throw new Error('--data-dir is missing');
  if (values.history === true) {
    await serveHistory(dataDir, process.stdin, process.stdout);
    // What waits for the end of standard input does not keep it.
    process.exit();
  }
  const logFile = values['log-file'];
  const relay = await startRelay({
    dataDir,
    ...(values.port !== undefined && { port: Number(values.port) }),
    ...(values['keep-alive-minutes'] !== undefined && {
      settings: { keepAliveMinutes: Number(values['keep-alive-minutes']) },
    }),
    keepAlive: true,
    ownProcess: true,
    log:
      logFile === undefined
        ? (entry) => process.stderr.write(`${entry.time} ${entry.level} ${entry.message}\n`)
        : logToFile(logFile),
  });
  try {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void relay.stop());
    const { pid, campaignMonitorUrl } = await relay.client.request('relay/status', {});
    write({ type: 'ready', pid, campaignMonitorUrl });
    await relay.closed;
  } finally {
    // Where nobody was told that it is there.
    await relay.stop();
  }
}
