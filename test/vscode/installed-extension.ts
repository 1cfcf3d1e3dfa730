/** The extension as VS Code itself installs it from its VSIX. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packedExtension } from '../packed.ts';
import { installVsCodeServer } from './install.ts';

const run = promisify(execFile);

/** Installs a VSIX into a server's data, by VS Code's own command. */
export async function installExtension(vsix: string, dataDir: string): Promise<void> {
  const { entry } = await installVsCodeServer();
  const args = [entry, '--server-data-dir', dataDir, '--accept-server-license-terms', '--install-extension', vsix];
  await run(process.execPath, args);
}

/** The folder that the extension was installed into, once a packing: to be copied to where a server looks for it. */
export async function installedExtension(): Promise<string> {
  const vsix = packedExtension();
  const dataDir = join(dirname(vsix), 'vscode');
  if (!existsSync(dataDir)) {
    // Under another name until it is whole: another process may do the same.
    const unfinished = `${dataDir}-${process.pid}`;
    try {
      await installExtension(vsix, unfinished);
      renameSync(unfinished, dataDir);
    } catch (error) {
      if (!existsSync(dataDir)) throw error;
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
  }
  const [folder] = globSync('extensions/cm-relay.*', { cwd: dataDir });
  if (folder === undefined) throw new Error(`VS Code has installed nothing from ${vsix}.`);
  return join(dataDir, folder);
}
