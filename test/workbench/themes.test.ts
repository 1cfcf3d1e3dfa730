import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { category, changeSettings, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWalkthrough } from './walkthrough.ts';
import { describeLong } from '../long.ts';
import { openWorkbench, themes } from './workbench.ts';

const classes = { dark: 'vs-dark', light: 'vs', highContrast: 'hc-black', highContrastLight: 'hc-light' };

describeLong('In every theme', () => {
  it('the views and the walkthrough are shown in its colors', async () => {
    const receiver = await startReceiver();
    const workbench = await openWorkbench({
      // Wide enough for the walkthrough's picture beside a side bar that shows whole rows.
      viewport: { width: 1920, height: 1000 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    try {
      await workbench.openViewContainer(category);
      await workbench.widenSideBar(440);
      for (const view of ['instances', 'webhooks']) await workbench.unfoldView(`campaignMonitorRelay.${view}`);
      await startRelay(workbench);
      const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
      await send(campaignMonitorUrl, { body: sampleBody({ email: 'ann@example.com' }) });
      await receiver.received(1);
      receiver.answer({ status: 500 });
      await send(campaignMonitorUrl, { body: sampleBody({ type: 'Update', email: 'bea@example.com' }) });
      await send(campaignMonitorUrl, { body: 'not JSON' });
      await workbench.treeRow(eventsView, 'bea@example.com').filter({ hasText: '500' }).waitFor();
      await workbench.treeRow(eventsView, 'Rejected').waitFor();
      await openWalkthrough(workbench);
      const walkthrough = workbench.page.locator('.gettingStartedContainer');
      await walkthrough.getByText('Start the relay').first().waitFor();
      await walkthrough.locator('.getting-started-media iframe.webview.ready, .getting-started-media svg').waitFor();
      for (const [theme, name] of Object.entries(classes) as [keyof typeof themes, string][]) {
        await changeSettings(workbench, { 'workbench.colorTheme': themes[theme] });
        await workbench.page.locator(`.monaco-workbench.${name}`).waitFor();
        await walkthrough.locator('.getting-started-media iframe.webview.ready, .getting-started-media svg').waitFor();
        await workbench.picture(`themes/${theme}`);
      }
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
