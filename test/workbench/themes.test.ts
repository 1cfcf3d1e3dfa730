import { sampleBody, send, startReceiver } from '../relay/stage.ts';
import { category, dataDirs, eventsView, startRelay, statusOf, stopRelays } from './relay.ts';
import { openWorkbench } from './workbench.ts';

const classes = { light: 'vs', dark: 'vs-dark', highContrast: 'hc-black', highContrastLight: 'hc-light' };

describe('In every theme', () => {
  for (const [theme, name] of Object.entries(classes) as [keyof typeof classes, string][]) {
    it(`the events and the walkthrough are shown: ${theme}`, async () => {
      const receiver = await startReceiver();
      const workbench = await openWorkbench({
        ownServer: true,
        theme,
        viewport: { width: 1680, height: 900 },
        settings: {
          'campaignMonitorRelay.tunnel.kind': 'none',
          'campaignMonitorRelay.destinations': [{ url: receiver.url }],
          'campaignMonitorRelay.retryPolicy': 'none',
          'campaignMonitorRelay.keepAliveMinutes': 2,
        },
      });
      try {
        await workbench.page.locator(`.monaco-workbench.${name}`).waitFor();
        await workbench.openViewContainer(category);
        await startRelay(workbench);
        const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
        await send(campaignMonitorUrl, { body: sampleBody({ email: 'ann@example.com' }) });
        receiver.answer({ status: 500 });
        await receiver.received(1);
        await send(campaignMonitorUrl, { body: sampleBody({ type: 'Update', email: 'bea@example.com' }) });
        await send(campaignMonitorUrl, { body: 'not JSON' });
        await workbench.treeRow(eventsView, 'bea@example.com').filter({ hasText: 'failed 500' }).waitFor();
        await workbench.treeRow(eventsView, 'Rejected').waitFor();
        await workbench.runCommand(`${category}: Get Started`);
        const walkthrough = workbench.page.locator('.gettingStartedContainer');
        await walkthrough.getByText('Start the relay').first().waitFor();
        await walkthrough.locator('.getting-started-media iframe.webview.ready, .getting-started-media svg').waitFor();
        await workbench.picture(`themes/${theme}`);
      } finally {
        await stopRelays(workbench);
        await workbench.close();
      }
    });
  }
});
