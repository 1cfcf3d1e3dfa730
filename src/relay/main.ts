/**
 * The relay's own process, as the extension starts it: `node relay.js --data-dir D [--port N]`. Ends
 * `keepAliveMinutes` after its last client has gone. Prints one JSON line when it is ready, or why it is not.
 */
import { parseArgs } from 'node:util';
import { RelayRunningError, startRelay } from './relay.ts';

// Whoever reads what is written here may go away, as a window does that is closed: the relay stays.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const write = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Another process became the relay first: the caller attaches to that one. */
const exitRunning = 3;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { 'data-dir': { type: 'string' }, port: { type: 'string' }, 'keep-alive-minutes': { type: 'string' } },
  });
  const dataDir = values['data-dir'];
  if (dataDir === undefined) throw new Error('--data-dir is missing');
  const relay = await startRelay({
    dataDir,
    ...(values.port !== undefined && { port: Number(values.port) }),
    ...(values['keep-alive-minutes'] !== undefined && {
      settings: { keepAliveMinutes: Number(values['keep-alive-minutes']) },
    }),
    keepAlive: true,
    log: (entry) => process.stderr.write(`${entry.time} ${entry.level} ${entry.message}\n`),
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void relay.stop());
  const { pid, campaignMonitorUrl } = await relay.client.request('relay/status', {});
  write({ type: 'ready', pid, campaignMonitorUrl });
  await relay.closed;
}

main().catch((error: unknown) => {
  const { message, next } = error as Error & { next?: string };
  write({ type: 'failed', message, next: next ?? null });
  process.exitCode = error instanceof RelayRunningError ? exitRunning : 1;
});
