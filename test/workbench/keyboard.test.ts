import assert from 'node:assert/strict';
import { category, dataDirs, eventsView, statusOf, stopRelays, untilStatusBar } from './relay.ts';
import { openWorkbench } from './workbench.ts';

const quiet = { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 2 };

describe('Without a mouse', () => {
  it('one starts the relay, sends samples, opens an event and replays it', async () => {
    const workbench = await openWorkbench({ settings: quiet });
    const { keyboard } = workbench.page;
    const list = workbench.view(eventsView).locator('.monaco-list:focus, .monaco-list:focus-within').first();
    const focusEvents = async (): Promise<void> => {
      await workbench.runCommandByKeys('Focus on Events View');
      await list.waitFor();
    };
    try {
      // The palette offers what is known when it opens.
      await workbench.page.locator(`.activitybar [aria-label^="${category}"]`).first().waitFor();
      await workbench.runCommandByKeys(`${category}: Start Relay`);
      await untilStatusBar(workbench, 'reachable from this machine only');
      await workbench.runCommandByKeys(`${category}: Send Sample Events…`);
      await workbench.runCommandByKeys('Focus on Events View');
      await workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' }).nth(2).waitFor();
      // What had the focus before the first event came was the welcome text.
      await focusEvents();
      await keyboard.press('Home');
      await keyboard.press('Enter');
      // Enter leads into the editor, once that has been loaded; the way back is a command.
      await workbench.webviewFrame().getByRole('heading').first().waitFor();
      await workbench.page.waitForFunction(`document.activeElement?.matches('iframe.webview') === true`);
      await workbench.picture('keyboard/opened');
      await focusEvents();
      await keyboard.press('Control+r');
      const dataDir = dataDirs(workbench)[0]!;
      await workbench.page.locator('.statusbar, .notifications-toasts').getByText('Resending').first().waitFor();
      assert.equal((await statusOf(dataDir)).counts.events, 3);
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
