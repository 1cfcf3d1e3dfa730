/** The steps of docs/first-five-minutes.md in the window that F5 opens, by VS Code's own debugger of Node. */
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { webhookEventTypes } from '../../src/campaign-monitor/event-types.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { sendSamples } from '../../src/extension/event-actions/sample-posts.ts';
import { freePort } from '../free-port.ts';
import { describeLong } from '../long.ts';
import { temporaryFolder } from '../relay/afterward.ts';
import { send } from '../relay/requests.ts';
import { until } from '../relay/until.ts';
import { root } from '../vscode/install.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench, untilDone, type Workbench } from './workbench.ts';

/** Changes a file in one step, so that Node restarts the callback once. */
function changeFile(file: string, change: (text: string) => string): void {
  writeFileSync(`${file}.new`, change(readFileSync(file, 'utf8')));
  renameSync(`${file}.new`, file);
}

describeLong('The first callback', () => {
  let workbench: Workbench;
  let folder: string;
  let port: number;

  const row = (text: string): Locator => workbench.treeRow(eventsView, text);
  const reason = (): Locator => workbench.webviewFrame().locator('#reason');

  before(async () => {
    folder = join(temporaryFolder(), 'first-callback');
    cpSync(join(root, 'examples', 'first-callback'), folder, { recursive: true });
    port = await freePort();
    for (const file of ['settings.json', 'launch.json'])
      changeFile(join(folder, '.vscode', file), (text) => text.replace('3000', String(port)));
    workbench = await openWorkbench({ folder, viewport: { width: 1600, height: 900 } });
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('is started in the debugger, says why the third event failed, and restarts fixed when it is saved', async () => {
    await workbench.runCommand('Debug: Start Debugging');
    await workbench.page.getByText(`listening on http://127.0.0.1:${port}/callback`).first().waitFor();
    await workbench.openViewContainer(category);
    await startRelay(workbench);
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    const samples = { types: webhookEventTypes, mixed: false, count: 3, batch: 1, listId: documentedListId };
    await sendSamples(campaignMonitorUrl, samples, { seed: 1, now: new Date() });
    for (const sent of ['Subscribe', 'Update']) await row(sent).filter({ hasText: 'sent 200' }).waitFor();
    await untilDone(async () => {
      await row('500 · Deactivate').click({ timeout: 5000 });
      await reason().getByText('unknown event type DELETED').waitFor({ timeout: 10_000 });
    });
    await workbench.webviewFrame().locator('#column-sent').getByText('"eventType": "DELETED"').waitFor();
    await workbench.picture('first-callback/failed');

    changeFile(join(folder, 'server.js'), (text) => text.replace('DEACTIVATED', 'DELETED'));
    const notification = { message: { events: [{ eventType: 'DELETED', objectId: 'ann@example.org' }] } };
    await until(async () => {
      try {
        return (await send(`http://127.0.0.1:${port}/callback`, { body: JSON.stringify(notification) })).status === 200;
      } catch {
        return false;
      }
    });
    await workbench.webviewFrame().getByRole('button', { name: 'Resend', exact: true }).click();
    await workbench.webviewFrame().locator('.heading .pill.sent', { hasText: 'Sent' }).waitFor();
    await row('Deactivate').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.picture('first-callback/sent');
  });

  it('stops at a breakpoint when an event is sent by Debug My Handler', async () => {
    const { page } = workbench;
    await page.keyboard.press('Control+p');
    await workbench.quickInput.fill('server.js:7');
    await workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'server.js' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Ln 7, Col 1').waitFor();
    await workbench.runCommand('Debug: Toggle Breakpoint');
    await page.locator('.codicon-debug-breakpoint').first().waitFor();
    await workbench.chooseFromContextMenu(row('Deactivate'), 'Debug My Handler');
    await workbench.quickInputWidget.getByText('Callback', { exact: true }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.picture('first-callback/stopped');
    await workbench.runCommand('Debug: Stop');
  });
});
