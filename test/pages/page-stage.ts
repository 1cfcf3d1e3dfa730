/** Parts of the pages in Chromium, with what VS Code gives a page. */
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../vscode/browser.ts';

export interface PageStage {
  readonly page: Page;
  /** What the page has said to the extension. */
  said(): Promise<readonly unknown[]>;
  /** What VS Code keeps for the page. */
  kept(): Promise<unknown>;
  /** The extension says something to the page. */
  tell(message: unknown): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a page that runs a script.
 * @param script TypeScript, which imports from the root of the repository
 * @param kept what VS Code has kept for the page
 * @param shared the browser; without it one of the page's own
 */
export async function openPageStage(script: string, kept?: unknown, shared?: Browser): Promise<PageStage> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd(), loader: 'ts' },
    ...{ bundle: true, write: false, format: 'iife', platform: 'browser', logLevel: 'error' },
  });
  const browser = shared ?? (await launchBrowser());
  const page = await browser.newPage();
  await page.setContent('<!DOCTYPE html><html lang="en"><body><main></main></body></html>');
  await page.evaluate(`
    window.saidToExtension = [];
    window.keptByVsCode = ${JSON.stringify(kept)};
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => window.saidToExtension.push(message),
      getState: () => window.keptByVsCode,
      setState: (state) => (window.keptByVsCode = state),
    });
  `);
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' });
  return {
    page,
    said: () => page.evaluate<unknown[]>('window.saidToExtension'),
    kept: () => page.evaluate<unknown>('window.keptByVsCode'),
    tell: (message) =>
      page.evaluate<undefined>(
        `new Promise((resolve) => {
          window.addEventListener('message', () => resolve(), { once: true });
          window.postMessage(${JSON.stringify(message)}, '*');
        })`,
      ),
    close: () => (shared === undefined ? browser.close() : page.close()),
  };
}
