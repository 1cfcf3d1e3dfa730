/** VS Code's server on loopback: the extension host of every page that opens it, and the workbench that pages load. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installVsCodeServer, root } from './install.ts';
import { startPortRedirect } from './port-redirect.ts';

/**
 * Settings of the machine that every page of a server begins with: quiet, and without a request to the outside. In a
 * folder that is used again they are a person's, and stay.
 */
const machineSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** Writes the settings of the machine whose data is in a folder. */
export function writeMachineSettings(dataDir: string, settings: Readonly<Record<string, unknown>> = {}): void {
  const folder = join(dataDir, 'data', 'Machine');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ ...machineSettings, ...settings }, null, 2));
}

export interface ServerOptions {
  /** The server's own data: global and workspace storage of the extension host, logs, machine settings. */
  readonly dataDir: string;
  /** Further environment of the server and thus of the extension hosts. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further settings of the machine, where the folder is new. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether every folder is trusted that a page opens, unless the page itself says otherwise. */
  readonly trusted?: boolean;
  /** 0, the default: any free port. */
  readonly port?: number;
}

export interface VsCodeServer {
  /** Such as http://127.0.0.1:41234 */
  readonly origin: string;
  /** Host and port, which the pages' vscode-remote URIs must name. */
  readonly authority: string;
  readonly dataDir: string;
  readonly version: string;
  /** Ends the server and its extension hosts. */
  close(): Promise<void>;
}

/**
 * A language pack without a word in it: VS Code's own texts stay English, and extensions are asked for German. The
 * real one is on the Marketplace alone.
 */
function writeLanguagePack(dataDir: string): void {
  const texts = join(dataDir, 'data', 'language-pack.i18n.json');
  const packs = join(dataDir, 'data', 'languagepacks.json');
  if (existsSync(packs)) return;
  mkdirSync(join(dataDir, 'data'), { recursive: true });
  writeFileSync(texts, JSON.stringify({ version: '1.0.0', contents: {} }));
  const identifier = { id: 'test.language-pack', uuid: '00000000-0000-0000-0000-000000000000' };
  writeFileSync(
    packs,
    JSON.stringify({
      de: {
        hash: 'empty',
        label: 'Deutsch',
        extensions: [{ extensionIdentifier: identifier, version: '1.0.0' }],
        translations: { vscode: texts },
      },
    }),
  );
}

/**
 * Starts VS Code's server, installing it first where needed, and resolves when it listens.
 * @throws Error with the server's output where it ends instead
 */
export async function startServer(options: ServerOptions): Promise<VsCodeServer> {
  const { entry, version } = await installVsCodeServer();
  if (!existsSync(join(options.dataDir, 'data', 'Machine', 'settings.json')))
    writeMachineSettings(options.dataDir, options.settings);
  mkdirSync(join(options.dataDir, 'data', 'User'), { recursive: true });
  const argv = join(options.dataDir, 'data', 'User', 'argv.json');
  // Without a locale here, each page's language counts.
  if (!existsSync(argv)) writeFileSync(argv, '{}');
  writeLanguagePack(options.dataDir);
  const redirect = await startPortRedirect();
  const args = [
    ...['--require', join(root, 'test', 'vscode', 'mint-key.cjs')],
    entry,
    ...['--host', '127.0.0.1', '--port', String(options.port ?? 0)],
    ...['--server-data-dir', options.dataDir],
    ...['--telemetry-level', 'off'],
    '--without-connection-token',
    '--accept-server-license-terms',
    // Without it the page ignores extensionDevelopmentPath and extensionTestsPath.
    '--enable-smoke-test-driver',
    ...(options.trusted === true ? ['--disable-workspace-trust'] : []),
  ];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      VSCODE_PROXY_URI: redirect.template,
      SECRET_KEY_FILE: join(options.dataDir, 'secret-key'),
      ...options.env,
    },
    // A group of its own, with the extension hosts: they would wait for minutes for their window to come back.
    detached: process.platform !== 'win32',
  });
  const signal = (name: NodeJS.Signals): void => {
    if (process.platform === 'win32' || child.pid === undefined) child.kill(name);
    else
      try {
        process.kill(-child.pid, name);
      } catch {
        // Nobody of the group is left.
      }
  };
  // A process that ends without closing its server must not leave it behind.
  const kill = (): void => signal('SIGTERM');
  process.once('exit', kill);
  const output: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      const match = /Extension host agent listening on (\d+)/.exec(line);
      if (match !== null) resolve(Number(match[1]));
    });
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`VS Code's server ended with ${code ?? 'a signal'} before it listened:\n${output.join('\n')}`)),
    );
  }).catch(async (error: unknown) => {
    await redirect.close();
    throw error;
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    authority: `127.0.0.1:${port}`,
    dataDir: options.dataDir,
    version,
    close: async () => {
      kill();
      await closed;
      signal('SIGKILL');
      process.off('exit', kill);
      await redirect.close();
    },
  };
}
