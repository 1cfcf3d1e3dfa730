/** What the windows of a server leave on its disk, and the processes that they leave running. */
import { globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectToRelay } from '../../src/protocol/relay-client.ts';

/** The data directories of all relays that a server's windows have had. */
export function relayDataDirs(serverDataDir: string): string[] {
  return globSync('data/User/*Storage/**/cm-relay.campaign-monitor-relay/relay', { cwd: serverDataDir })
    .map((path) => join(serverDataDir, path))
    .sort();
}

/** The file in which the extension notes where the sandbox's process is; undefined before its start. */
export function sandboxFileOf(serverDataDir: string): string | undefined {
  const [file] = globSync('data/User/globalStorage/**/sandbox.json', { cwd: serverDataDir });
  return file === undefined ? undefined : join(serverDataDir, file);
}

/** Ends the relays that a server's windows have started. */
export async function endRelays(serverDataDir: string): Promise<void> {
  for (const dataDir of relayDataDirs(serverDataDir)) {
    // None runs there, or it ends at this moment.
    const client = await connectToRelay(dataDir).catch(() => undefined);
    if (client === undefined) continue;
    // A loaded relay may close its channel before the response has been read: it has stopped all the same.
    await client.request('relay/stop', {}).catch(() => undefined);
    await client.closed;
  }
}

/** Ends the sandbox of a server's windows, by its own control, which needs no window. */
export async function endSandbox(serverDataDir: string): Promise<void> {
  const file = sandboxFileOf(serverDataDir);
  if (file === undefined) return;
  const { control } = JSON.parse(readFileSync(file, 'utf8')) as { readonly control: string };
  // It ends by itself if no window asks for it, and may have done so.
  await fetch(`${control}/stop`, { method: 'POST' }).catch(() => undefined);
}

export async function endProcesses(serverDataDir: string): Promise<void> {
  await Promise.all([endRelays(serverDataDir), endSandbox(serverDataDir)]);
}

/** Removes the global and the workspace storage of every extension. No window may be open. */
export function removeStorage(serverDataDir: string): void {
  for (const kind of ['globalStorage', 'workspaceStorage'])
    rmSync(join(serverDataDir, 'data', 'User', kind), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}
