import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { freePort } from '../free-port.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import type { SandboxCredentials } from '../../src/sandbox/credentials.ts';
import { until } from '../relay/until.ts';
import {
  category,
  changeMachineSettings,
  dataDirs,
  eventsView,
  pickListToRegister,
  sandboxFile,
  startRelay,
  statusOf,
  stopRelays,
  stopSandbox,
  untilStatusBar,
} from './relay.ts';
import { clickAway, openWorkbench, untilDone } from './workbench.ts';
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
    const { campaignMonitorApi, credentials } = JSON.parse(
      readFileSync(sandboxFile(workbench)!, 'utf8'),
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
    if (await button.isVisible()) await clickAway(button);
    await row('Newsletter').waitFor({ timeout: 60_000 });
    await untilDone(async () => {
      if ((await hookUrls()).length > 0) return;
      await pickListToRegister(workbench, 'Newsletter');
      await workbench.quickInput.press('Enter');
      await until(async () => (await hookUrls()).length > 0, 30_000);
    });
    await startRelay(workbench);
    await row('This relay').filter({ hasNotText: 'isn’t running' }).waitFor();
  };

  before(async () => {
    workbench = await openWorkbench({ settings: { 'campaignMonitorRelay.keepAliveMinutes': 0.2 } });
    // No tunnel server can be reached.
    await changeMachineSettings(workbench, {
      'campaignMonitorRelay.tunnel.host': `http://127.0.0.1:${await freePort()}`,
    });
    await workbench.openViewContainer(category);
    await workbench.unfoldView(view);
  });
  after(async () => {
    await stopSandbox(workbench);
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
    await workbench.answerDialog('Leave Active');
    await untilStatusBar(workbench, 'stopped');
    await row('This relay (not running)').waitFor();
    await workbench.picture('webhooks/sandbox-stopped');
    await workbench.runCommand(`${category}: Start Relay`);
    await untilStatusBar(workbench, 'reachable from this machine only');
    await row('This relay').filter({ hasNotText: 'isn’t running' }).waitFor();
    const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
    assert.deepEqual(await hookUrls(), [campaignMonitorUrl]);
  });
});
