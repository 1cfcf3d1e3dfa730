/** The relay in its own process: see node-process.ts. */
import { join } from 'node:path';
import { nextOfRelay } from '../ui/error-words.ts';
import { lowMemory } from './low-memory.ts';
import { startNodeProcess } from './node-process.ts';

export class RelayStartError extends Error {
  override readonly name = 'RelayStartError';
}

export interface RelayProcessOptions {
  /** dist/cm-relay.js in the extension. */
  readonly bundle: string;
  /** A folder for the copy, also the working directory. */
  readonly storage: string;
  readonly dataDir: string;
  readonly version: string;
  /** 0: the last port if it is free, otherwise any. */
  readonly port: number;
  readonly keepAliveMinutes: number;
  /** Ends the process unless it is ready. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when the relay responds, or when another one of the same data directory was there first.
 * @throws RelayStartError with the process's output
 */
export async function startRelayProcess(options: RelayProcessOptions): Promise<void> {
  const { bundle, storage, version, dataDir, keepAliveMinutes, port, signal } = options;
  const args = [
    'relay-process',
    '--data-dir',
    dataDir,
    '--log-file',
    logFile(dataDir),
    '--keep-alive-minutes',
    String(keepAliveMinutes),
  ];
  if (port !== 0) args.push('--port', String(port));
  const program = { name: 'relay', bundle, storage, version, args, ...lowMemory, signal };
  const line = await startNodeProcess(program).catch((error: unknown) => {
    throw new RelayStartError((error as Error).message, { cause: error });
  });
  const said = JSON.parse(line) as { type: string; message?: string; next?: string | null; advice?: string | null };
  if (said.type === 'ready' || said.type === 'running') return;
  throw new RelayStartError([said.message, nextOfRelay(said)].filter(Boolean).join('. '));
}

/** The relay's own log, in its data directory. */
export function logFile(dataDir: string): string {
  return join(dataDir, 'relay.log');
}
