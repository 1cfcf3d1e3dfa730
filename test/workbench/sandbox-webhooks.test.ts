import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import { until } from '../relay/until.ts';
import {
  category,
  changeMachineSettings,
  dataDirs,
  eventsView,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.webhooks';

interface RunningSandbox {
  readonly campaignMonitorApi: string;
  readonly credentials: SandboxCredentials;
}

describe('The sandbox’s account, as somebody tries it without a network', function () {
  this.timeout(180_000);
  let workbench: Workbench;

  const row = (text: string) => workbench.treeRow(view, text);
  const vendor = (method: string, path: string, body?: object): Promise<Response> => {
    const [file] = globSync('data/User/globalStorage/**/sandbox.json', { cwd: workbench.server.dataDir });
    const { campaignMonitorApi, credentials } = JSON.parse(
      readFileSync(join(workbench.server.dataDir, file!), 'utf8'),
    ) as RunningSandbox;
    return fetch(campaignMonitorApi + path, {
      method,
      headers: { authorization: `Basic ${Buffer.from(`${credentials.campaignMonitor.apiKey}:x`).toString('base64')}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  };
  const hookUrls = async (): Promise<readonly string[]> => {
    const answer = await vendor('GET', `/lists/${documentedListId}/webhooks.json`);
    return ((await answer.json()) as { readonly Url: string }[]).map(({ Url }) => Url);
  };
  /** Signs in and registers, as far as that has not been done. */
  const registered = async (): Promise<void> => {
    const button = workbench.welcomeButton(view, 'Use the Sandbox’s Account');
    await Promise.race([button.waitFor(), row('Newsletter').waitFor()]);
    if (await button.isVisible()) await button.click();
    await row('Newsletter').waitFor({ timeout: 60_000 });
    await until(async () => {
      if ((await hookUrls()).length > 0) return true;
      await workbench.page.keyboard.press('Escape');
      await workbench.runCommand(`${category}: Register This Relay on Lists…`);
      await workbench.quickInputWidget.getByText('Newsletter', { exact: true }).click();
      await workbench.page.keyboard.press('Enter');
      await workbench.quickInputWidget.getByText('Deactivate').waitFor();
      await workbench.page.keyboard.press('Enter');
      await workbench.quickInputWidget.getByText('JSON').waitFor();
      await workbench.page.keyboard.press('Enter');
      return until(async () => (await hookUrls()).length > 0, 30_000).catch(() => false);
    }, 120_000);
    if ((await untilStatusBar(workbench, category)).includes('stopped'))
      await workbench.runCommand(`${category}: Start Relay`);
    await untilStatusBar(workbench, 'listens on this machine only');
    await row('This relay').filter({ hasNotText: 'does not run' }).waitFor();
  };

  before(async () => {
    workbench = await openWorkbench({ ownServer: true, settings: { 'campaignMonitorRelay.keepAliveMinutes': 0.2 } });
    // No tunnel server can be reached.
    await changeMachineSettings(workbench, {
      'campaignMonitorRelay.tunnel.host': `http://127.0.0.1:${await freePort()}`,
    });
    await workbench.openViewContainer(category);
    await workbench.unfoldView(view);
  });
  after(async () => {
    await workbench.runCommand(`${category}: Stop Sandbox`).catch(() => undefined);
    await stopRelays(workbench);
    await workbench.close();
  });

  it('registers the relay at its URL on this machine, asks for no public one, and events arrive', async () => {
    await registered();
    // Asking for a public URL would have been a dialog, before anything was registered.
    assert.ok(!(await workbench.dialog.isVisible()));
    const { campaignMonitorUrl, publicUrl } = await statusOf(dataDirs(workbench)[0]!);
    assert.deepEqual([await hookUrls(), publicUrl], [[campaignMonitorUrl], null]);
    const address = `tries-${Date.now()}@example.com`;
    await vendor('POST', `/subscribers/${documentedListId}.json`, { EmailAddress: address, ConsentToTrack: 'Yes' });
    await workbench.unfoldView(eventsView);
    await workbench.treeRow(eventsView, address).waitFor();
    await workbench.picture('webhooks/sandbox');
  });

  it('knows its webhook while the relay does not run, and again when it does', async () => {
    await registered();
    await workbench.unfoldView(eventsView, false);
    await workbench.runCommand(`${category}: Stop Relay`);
    await workbench.answerDialog('Leave As They Are');
    await untilStatusBar(workbench, 'stopped');
    await row('This relay, which does not run').waitFor();
    await workbench.picture('webhooks/sandbox-stopped');
    await workbench.runCommand(`${category}: Start Relay`);
    await untilStatusBar(workbench, 'listens on this machine only');
    await row('This relay').filter({ hasNotText: 'does not run' }).waitFor();
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    assert.deepEqual(await hookUrls(), [campaignMonitorUrl]);
  });
});
