import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import type { Receiver } from '../relay/receiver.ts';
import { dataDirs, eventsView, startByButton, statusOf, stopRelays } from './relay.ts';
import { openWorkbench, untilDone } from './workbench.ts';
import type { Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.events';
const category = 'Campaign Monitor Relay';

describe("An event's documents and actions, as a person uses them", () => {
  let workbench: Workbench;
  let receiver: Receiver;

  const row = (text: string) => workbench.treeRow(view, text);
  const choose = (text: string, ...path: readonly string[]) => workbench.chooseFromContextMenu(row(text), ...path);
  const editor = (text: string) =>
    workbench.page.locator('.editor-group-container.active .view-line').filter({ hasText: text }).first();
  const closeEditors = async (): Promise<void> => {
    await workbench.runCommand('View: Close All Editors');
    await until(async () => (await workbench.tabs()).length === 0);
  };

  before(async () => {
    receiver = await startReceiver({
      answer: { body: '{"taken":true}', headers: { 'content-type': 'application/json' } },
    });
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url }],
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
    await startByButton(workbench);
    await workbench.view(view).getByText('No events yet.').waitFor();
    const { campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!);
    for (const email of ['ann@example.com', 'bea@example.com'])
      await send(url, { body: sampleBody({ email, seed: 7 }) });
    await row('bea@example.com').filter({ hasText: 'sent 200' }).waitFor();
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('the body comes from the context menu', async () => {
    await workbench.openAsText(row('ann@example.com'), 'Body');
    await editor('"EmailAddress": "ann@example.com"').waitFor();
    assert.deepEqual(await workbench.tabs(), ['e1 body']);
    await workbench.picture('documents/body');
  });

  it('the notification, the attempts and the headers come from the context menu', async () => {
    await workbench.openAsText(row('ann@example.com'), 'Notification');
    await editor('"topic":').waitFor();
    await workbench.openAsText(row('ann@example.com'), 'Attempts and Answers');
    // Rendered, as a person reads it.
    const preview = workbench.webviewFrame();
    await preview.getByText('"taken": true').waitFor();
    await preview.getByRole('row', { name: /127\.0\.0\.1.* 200 / }).waitFor();
    await workbench.picture('documents/attempts');
    await workbench.openAsText(row('ann@example.com'), 'Headers');
    await editor('Elements-Webhook-Id').waitFor();
    await workbench.picture('documents/headers');
    await closeEditors();
  });

  it('an open document leads to the notification, and to resending and editing its event', async () => {
    const action = (name: string) => workbench.page.locator(`.editor-actions .action-label[aria-label^="${name}"]`);
    await workbench.openAsText(row('ann@example.com'), 'Body');
    await editor('"EmailAddress": "ann@example.com"').waitFor();
    // Another event is selected: the document's own counts.
    await row('bea@example.com').click({ modifiers: ['ControlOrMeta'] });
    await workbench.picture('documents/actions');
    await action('Open as Text…').click();
    await workbench.pick('Notification');
    await editor('"topic":').waitFor();
    assert.deepEqual(await workbench.tabs(), ['e1 notification']);
    const before = receiver.requests.length;
    await action('Resend').click();
    const resent = (await receiver.received(before + 1)).at(-1);
    assert.match(resent?.text ?? '', /ann@example\.com/);
    await action('Edit and Resend').waitFor();
    await closeEditors();
  });

  it('two selected events are compared', async () => {
    await row('ann@example.com').click();
    await row('bea@example.com').click({ modifiers: ['ControlOrMeta'] });
    await choose('bea@example.com', 'Compare Selected');
    await workbench.page
      .locator('.monaco-diff-editor .modified .view-line')
      .filter({ hasText: 'bea@' })
      .first()
      .waitFor();
    assert.match((await workbench.tabs()).join(), /Subscribe · ann@example\.com ↔ Subscribe · bea@example\.com/);
    await workbench.picture('documents/compare');
    await closeEditors();
  });

  it('the body is held against the notification, from the event’s editor', async () => {
    await row('ann@example.com').click();
    const frame = workbench.webviewFrame();
    await frame.locator('#more').click();
    await frame.getByRole('menuitem', { name: 'Body with Notification' }).click();
    await workbench.page
      .locator('.monaco-diff-editor .modified .view-line')
      .filter({ hasText: '"topic"' })
      .first()
      .waitFor();
    await workbench.picture('documents/compare-with-notification');
    await closeEditors();
  });

  it('one that was pinned is there after a reload, in its language', async () => {
    await workbench.openAsText(row('ann@example.com'), 'Body');
    await editor('"EmailAddress": "ann@example.com"').waitFor();
    await workbench.runCommand('View: Pin Editor');
    await workbench.page.locator('.tab.sticky').waitFor();
    await workbench.reload();
    await editor('"EmailAddress": "ann@example.com"').waitFor();
    assert.deepEqual(await workbench.tabs(), ['e1 body']);
    await workbench.page.locator('.statusbar-item').getByText('JSON', { exact: true }).waitFor();
    await row('bea@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.runCommand('View: Unpin Editor');
    await closeEditors();
  });

  it('an edited body is sent by the lens above it', async () => {
    await row('ann@example.com').click();
    await choose('ann@example.com', 'Edit and Resend');
    const lens = workbench.page.locator('.codelens-decoration a').filter({ hasText: 'Send' });
    await lens.waitFor();
    await workbench.picture('actions/edit-and-resend');
    const before = receiver.requests.length;
    await untilDone(async () => {
      await lens.click({ timeout: 5000 });
      // The view in sight shows it: nothing covers that.
      await workbench.page
        .locator('.statusbar')
        .getByText(/^Sent as e\d+/)
        .waitFor({ timeout: 15_000 });
    });
    assert.equal(await workbench.notification('Sent as e').count(), 0);
    await workbench.picture('actions/sent');
    await receiver.received(before + 1);
    // It is in the history: nothing is to be saved, and nobody asks.
    await lens.waitFor({ state: 'detached' });
    assert.deepEqual(
      (await workbench.tabs()).filter((tab) => tab.includes('campaign-monitor')),
      [],
    );
    assert.equal(await workbench.dialog.count(), 0);
    await workbench.view(eventsView).locator('.monaco-list-row').first().click();
    await until(async () => (await workbench.tabs()).some((tab) => /^\w+ · \S+@/.test(tab)));
  });

  it('what is made of an event is saved by one key in the folder, and a scenario stands in Testing', async () => {
    const folder = workbench.folder!;
    const saved = async (file: string): Promise<string> => {
      await workbench.page.locator('.tab.active').filter({ hasText: file }).waitFor();
      await workbench.page.locator('.editor-group-container.active .monaco-editor').first().click();
      await workbench.page.keyboard.press('Control+s');
      // It is there a moment before it is written.
      const text = (): string => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '');
      return until(() => text() || undefined);
    };
    await choose('bea@example.com', 'Create Test…');
    await workbench.pick('Scenario');
    await workbench.pick('With Replaced Names, Addresses, and Values');
    assert.doesNotMatch(await saved('Subscribe-e2.cm-scenario.json'), /bea@/);
    const test = workbench.page.locator('.test-explorer .monaco-list-row').filter({ hasText: 'Subscribe-e2' });
    await untilDone(async () => {
      await workbench.runCommand('View: Show Testing');
      await test.first().waitFor({ timeout: 15_000 });
    });
    await workbench.picture('actions/scenario-in-testing');
    await workbench.openViewContainer(category);
    await choose('bea@example.com', 'Create Test…');
    await workbench.pick('Test File');
    await workbench.pick('With Replaced Names, Addresses, and Values');
    await workbench.page.keyboard.press('Enter');
    assert.doesNotMatch(await saved('Subscribe-e2.test.mjs'), /bea@/);
    // Another one is another file.
    await choose('bea@example.com', 'Create Test…');
    await workbench.pick('Scenario');
    await workbench.pick('With Replaced Names, Addresses, and Values');
    await saved('Subscribe-e2-2.cm-scenario.json');
    await choose('bea@example.com', 'Edit and Resend');
    assert.match(await saved('Subscribe e2.campaign-monitor.json'), /bea@example\.com/);
    await closeEditors();
  });

  it('replay says what it did, and a sample is one Enter away', async () => {
    await row('bea@example.com').click();
    const before = receiver.requests.length;
    await choose('bea@example.com', 'Resend');
    await receiver.received(before + 1);
    await workbench.runCommand(`${category}: Send Sample Events…`);
    await workbench.quickInputWidget.getByText('One event of each type').waitFor();
    await workbench.picture('actions/samples');
    await workbench.page.keyboard.press('Enter');
    await receiver.received(before + 4);
    // Any number of them, typed into the same picker.
    await workbench.runCommand(`${category}: Send Sample Events…`);
    await workbench.quickInputWidget.getByText('One event of each type').waitFor();
    await workbench.quickInput.fill('20');
    await workbench.quickInputWidget.getByText('20 × Deactivate').click();
    await receiver.received(before + 24);
    // Or each part by itself, beginning with what was sent last.
    await workbench.runCommand(`${category}: Send Sample Events…`);
    await workbench.enter('One event of each type', 'Choose Type, Number');
    await workbench.enter('Which events?', 'Update');
    await workbench.enter('How many deliveries?', '2');
    await workbench.enter('How many events per delivery?', '1');
    await workbench.question('Which list?').waitFor();
    await workbench.page.keyboard.press('Enter');
    await receiver.received(before + 26);
  });

  it('a body that is nested too deeply is shown as it came, and says so at its head', async () => {
    const { campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!);
    const deep = '['.repeat(15_000) + ']'.repeat(15_000);
    const body = `{"ListID":"l","Events":[{"Type":"Update","EmailAddress":"dee@example.com","X":${deep}}]}`;
    await send(url, { body });
    await workbench.openAsText(row('dee@example.com'), 'Body');
    await editor('Shown unformatted because the content is nested too deeply.').waitFor();
    await editor('{"ListID":"l","Events":[{"Type":"Update"').waitFor();
    await workbench.picture('documents/as-it-came');
  });
});

describe('An edit where no folder is open', () => {
  it('is saved where one says', async () => {
    const workbench = await openWorkbench({
      folder: false,
      settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
    });
    try {
      await workbench.openViewContainer(category);
      await startByButton(workbench);
      await workbench.view(view).getByText('No events yet.').waitFor();
      const { campaignMonitorUrl: url } = await statusOf(dataDirs(workbench)[0]!);
      await send(url, { body: sampleBody({ email: 'ann@example.com' }) });
      await workbench.chooseFromContextMenu(workbench.treeRow(view, 'ann@example.com'), 'Edit and Resend');
      await workbench.page.locator('.tab.active').filter({ hasText: 'campaign-monitor.json' }).waitFor();
      await untilDone(async () => {
        await workbench.page.locator('.editor-group-container.active .monaco-editor').first().click();
        await workbench.page.keyboard.press('Control+s');
        await workbench.quickInputWidget.getByText('Save As').first().waitFor({ timeout: 5000 });
      });
      await workbench.picture('actions/save-without-folder');
    } finally {
      await stopRelays(workbench);
      await workbench.close();
    }
  });
});
