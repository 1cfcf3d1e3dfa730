/** The relay as a process of its own: see node-process.ts. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { nextOfRelay } from '../ui/error-words.ts';
import { lowMemory } from './low-memory.ts';
import { startNodeProcess } from './node-process.ts';

/** The relay could not be started. */
export class RelayStartError extends Error {
  override readonly name = 'RelayStartError';
}

export interface RelayProcessOptions {
  /** The bundle in the extension, dist/cm-relay.js. */
  readonly bundle: string;
  /** A folder for the copy, the working directory. */
  readonly storage: string;
  readonly dataDir: string;
  readonly version: string;
  /** 0: the port used last if it is free, else any. */
  readonly port: number;
  readonly keepAliveMinutes: number;
  /** Ends the process where it has not said that it is ready. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts the relay and resolves when it answers, or when another one of the same data directory was there first.
 * @throws RelayStartError with what the process said
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
  throw new RelayStartError([said.message, nextOfRelay(said, vscode.l10n)].filter(Boolean).join('. '));
}

/** The relay's own log, in its data directory. */
export function logFile(dataDir: string): string {
  return join(dataDir, 'relay.log');
}
