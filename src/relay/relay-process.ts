/**
 * The relay as a separate process, which ends `keepAliveMinutes` after its last client disconnects. Prints one JSON
 * line: `ready`, `running` if another process is the relay, or `failed`. With `--history`, it serves only the history
 * on its standard input and output (read-only.ts).
 */
import { parseArgs } from 'node:util';
import type { RelayAdvice } from '../protocol/advice.ts';
import { serveHistory } from './clients/read-only.ts';
import { RelayRunningError, startRelay, type LogEntry } from './relay.ts';
import { appendFileSync, renameSync, statSync } from 'node:fs';

const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const exitRunning = 3;

export async function runRelayProcess(args: readonly string[]): Promise<number> {
  // If the reader of the output goes away, such as a closed window, the relay continues.
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
    // Reading standard input would keep the process alive.
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
    // The caller may not know that it is running.
    await relay.stop();
  }
}

/** At this size, the file is renamed to `….1`; two files are kept. */
const mostBytes = 1_048_576;

/** Never throws: logging must not stop the relay. */
export function logToFile(file: string): (entry: LogEntry) => void {
  let bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return ({ time, level, message }) => {
    // A message may quote others: keep it on one line, without control sequences for a terminal.
    const line = `${time} ${level} ${message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')}\n`;
    try {
      if (bytes > mostBytes) {
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      bytes += Buffer.byteLength(line);
    } catch {
      // The disk may be full, which the store reports.
    }
  };
}
