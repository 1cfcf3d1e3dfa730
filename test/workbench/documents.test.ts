import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { dataDirs, eventsView, startByButton, statusOf, stopRelays } from './relay.ts';
import { clickAway, openWorkbench, untilDone, type Workbench } from './workbench.ts';

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

  it('the notification and the latest answer come from the context menu', async () => {
    await workbench.openAsText(row('ann@example.com'), 'Notification');
    await editor('"topic":').waitFor();
    await workbench.openAsText(row('ann@example.com'), 'Answer');
    await editor('"taken": true').waitFor();
    await workbench.picture('documents/answer');
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

  it('an event is resent whenever a file is saved, and the status bar shows the response until it is clicked', async () => {
    const { page } = workbench;
    const item = workbench.statusBarItem('campaignMonitorRelay.resendOnSave');
    receiver.answer({ status: 500 });
    writeFileSync(join(workbench.folder!, 'server.py'), '');
    await send((await statusOf(dataDirs(workbench)[0]!)).campaignMonitorUrl, {
      body: sampleBody({ email: 'fay@example.com' }),
    });
    await row('fay@example.com').filter({ hasText: '500' }).waitFor();
    await row('fay@example.com').click();
    await choose('fay@example.com', 'Resend on Save');
    await item
      .filter({ hasText: /^ *e\d+: 500$/ })
      .and(page.locator('.error-kind'))
      .waitFor();
    await workbench.picture('actions/resend-on-save-failed');
    receiver.answer({ status: 200 });
    await page.keyboard.press('Control+p');
    await workbench.quickInput.fill('server.py');
    await clickAway(workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'server.py' }).first());
    await page.locator('.editor-group-container.active .monaco-editor').first().click();
    await page.keyboard.type('#');
    await page.keyboard.press('Control+s');
    await item
      .filter({ hasText: /^ *e\d+: 200$/ })
      .and(page.locator(':not(.error-kind)'))
      .waitFor();
    await workbench.picture('actions/resend-on-save-sent');
    await row('fay@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await item.click();
    await item.waitFor({ state: 'detached' });
    await closeEditors();
  });
});
