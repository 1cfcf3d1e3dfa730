import assert from 'node:assert/strict';
import type { Frame, Locator } from 'playwright-core';
import { startReceiver } from '../relay/receiver.ts';
import type { Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import {
  category,
  changeSettings,
  dataDirs,
  eventsView,
  startByButton,
  startRelay,
  statusOf,
  stopRelays,
  untilStatusBar,
} from './relay.ts';
import { axeViolations, webviewDocument } from './webview.ts';
import { openWorkbench, themes, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

describe('The event editor', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;

  const row = (text: string): Locator => workbench.treeRow(eventsView, text);
  const frame = () => workbench.webviewFrame();
  const heading = (text: string): Locator => frame().getByRole('heading', { level: 1, name: text });
  const column = (name: 'cameIn' | 'sent' | 'answered'): Locator => frame().locator(`#column-${name}`);
  const step = (text: string): Locator => frame().getByRole('option').filter({ hasText: text });
  const document = (): Promise<Frame> => webviewDocument(workbench);
  const open = async (text: string, shows: string): Promise<void> => {
    await untilDone(async () => {
      await row(text).click({ timeout: 5000 });
      await heading(shows).waitFor({ timeout: 10_000 });
    });
  };
  const focused = async (): Promise<string> =>
    (await document()).evaluate<string>(
      `(document.activeElement?.id || document.activeElement?.dataset.step || document.activeElement?.textContent || '').trim()`,
    );

  before(async () => {
    receiver = await startReceiver({
      answer: { body: '{"taken":true}', headers: { 'content-type': 'application/json' } },
    });
    workbench = await openWorkbench({
      ownServer: true,
      viewport: { width: 1600, height: 900 },
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'sap',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startByButton(workbench);
    await workbench.view(eventsView).getByText('Nothing has come in yet.').waitFor();
    ({ campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!));
    await send(url, { body: sampleBody({ email: 'ann@example.com', seed: 7 }) });
    await send(url, { body: sampleBody({ events: 5, type: 'Update', seed: 3 }) });
    await row('ann@example.com').filter({ hasText: 'sent 200' }).waitFor();
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('opens by a click as a preview tab, and leaves the keyboard in the tree', async () => {
    await open('ann@example.com', 'Subscribe · ann@example.com');
    assert.equal(await workbench.page.locator('.tab').count(), 1);
    await workbench.page.locator('.tab .label-name').filter({ hasText: 'e1' }).waitFor();
    await workbench.page
      .locator('.tab.active em, .tab.active .italic, .tab.active .monaco-icon-label.italic')
      .first()
      .waitFor();
    await column('cameIn').getByText('"EmailAddress": "ann@example.com"').waitFor();
    await column('sent').getByText('"topic"').waitFor();
    await column('answered').getByText('"taken": true').waitFor();
    await frame().locator('.heading .pill.sent', { hasText: 'Sent' }).waitFor();
    await workbench.picture('event-editor/sent');
  });
});
