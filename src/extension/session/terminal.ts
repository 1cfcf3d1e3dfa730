import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execPath } from 'node:process';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { shellQuoted } from '../../common/programs/shell-quote.ts';
import type { Session } from './session.ts';

/** Opens a terminal in which `cm-relay` is this extension's, bound to this window's relay. */
export async function openRelayTerminal(context: vscode.ExtensionContext, session: Session): Promise<void> {
  const folder = join(context.globalStorageUri.fsPath, 'bin');
  await mkdir(folder, { recursive: true });
  const script = context.asAbsolutePath('dist/cm-relay.js');
  if (process.platform === 'win32') {
    await writeFile(join(folder, 'cm-relay.cmd'), windowsScript(execPath, script));
  } else {
    const file = join(folder, 'cm-relay');
    await writeFile(
      file,
      `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${shellQuoted(execPath)} ${shellQuoted(script)} "$@"\n`,
    );
    await chmod(file, 0o755);
  }
  const terminal = vscode.window.createTerminal({
    name: 'cm-relay',
    iconPath: new vscode.ThemeIcon('broadcast'),
    env: { CM_RELAY_DATA_DIR: session.dataDir, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
    message: say('cm-relay uses this window’s relay. Try: cm-relay events'),
  });
  terminal.show();
}

/** The batch file `cm-relay.cmd`. It runs in the user's own shell, so it must not change its variables. */
export function windowsScript(node: string, script: string): string {
  return ['@setlocal', '@set ELECTRON_RUN_AS_NODE=1', `@"${node}" "${script}" %*`, ''].join('\r\n');
}
