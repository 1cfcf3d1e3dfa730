/**
 * The one launcher: which VS Code there is on this machine, and running extension tests in it. Desktop VS Code where
 * VSCODE_EXECUTABLE names it or it can be downloaded and shown, else the real VS Code in headless Chromium.
 * VSCODE_KIND=browser or desktop decides without a look at the network.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTests } from '@vscode/test-electron';
import { codeServerVersion, root } from './install.ts';

/** The desktop release that is downloaded: the oldest that the extension supports, as `engines` in package.json says. */
const desktopVersion = '1.101.0';

export type VsCodeKind =
  | { readonly kind: 'desktop'; readonly executable: string | undefined; readonly why: string }
  | { readonly kind: 'browser'; readonly why: string };

/** Whether the place that `@vscode/test-electron` downloads from answers within three seconds. */
async function canDownload(): Promise<boolean> {
  try {
    const answer = await fetch('https://update.code.visualstudio.com/api/releases/stable', {
      method: 'HEAD',
      signal: AbortSignal.timeout(3000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Decides which VS Code runs the tests, within about three seconds.
 * @throws Error where VSCODE_KIND is neither `browser` nor `desktop`
 */
async function chooseVsCode(): Promise<VsCodeKind> {
  const executable = process.env['VSCODE_EXECUTABLE'];
  const kind = process.env['VSCODE_KIND'];
  if (kind !== undefined && kind !== 'browser' && kind !== 'desktop')
    throw new Error(`VSCODE_KIND is "${kind}": say browser or desktop.`);
  if (kind === 'browser') return { kind, why: 'VSCODE_KIND says so' };
  if (executable !== undefined && executable !== '')
    return { kind: 'desktop', executable, why: 'VSCODE_EXECUTABLE names it' };
  if (kind === 'desktop') return { kind, executable: undefined, why: 'VSCODE_KIND says so' };
  const display = process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'];
  if (process.platform === 'linux' && display === undefined)
    return { kind: 'browser', why: 'there is no display for desktop VS Code' };
  return (await canDownload())
    ? { kind: 'desktop', executable: undefined, why: 'it can be downloaded' }
    : { kind: 'browser', why: 'desktop VS Code cannot be downloaded here' };
}

export interface TestRun {
  /** Absolute path of a CommonJS file that exports `run()`. */
  readonly extensionTestsPath: string;
  /** Absolute path of the extension under test. */
  readonly extensionDevelopmentPath: string;
  /** Absolute path of the workspace folder. */
  readonly folder: string;
  /** Further environment of the extension host. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs tests inside VS Code, with user data of their own, and says first in which VS Code.
 * @returns the exit code: 0 when all passed
 */
export async function runInVsCode(run: TestRun): Promise<number> {
  const chosen = await chooseVsCode();
  const name =
    chosen.kind === 'browser'
      ? `VS Code in headless Chromium (code-server ${codeServerVersion})`
      : `desktop VS Code (${chosen.executable ?? `${desktopVersion}, downloaded`})`;
  console.log(`In ${name}: ${chosen.why}.`);
  // A short path: VS Code puts a socket into it.
  const userDataDir = mkdtempSync(join(tmpdir(), 'cm-vscode-'));
  const folderAndData = [run.folder, `--user-data-dir=${userDataDir}`];
  try {
    return await runTests({
      extensionDevelopmentPath: run.extensionDevelopmentPath,
      extensionTestsPath: run.extensionTestsPath,
      extensionTestsEnv: { ...run.env },
      ...(chosen.kind === 'browser'
        ? {
            vscodeExecutablePath: process.execPath,
            launchArgs: [join(root, 'test', 'vscode', 'browser-vscode.ts'), ...folderAndData],
          }
        : {
            ...(chosen.executable === undefined
              ? { version: desktopVersion }
              : { vscodeExecutablePath: chosen.executable }),
            launchArgs: [...folderAndData, '--disable-extensions', '--disable-telemetry'],
          }),
    });
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  } finally {
    rmSync(userDataDir, { recursive: true, force: true });
  }
}
