/**
 * `npm run vscode`: VS Code with the extension, for a person, and the sandbox beside it. Opens `code` where that is
 * installed (or VSCODE_EXECUTABLE), else prints the address of the browser build. `npm run vscode -- <folder>` opens
 * that folder. Ctrl+C ends both.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pageAddress } from '../test/vscode/browser.ts';
import { onPath, root } from '../test/vscode/install.ts';
import { startServer } from '../test/vscode/server.ts';

/** What the sandbox's ready line says of where it is and what opens it. */
interface Ready {
  readonly campaignMonitorApi: string;
  readonly openConnectorsApi: string;
  readonly credentials: { readonly campaignMonitor: { readonly apiKey: string } };
}

/** Starts the sandbox and resolves to its ready line. */
async function startSandbox(): Promise<Ready & { readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [join(root, 'dist', 'cm-relay.js'), 'sandbox', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((ready, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      ready({ child, ...(JSON.parse(line) as Ready) });
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error('The sandbox ended before it was ready.')));
  });
}

/** Opens desktop VS Code in a window of its own. */
function openDesktop(executable: string, folder: string): void {
  const args = [folder, `--extensionDevelopmentPath=${root}`, '--new-window'];
  const child = spawn(executable, args, { stdio: 'inherit', shell: process.platform === 'win32' });
  child.once('error', (error) => console.error(`${executable} cannot be started: ${error.message}`));
}

const data = join(root, '.cache', 'vscode');
const folder = resolve(process.argv[2] ?? join(data, 'workspace'));
mkdirSync(folder, { recursive: true });

const sandbox = await startSandbox();
console.log(
  `Sandbox: Campaign Monitor at ${sandbox.campaignMonitorApi}, API key ${sandbox.credentials.campaignMonitor.apiKey}`,
);
console.log(`         Open Connectors at ${sandbox.openConnectorsApi}`);
console.log(
  'In VS Code, "Use the Sandbox’s Account" and "New Instance in the Sandbox…" start one of the window’s own.',
);

const named = process.env['VSCODE_EXECUTABLE'];
const desktop = process.env['VSCODE_KIND'] === 'browser' ? undefined : named || onPath('code');
let end = (): Promise<void> => Promise.resolve();
if (desktop !== undefined) {
  openDesktop(desktop, folder);
  console.log(`VS Code: a window of ${desktop} opens.`);
} else {
  const server = await startServer({ dataDir: join(data, 'server') });
  end = () => server.close();
  console.log(`VS Code ${server.version} for the browser (no \`code\` on the PATH). Open:`);
  console.log(`  ${pageAddress(server, { folder, extensionDevelopmentPaths: [root] })}`);
}
console.log('Ctrl+C ends it.');

const finish = (): void => {
  sandbox.child.kill('SIGTERM');
  void end().finally(() => process.exit(0));
};
process.once('SIGINT', finish).once('SIGTERM', finish);
