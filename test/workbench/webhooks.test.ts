import { startSandbox } from '../../src/sandbox/sandbox.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { until } from '../relay/stage.ts';
import { category, changeMachineSettings, eventsView, stopRelays } from './relay.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.webhooks';

describe('Webhooks of Campaign Monitor, as a person manages them', () => {
  let workbench: Workbench;
  let sandbox: Sandbox;

  const unfold = async (id: string, open: boolean): Promise<void> => {
    const header = workbench.view(id).locator('.pane-header');
    await until(async () => {
      if ((await header.getAttribute('aria-expanded')) === String(open)) return true;
      await header.click();
      return undefined;
    }, 30_000);
  };

  before(async function () {
    this.timeout(120_000);
    sandbox = await startSandbox();
    workbench = await openWorkbench({
      ownServer: true,
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
    });
    await changeMachineSettings(workbench, {
      'campaignMonitorRelay.campaignMonitor.host': sandbox.campaignMonitorApi.replace('/api/v3.3', ''),
    });
    await workbench.openViewContainer(category);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
    await sandbox.close();
  });

  it('signs in', async () => {
    await unfold(view, true);
    await unfold(eventsView, false);
    await workbench.picture('webhooks/welcome');
    await workbench.view(view).getByRole('button', { name: 'Sign In…' }).click();
    await workbench.quickInputWidget.getByText('API Key').first().waitFor();
    await workbench.picture('webhooks/ways');
    await workbench.page.keyboard.press('Enter');
    await workbench.quickInputWidget.filter({ hasText: 'API key of Campaign Monitor' }).waitFor();
    await workbench.picture('webhooks/api-key');
    const box = workbench.quickInputWidget.locator('.quick-input-box input').first();
    await box.fill('sandbox-api-key');
    await box.press('Enter');
    await workbench.treeRow(view, 'Harbour Books').waitFor();
    await workbench.treeRow(view, 'Newsletter').waitFor();
    await workbench.widenSideBar(600);
    await workbench.picture('readme/webhooks', workbench.view(view));
    await workbench.picture('webhooks/lists');
  });
});
