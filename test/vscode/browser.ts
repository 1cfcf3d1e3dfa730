/** Chromium on a page of VS Code's server: one browser a run, one browser context a window. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { findChromium } from './install.ts';
import type { VsCodeServer } from './server.ts';

/** Starts a headless Chromium that asks nothing of the network but what pages ask. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await findChromium();
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      // Chromium's own sandbox does not run as root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface PageOptions {
  /** Absolute path of the workspace folder; without one: an empty window. */
  readonly folder?: string | undefined;
  /** Absolute paths of extensions to run from their sources. */
  readonly extensionDevelopmentPaths?: readonly string[];
  /** Absolute path of a CommonJS file that exports `run()`. */
  readonly extensionTestsPath?: string | undefined;
}

/** The address at which a server shows a window with these extensions. */
export function pageAddress(server: VsCodeServer, options: PageOptions): string {
  const remote = (path: string): string =>
    `vscode-remote://${server.authority}${new URL(`file:///${path.replaceAll('\\', '/').replace(/^\//, '')}`).pathname}`;
  const payload = [
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
    ...(options.extensionDevelopmentPaths ?? []).map((path) => ['extensionDevelopmentPath', remote(path)]),
    ...(options.extensionTestsPath === undefined ? [] : [['extensionTestsPath', remote(options.extensionTestsPath)]]),
  ];
  const query = new URLSearchParams({
    ...(options.folder === undefined ? { ew: 'true' } : { folder: options.folder.replaceAll('\\', '/') }),
    payload: JSON.stringify(payload),
  });
  return `${server.origin}/?${query.toString()}`;
}

export interface WindowOptions {
  /** Where this window keeps the user's settings, keybindings and state. */
  readonly userDataDir: string;
  /** Whether folders begin in Restricted Mode; without it every folder is trusted. */
  readonly workspaceTrust: boolean;
}

/** Writes the settings of the user whose data is in a folder. */
export function writeUserSettings(userDataDir: string, settings: Readonly<Record<string, unknown>>): void {
  mkdirSync(join(userDataDir, 'User'), { recursive: true });
  writeFileSync(join(userDataDir, 'User', 'settings.json'), JSON.stringify(settings, null, 2));
}

/**
 * Gives the pages of a context a user data folder of their own and says whether workspaces have to be trusted. The
 * server tells all its pages the same ones in an attribute of its HTML; a page of this context reads these instead. (A
 * page that Playwright fulfills is no good: Chromium takes it for one from the internet and blocks its way to loopback.)
 */
export async function prepareContext(context: BrowserContext, options: WindowOptions): Promise<void> {
  const own = { userDataPath: options.userDataDir, enableWorkspaceTrust: options.workspaceTrust };
  await context.addInitScript(`{
    const { getAttribute } = Element.prototype;
    Element.prototype.getAttribute = function (name) {
      const value = getAttribute.call(this, name);
      if (name !== 'data-settings' || this.id !== 'vscode-workbench-web-configuration') return value;
      const configuration = { ...JSON.parse(value), ...${JSON.stringify(own)} };
      // No Marketplace: nothing here asks the network.
      delete configuration.productConfiguration.extensionsGallery;
      return JSON.stringify(configuration);
    };
  }`);
}
