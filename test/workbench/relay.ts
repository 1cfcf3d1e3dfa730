/** The relays that windows of VS Code have started, seen from outside. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConnectionError } from 'vscode-jsonrpc/node';
import { NoRelayError, RelayRequestError } from '../../src/protocol/errors.ts';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { Status } from '../../src/protocol/status.ts';
import { until } from '../relay/until.ts';
import { endRelays, endSandbox, relayDataDirs, sandboxFileOf } from './server-storage.ts';
import { inTime, clickAway, clickUntil, untilDone, type Workbench } from './workbench.ts';

export const category = 'Campaign Monitor Relay';
export const eventsView = 'campaignMonitorRelay.events';
export const statusItem = 'campaignMonitorRelay.status';

/** The data directories of all relays that a server's windows have had. */
export function dataDirs(workbench: Workbench): string[] {
  return relayDataDirs(workbench.server.dataDir);
}

/** The status of the relay of a data directory, asked through the control channel. */
export async function statusOf(dataDir: string): Promise<Status> {
  const client = await connectToRelay(dataDir);
  try {
    return await client.request('relay/status', {});
  } finally {
    client.close();
  }
}

/** The same; undefined where none runs there, or it ends at this moment. */
export async function statusIfRunning(dataDir: string): Promise<Status | undefined> {
  try {
    return await statusOf(dataDir);
  } catch (error) {
    if ([NoRelayError, RelayRequestError, ConnectionError].some((kind) => error instanceof kind)) return undefined;
    throw error;
  }
}

/** Ends the relays of a server's windows. */
export function stopRelays(workbench: Workbench): Promise<void> {
  return endRelays(workbench.server.dataDir);
}

/** Whether no relay runs for the window. Before one has run in its folder, the status bar says nothing. */
export async function isStopped(workbench: Workbench): Promise<boolean> {
  const item = workbench.statusBarItem(statusItem).first();
  await inTime(item.waitFor({ timeout: 3000 }));
  if (!(await item.isVisible())) return true;
  return /stopped/.test(await untilStatusBar(workbench, category));
}

/** Starts the relay by the palette where it does not run; resolves when the status bar says that it listens. */
export async function startRelay(workbench: Workbench): Promise<void> {
  if (await isStopped(workbench)) await workbench.runCommand(`${category}: Start Relay`);
  await untilStatusBar(workbench, 'reachable from this machine only');
}

/** Waits until the status-bar item's spoken text contains the words. Resolves to the whole text. */
export async function untilStatusBar(workbench: Workbench, words: string): Promise<string> {
  const item = workbench.statusBarItem(statusItem);
  return until(async () => {
    const label = await item.locator('[aria-label]').first().getAttribute('aria-label');
    return label?.includes(words) === true ? label : undefined;
  });
}

/** Starts the relay by the button in the events view, where it does not run. */
export async function startByButton(workbench: Workbench): Promise<void> {
  if (await isStopped(workbench)) await clickAway(workbench.welcomeButton(eventsView, 'Start Relay'));
  await untilStatusBar(workbench, 'reachable from this machine only');
}

/** Begins to register the relay at Campaign Monitor, and picks the list. Then the events are asked for. */
export async function pickListToRegister(workbench: Workbench, list: string): Promise<void> {
  const { quickInputWidget } = workbench;
  await untilDone(
    async () => {
      await workbench.runCommand(`${category}: Register This Relay on Lists…`);
      const offered = quickInputWidget.getByText(list, { exact: true });
      await offered.waitFor({ timeout: 15_000 });
      await clickUntil(offered, quickInputWidget.getByText('1 Selected'));
      await workbench.picture('webhooks/pick-lists');
      await workbench.quickInput.press('Enter');
      await quickInputWidget.getByText('Deactivate').waitFor({ timeout: 15_000 });
    },
    () => workbench.page.keyboard.press('Escape'),
  );
}

/** Where the sandbox's process of a server's windows is, as the extension notes it for them; undefined before its start. */
export function sandboxFile(workbench: Workbench): string | undefined {
  return sandboxFileOf(workbench.server.dataDir);
}

/** Ends the sandbox of a server's windows, by its own control, which needs no window. */
export function stopSandbox(workbench: Workbench): Promise<void> {
  return endSandbox(workbench.server.dataDir);
}

/** Changes settings of the user in their JSON, as a person does. */
export async function changeSettings(workbench: Workbench, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { page } = workbench;
  const before = JSON.parse(readFileSync(settingsFile(workbench), 'utf8')) as Record<string, unknown>;
  const text = JSON.stringify({ ...before, ...change }, null, 2);
  const timeout = 10_000;
  await untilDone(async () => {
    await workbench.runCommand('Preferences: Open User Settings (JSON)');
    const editor = page.locator('.editor-group-container.active .monaco-editor').first();
    await editor.locator('.view-line').filter({ hasText: 'workbench.colorTheme' }).first().waitFor({ timeout });
    // At its upper left: messages cover the lower right, three of them up to the middle.
    await editor.click({ position: { x: 100, y: 10 }, timeout });
    await page.keyboard.press('Control+a');
    // Pasted, since the editor closes brackets that are typed.
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await page.keyboard.press('Control+v');
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached', timeout });
    await workbench.runCommand('View: Close Editor');
    // A key that came too early went elsewhere: once more.
    await until(() => readFileSync(settingsFile(workbench), 'utf8') === text, 3000);
  });
}

export function settingsFile(workbench: Workbench): string {
  return join(workbench.userDataDir, 'User', 'settings.json');
}
