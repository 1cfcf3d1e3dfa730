/** The relays that windows of VS Code have started, seen from outside. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectToRelay } from '../../src/protocol/relay-client.ts';
import type { Status } from '../../src/protocol/status.ts';
import { until } from '../relay/until.ts';
import { untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

export const category = 'Campaign Monitor Relay';
export const eventsView = 'campaignMonitorRelay.events';
export const statusItem = 'campaignMonitorRelay.status';

/** The data directories of all relays that a server's windows have had. */
export function dataDirs(workbench: Workbench): string[] {
  return globSync('data/User/*Storage/**/cm-relay.campaign-monitor-relay/relay', { cwd: workbench.server.dataDir })
    .map((path) => join(workbench.server.dataDir, path))
    .sort();
}

/** The status of the relay of a data directory, asked through the house door. */
export async function statusOf(dataDir: string): Promise<Status> {
  const client = await connectToRelay(dataDir);
  try {
    return await client.request('relay/status', {});
  } finally {
    client.close();
  }
}

/** Ends the relays of a server's windows. */
export async function stopRelays(workbench: Workbench): Promise<void> {
  for (const dataDir of dataDirs(workbench)) {
    const client = await connectToRelay(dataDir).catch(() => undefined);
    if (client === undefined) continue;
    // A loaded relay may close its door before the answer has been read: it has stopped all the same.
    await client.request('relay/stop', {}).catch(() => undefined);
    await client.closed;
  }
}

/** Starts the relay by the palette where it does not run; resolves when the status bar says that it listens. */
export async function startRelay(workbench: Workbench): Promise<void> {
  if (/stopped|ended unexpectedly/.test(await untilStatusBar(workbench, category)))
    await workbench.runCommand(`${category}: Start Relay`);
  await untilStatusBar(workbench, 'listens on this machine only');
}

/** Waits until the status-bar item's spoken text contains the words. Resolves to the whole text. */
export async function untilStatusBar(workbench: Workbench, words: string): Promise<string> {
  const item = workbench.statusBarItem(statusItem);
  return until(async () => {
    const label = await item.locator('[aria-label]').first().getAttribute('aria-label');
    return label?.includes(words) === true ? label : undefined;
  });
}

/** Starts the relay by the button in the events view. Once more where the view is drawn anew at the moment of the click. */
export async function startByButton(workbench: Workbench): Promise<void> {
  const button = workbench.welcomeButton(eventsView, 'Start Relay');
  await button.waitFor();
  await untilDone(async () => {
    if (await button.isVisible()) await button.click({ timeout: 5000 });
    await button.waitFor({ state: 'detached', timeout: 15_000 });
  });
  await untilStatusBar(workbench, 'listens on this machine only');
}

/** Changes settings of the user in their JSON, as a person does. */
export async function changeSettings(workbench: Workbench, change: Readonly<Record<string, unknown>>): Promise<void> {
  const { page } = workbench;
  const before = JSON.parse(readFileSync(settingsFile(workbench), 'utf8')) as Record<string, unknown>;
  const text = JSON.stringify({ ...before, ...change }, null, 2);
  await until(async () => {
    await workbench.runCommand('Preferences: Open User Settings (JSON)');
    const editor = page.locator('.editor-group-container.active .monaco-editor');
    await editor.locator('.view-line').filter({ hasText: 'workbench.colorTheme' }).first().waitFor();
    // At its upper left: messages cover the lower right, three of them up to the middle.
    await editor.click({ position: { x: 100, y: 10 } });
    await page.keyboard.press('Control+a');
    // Pasted, since the editor closes brackets that are typed.
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await page.keyboard.press('Control+v');
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    await workbench.runCommand('View: Close Editor');
    // A key that came too early went elsewhere: once more.
    return readFileSync(settingsFile(workbench), 'utf8') === text;
  });
}

function settingsFile(workbench: Workbench): string {
  return join(workbench.userDataDir, 'User', 'settings.json');
}

/** Changes settings of the machine that the server runs on, and loads the window again, which reads them. */
export async function changeMachineSettings(
  workbench: Workbench,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = join(workbench.server.dataDir, 'data', 'Machine', 'settings.json');
  const before = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...before, ...change }));
  await workbench.reload();
}
