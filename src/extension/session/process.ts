import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nextOfRelay } from '../ui/error-words.ts';
import { startNodeProcess } from './node-process.ts';

export class RelayStartError extends Error {
  override readonly name = 'RelayStartError';
}

export interface RelayProcessOptions {
  readonly bundle: string;
  readonly storage: string;
  readonly dataDir: string;
  readonly version: string;
  /** 0: the last port if it is free, otherwise any. */
  readonly port: number;
  readonly keepAliveMinutes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Also resolves if another relay has the data directory. @throws RelayStartError with the process's output */
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

export function logFile(dataDir: string): string {
  return join(dataDir, 'relay.log');
}

/** Under load, Node and the C library would otherwise keep some 200 MB unused. Measured: docs/security.md. */
export const lowMemory = {
  /** In megabytes: a third of V8's young generation. */
  nodeOptions: ['--max-semi-space-size=8'],
  /** For glibc: large blocks are returned to the system when freed. */
  environment: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' },
} as const;

/**
 * VS Code gives the storage to a folder's first window only; another window, or a reloaded one whose old extension host
 * still runs, gets the name with `-1` to `-9` appended.
 * @param storage the extension's folder in the storage that this window was given
 */
export function sharedStorage(storage: string): string {
  const given = dirname(storage);
  const [, first] = /^(.+)-[1-9]$/.exec(basename(given)) ?? [];
  if (first === undefined) return storage;
  const shared = join(dirname(given), first);
  return existsSync(shared) ? join(shared, basename(storage)) : storage;
}
