/**
 * Stands where desktop VS Code's executable stands for `@vscode/test-electron`: takes the same arguments
 * (`[folder] --extensionDevelopmentPath=… --extensionTestsPath=… --user-data-dir=… --disable-workspace-trust`), runs the
 * tests in the real VS Code in headless Chromium, prints what the tests print, and ends with the tests' code. With
 * VSCODE_LOG set, the window's own log goes to standard error.
 */
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser, pageAddress, prepareContext, writeUserSettings } from './browser.ts';
import { startServer } from './server.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  // Desktop VS Code has many more flags; those that mean nothing here are passed over.
  strict: false,
  options: {
    extensionDevelopmentPath: { type: 'string', multiple: true },
    extensionTestsPath: { type: 'string' },
    'user-data-dir': { type: 'string' },
    'disable-workspace-trust': { type: 'boolean' },
  },
});

const userDataDir = values['user-data-dir'];
const extensionTestsPath = values.extensionTestsPath;
if (typeof userDataDir !== 'string' || typeof extensionTestsPath !== 'string') {
  console.error('Give --extensionTestsPath=<file> and --user-data-dir=<folder>.');
  process.exit(2);
}
/** A run that takes longer hangs. */
const longestMs = 15 * 60_000;
const developmentPaths = (values.extensionDevelopmentPath ?? []) as string[];

const mark = `${randomUUID()} `;
const server = await startServer({ dataDir: resolve(userDataDir), env: { TEST_OUTPUT_MARK: mark } });
const browser = await launchBrowser();
const end = async (): Promise<void> => {
  await Promise.all([browser.close(), server.close()]);
};
process.once('SIGINT', () => void end().finally(() => process.exit(1)));

const code = await new Promise<number>((resolveCode, reject) => {
  const run = async (): Promise<void> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const browserData = resolve(userDataDir, 'data');
    writeUserSettings(browserData, {});
    await prepareContext(context, {
      userDataDir: browserData,
      workspaceTrust: values['disable-workspace-trust'] !== true,
    });
    const page = await context.newPage();
    await page.exposeFunction('codeAutomationExit', (exitCode: number) => resolveCode(exitCode));
    await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
      const [text] = args;
      if (typeof text === 'string' && text.startsWith(mark)) console.log(text.slice(mark.length));
      else if (process.env['VSCODE_LOG'] !== undefined) console.error(type, JSON.stringify(args));
    });
    const limit = setTimeout(
      () => reject(new Error(`The tests have not ended after ${longestMs / 60_000} minutes.`)),
      longestMs,
    );
    limit.unref();
    page.once('crash', () => reject(new Error('The page of VS Code crashed.')));
    page.once('close', () => reject(new Error('The page of VS Code closed before the tests ended.')));
    const [folder] = positionals;
    await page.goto(
      pageAddress(server, {
        folder: folder === undefined ? undefined : resolve(folder),
        extensionDevelopmentPaths: developmentPaths.map((path) => resolve(path)),
        extensionTestsPath: resolve(extensionTestsPath),
      }),
    );
  };
  run().catch(reject);
}).catch((error: unknown) => {
  console.error((error as Error).message);
  return 1;
});
await end();
process.exit(code);
