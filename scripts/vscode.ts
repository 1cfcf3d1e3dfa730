/**
 * `npm run vscode`: VS Code with the extension, for a person, and the sandbox that its windows use. Opens `code` where
 * that is installed (or VSCODE_EXECUTABLE), else prints the address of the browser build. What is set, signed in and
 * received in it is kept for the next time. Ctrl+C ends it.
 *
 *     npm run vscode -- [folder] [--port <port>] [--data <folder>]
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  sandboxFacts,
  findOrStartSandbox,
  findSandbox,
  lookEveryMs,
  sandboxFile,
  stopSandbox,
} from '../src/extension/sandbox/shared-sandbox.ts';
import type { RunningSandbox } from '../src/extension/sandbox/shared-sandbox.ts';
import { pageAddress } from '../test/vscode/browser.ts';
import { linkedRoot, onPath, root } from '../test/vscode/install.ts';
import { startServer } from '../test/vscode/server.ts';

/** The browser keeps a window's state and secrets by the origin, and so by the port: it is the same each time. */
const usualPort = 8791;

/** What package.json says of the extension. */
interface Manifest {
  readonly publisher: string;
  readonly name: string;
  readonly version: string;
}

/** Ends the script where it cannot go on. */
function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

function readArguments(): { readonly folder: string | undefined; readonly port: number; readonly data: string } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { port: { type: 'string' }, data: { type: 'string' } },
    });
    const port = Number(values.port ?? usualPort);
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`--port ${values.port} is not a port.`);
    if (positionals.length > 1) throw new Error('Give at most one folder.');
    return { folder: positionals[0], port, data: resolve(values.data ?? join(root, '.cache', 'vscode')) };
  } catch (error) {
    return refuse(`${(error as Error).message}\nUsage: npm run vscode -- [folder] [--port <port>] [--data <folder>]`);
  }
}

/** Whether a port of this machine can be listened on. */
function isFree(port: number): Promise<boolean> {
  return new Promise((free) => {
    const server = createServer();
    server.once('error', () => free(false));
    server.listen(port, '127.0.0.1', () => server.close(() => free(true)));
  });
}

/** A folder to play in. It lies within this repository, of which Git need not speak there. */
function playground(folder: string): string {
  const settings = join(folder, '.vscode', 'settings.json');
  if (!existsSync(settings)) {
    mkdirSync(join(folder, '.vscode'), { recursive: true });
    writeFileSync(settings, JSON.stringify({ 'git.openRepositoryInParentFolders': 'never' }, null, 2));
  }
  return folder;
}

/** Opens desktop VS Code in a window of its own, with user data of its own. */
function openDesktop(executable: string, args: readonly string[]): void {
  const child = spawn(executable, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  child.once('error', (error) => console.error(`cannot start ${executable}: ${error.message}`));
}

/** Says what the sandbox of the windows is, now and whenever it is another. @returns what ends it */
async function followSandbox(storage: string, version: string): Promise<() => Promise<void>> {
  mkdirSync(storage, { recursive: true });
  let said: RunningSandbox | undefined;
  const say = (running: RunningSandbox): void => {
    if (running.control !== said?.control) console.log(`The sandbox for its windows:\n\n${sandboxFacts(running)}`);
    said = running;
  };
  say(await findOrStartSandbox({ storage, bundle: join(root, 'dist', 'cm-relay.js'), version }));
  // Asked for, it stays up; where a window has ended it and started another, that one is told.
  const look = (): void => void findSandbox(storage).then((running) => running !== undefined && say(running));
  const timer = setInterval(look, lookEveryMs);
  const watcher = watch(storage, (_event, name) => name === sandboxFile && look());
  return async () => {
    clearInterval(timer);
    watcher.close();
    const running = await findSandbox(storage);
    if (running !== undefined) await stopSandbox(storage, running);
  };
}

const { folder: named, port, data } = readArguments();
const folder = named === undefined ? playground(join(data, 'workspace')) : resolve(named);
// Of the one to play in all is ours; whether another is trusted, VS Code asks.
const trusted = named === undefined;
mkdirSync(folder, { recursive: true });
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const extension = linkedRoot(join(data, 'extension'));
const storageIn = (user: string): string =>
  join(user, 'globalStorage', `${manifest.publisher}.${manifest.name}`.toLowerCase());

const executable = process.env['VSCODE_EXECUTABLE'];
const desktop = process.env['VSCODE_KIND'] === 'browser' ? undefined : executable || onPath('code');
const ends: (() => Promise<void>)[] = [];
if (desktop !== undefined) {
  const userData = join(data, 'desktop');
  ends.push(await followSandbox(storageIn(join(userData, 'User')), manifest.version));
  openDesktop(desktop, [
    folder,
    `--extensionDevelopmentPath=${extension}`,
    `--user-data-dir=${userData}`,
    '--new-window',
    ...(trusted ? ['--disable-workspace-trust'] : []),
  ]);
  console.log(`VS Code: opening a window for ${desktop}.`);
} else {
  if (!(await isFree(port)))
    refuse(
      `Port ${port} is in use, most likely by another \`npm run vscode\`: end that one, or give another port by --port.`,
    );
  const server = await startServer({ dataDir: join(data, 'server'), port, trusted });
  ends.push(() => server.close());
  ends.push(await followSandbox(storageIn(join(server.dataDir, 'data', 'User')), manifest.version));
  console.log(`VS Code ${server.version} for the browser (no \`code\` on the PATH). Open:`);
  console.log(`  ${pageAddress(server, { folder, extensionDevelopmentPaths: [extension] })}`);
}
console.log('Ctrl+C ends it.');

let ending = false;
const finish = (): void => {
  if (ending) return;
  ending = true;
  void Promise.allSettled(ends.map((end) => end())).finally(() => process.exit(0));
};
process.on('SIGINT', finish).on('SIGTERM', finish);
