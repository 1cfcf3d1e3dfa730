/**
 * The relay as a process of its own. It runs a copy of the one-file bundle from the global storage, with its working
 * directory there and a clean environment, so that an update of the extension or of VS Code never finds it holding a
 * file; it outlives the window.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The relay could not be started. */
export class RelayStartError extends Error {
  override readonly name = 'RelayStartError';
}

export interface RelayProcessOptions {
  /** The bundle in the extension, dist/relay.js. */
  readonly bundle: string;
  /** A folder for the copy, the working directory. */
  readonly storage: string;
  readonly dataDir: string;
  readonly version: string;
  /** 0: the port used last if it is free, else any. */
  readonly port: number;
  readonly keepAliveMinutes: number;
}

/** What the relay needs of its surroundings: homes, temporary folders, proxies; nothing of VS Code's own. */
const kept = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TMPDIR',
  'TEMP',
  'TMP',
  'XDG_RUNTIME_DIR',
  'SystemRoot',
  'LOCALAPPDATA',
  'APPDATA',
  'USERPROFILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
];

/**
 * Starts the relay and resolves when it answers, or when another one of the same data directory was there first.
 * @throws RelayStartError with what the process said
 */
export async function startRelayProcess(options: RelayProcessOptions): Promise<void> {
  const script = await copyBundle(options);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const env: NodeJS.ProcessEnv = { ELECTRON_RUN_AS_NODE: '1' };
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];
  const child = spawn(
    process.execPath,
    [
      script,
      '--data-dir',
      options.dataDir,
      '--log-file',
      logFile(options.dataDir),
      '--keep-alive-minutes',
      String(options.keepAliveMinutes),
      ...(options.port === 0 ? [] : ['--port', String(options.port)]),
    ],
    { cwd: options.storage, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true },
  );
  const line = await firstLine(child);
  child.stdout.destroy();
  child.unref();
  const said = JSON.parse(line) as { type: string; message?: string; next?: string | null; code?: string };
  if (said.type === 'ready' || said.type === 'running') return;
  throw new RelayStartError([said.message, said.next].filter(Boolean).join('. '));
}

/** The relay's own log, in its data directory. */
export function logFile(dataDir: string): string {
  return join(dataDir, 'relay.log');
}

function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.once('error', (error) => reject(new RelayStartError(error.message)));
    child.once('close', (code) => reject(new RelayStartError(`The relay's process ended at once (${String(code)})`)));
  });
}

/** Copies the bundle to a name of its version and content; older copies that no process holds are removed. */
async function copyBundle({ bundle, storage, version }: RelayProcessOptions): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(bundle))
    .digest('hex')
    .slice(0, 8);
  const name = `relay-${version}-${hash}.cjs`;
  const target = join(storage, name);
  await mkdir(storage, { recursive: true });
  const there = await stat(target).catch(() => undefined);
  if (there === undefined) {
    const temporary = `${target}.${process.pid}`;
    await copyFile(bundle, temporary);
    await rename(temporary, target);
  }
  for (const old of await readdir(storage)) {
    if (/^relay-.*\.cjs$/.test(old) && old !== name)
      await rm(join(storage, old), { force: true }).catch(() => undefined);
  }
  return target;
}
