/** Programs run from a copy of their bundle, so that they never block an update; they outlive the window. */
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface NodeProcessOptions {
  readonly name: string;
  readonly bundle: string;
  readonly storage: string;
  readonly version: string;
  readonly args: readonly string[];
  readonly nodeOptions?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends the program only until it has written its first line. */
  readonly signal?: AbortSignal | undefined;
}

/** No variables of VS Code's own. */
const kept = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'TMPDIR',
  'TEMP',
  'TMP',
  'XDG_RUNTIME_DIR',
  'XDG_STATE_HOME',
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

/** Resolves to the program's first line. @throws Error if it can't be started, or ends before that line */
export async function startNodeProcess(options: NodeProcessOptions): Promise<string> {
  const script = await copyBundle(options);
  const env: NodeJS.ProcessEnv = { ...options.environment, ELECTRON_RUN_AS_NODE: '1' };
  for (const name of kept) if (process.env[name] !== undefined) env[name] = process.env[name];
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), script, ...options.args], {
    cwd: options.storage,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  const { signal } = options;
  const kill = (): void => void child.kill();
  signal?.addEventListener('abort', kill);
  if (signal?.aborted === true) kill();
  const line = await firstLine(child, options.name).finally(() => signal?.removeEventListener('abort', kill));
  child.stdout.destroy();
  child.unref();
  return line;
}

function firstLine(child: ReturnType<typeof spawn>, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`The ${name}'s process ended at once (${String(code)})`)));
  });
}

async function copyBundle({ name, bundle, storage, version }: NodeProcessOptions): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(bundle))
    .digest('hex')
    .slice(0, 8);
  const copy = `${name}-${version}-${hash}.cjs`;
  const target = join(storage, copy);
  await mkdir(storage, { recursive: true });
  const there = await stat(target).catch(() => undefined);
  if (there === undefined) {
    const temporary = `${target}.${randomUUID()}`;
    await copyFile(bundle, temporary, constants.COPYFILE_EXCL);
    await rename(temporary, target);
  }
  for (const old of await readdir(storage)) {
    if (old.startsWith(`${name}-`) && old.endsWith('.cjs') && old !== copy)
      await rm(join(storage, old), { force: true }).catch(() => undefined);
  }
  return target;
}
