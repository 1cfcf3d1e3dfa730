/**
 * What the browser build of VS Code needs: VS Code's server and workbench (npm package code-server, some 600 MB, into
 * the git-ignored `.vscode-test/`, once per version) and a Chromium. Both come by themselves where that is possible;
 * where it is not, the error says what to install.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm, runProgram, say } from '../npm.ts';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * The repository by another path. VS Code shows the first theme below the folder of an extension under development,
 * whatever the settings say, and the browser build with its themes lies in the repository's folder.
 * @param link where the link is made, or has been
 * @returns the link
 */
export function linkedRoot(link: string): string {
  if (!existsSync(link) || realpathSync(link) !== realpathSync(root)) {
    rmSync(link, { force: true });
    symlinkSync(root, link, 'junction');
  }
  return link;
}

/** The release of code-server; it holds the VS Code that product.json beside it names. */
export const codeServerVersion = '4.139.1';

/** An installation of VS Code's server. */
export interface VsCodeServerFiles {
  /** VS Code's own server entry, run by Node 24 or later. */
  readonly entry: string;
  /** The version of VS Code, such as 1.139.1. */
  readonly version: string;
}

/** Two modules of VS Code are native and not built by the installation; files beside this one stand in for them. */
function replaceNativeModules(server: string): void {
  for (const name of ['spdlog', 'native-watchdog']) {
    const replacement = readFileSync(join(root, 'test', 'vscode', `${name}.cjs`), 'utf8');
    const file = join(server, 'node_modules', '@vscode', name, 'index.js');
    if (readFileSync(file, 'utf8') !== replacement) writeFileSync(file, replacement);
  }
}

/**
 * Lets the workbench show notifications under its smoke test driver, as it does for people: with the driver, which
 * extensionDevelopmentPath needs in a browser, it shows none.
 */
function showNotifications(server: string): void {
  const file = join(server, 'out', 'vs', 'code', 'browser', 'workbench', 'workbench.js');
  const shown = '!this.isNotificationsCenterVisible&&';
  const parts = readFileSync(file, 'utf8').split(`${shown}!this.environmentService.enableSmokeTestDriver&&`);
  if (parts.length !== 2) throw new Error(`${file} hides notifications in ${parts.length - 1} places, not in one.`);
  writeFileSync(file, parts.join(shown));
}

/**
 * VS Code's server, installed first where it is not: about 15 s, with progress on standard error.
 * @throws Error where npm fails, or Node is older than 24
 */
export async function installVsCodeServer(): Promise<VsCodeServerFiles> {
  if (Number(process.versions.node.split('.')[0]) < 24)
    throw new Error(
      `VS Code's server wants Node 24, this is ${process.version}: run it by npm, which puts Node 24 first on the PATH.`,
    );
  const folder = join(root, '.vscode-test', `code-server-${codeServerVersion}`);
  const inFolder = join('node_modules', 'code-server', 'lib', 'vscode');
  const server = join(folder, inFolder);
  if (!existsSync(folder)) {
    say(`Installing VS Code for the browser (npm package code-server@${codeServerVersion}, about 600 MB, once):`);
    const began = Date.now();
    // Under another name until it is whole, so that an interrupted installation, or two at once, do no harm.
    const unfinished = `${folder}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    try {
      writeFileSync(join(unfinished, 'package.json'), '{ "private": true }\n');
      say('  1 of 2: the package');
      await runNpm(['install', `code-server@${codeServerVersion}`, '--ignore-scripts'], unfinished);
      say("  2 of 2: the server's dependencies");
      await runNpm(['install', '--ignore-scripts', '--omit=dev'], join(unfinished, inFolder));
      showNotifications(join(unfinished, inFolder));
      if (!existsSync(folder)) renameSync(unfinished, folder);
    } finally {
      rmSync(unfinished, { recursive: true, force: true });
    }
    say(`  done in ${Math.round((Date.now() - began) / 1000)} s`);
  }
  replaceNativeModules(server);
  const product = JSON.parse(readFileSync(join(server, 'package.json'), 'utf8')) as { version: string };
  return { entry: join(server, 'out', 'server-main.js'), version: product.version };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A program's path, looked up on the PATH. */
export function onPath(name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    const found = endings.map((ending) => join(folder, name + ending)).find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

function installedChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
  const found = names.map(onPath).find((path) => path !== undefined);
  if (found !== undefined) return found;
  const usual = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ];
  return usual.find(isExecutable);
}

/** Debian's own; Ubuntu's package of that name wants snap. */
function isDebian(): boolean {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** Installs packages where that is possible: on Debian and as root. @throws Error where apt-get fails */
export async function installDebianPackages(packages: readonly string[]): Promise<void> {
  if (!isDebian() || process.getuid?.() !== 0) return;
  say(`Installing the Debian packages ${packages.join(', ')} (once):`);
  process.env['DEBIAN_FRONTEND'] ??= 'noninteractive';
  await runProgram('apt-get', ['-q', 'update'], root);
  await runProgram('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...packages], root);
}

/**
 * The Chromium that shows the browser build: CHROMIUM_EXECUTABLE, else one that is installed, else, on Debian and as
 * root, Debian's package, installed here with the fonts that pictures need.
 * @throws Error that says what to install
 */
export async function findChromium(): Promise<string> {
  const named = process.env['CHROMIUM_EXECUTABLE'];
  if (named !== undefined && named !== '') {
    if (!isExecutable(named)) throw new Error(`CHROMIUM_EXECUTABLE names ${named}, which cannot be run.`);
    return named;
  }
  const found = installedChromium();
  if (found !== undefined) return found;
  let failure = '';
  try {
    // With the fonts that pictures need.
    await installDebianPackages(['chromium', 'fonts-dejavu-core', 'fonts-liberation']);
  } catch (error) {
    failure = ` ${(error as Error).message}`;
  }
  const installed = installedChromium();
  if (installed !== undefined) return installed;
  throw new Error(
    'No Chromium was found, and VS Code for the browser needs one. Install Chromium or Google Chrome (Debian: ' +
      '`apt-get install -y chromium`; macOS: `brew install --cask chromium`), or name one by CHROMIUM_EXECUTABLE. ' +
      `With desktop VS Code installed, VSCODE_EXECUTABLE=<its path> runs the host suite without a browser.${failure}`,
  );
}
