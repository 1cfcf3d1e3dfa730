import assert from 'node:assert/strict';
import { category, dataDirs, eventsView, statusOf, stopRelays, untilStatusBar } from './relay.ts';
import { openWorkbench } from './workbench.ts';
import type { Workbench } from './workbench.ts';

describe('The walkthrough, by clicking through it', () => {
  let workbench: Workbench;
  const began = Date.now();
  const step = (title: string) =>
    workbench.page.locator('.getting-started-step').filter({ has: workbench.page.getByText(title, { exact: true }) });
  const press = (button: string) =>
    workbench.page.locator('.gettingStartedContainer').getByRole('button', { name: button, exact: true }).click();
  const done = (title: string) =>
    step(title)
      .locator('.getting-started-checkmark.codicon-pass-filled, .codicon-getting-started-step-checked')
      .first()
      .waitFor();

  before(async () => {
    workbench = await openWorkbench({
      ownServer: true,
      // Wide enough for the pictures beside the steps.
      viewport: { width: 1680, height: 900 },
      settings: { 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
    });
    await untilStatusBar(workbench, 'stopped');
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('begins from the palette with five steps', async () => {
    await workbench.runCommand(`${category}: Get Started`);
    await step('Start the relay').waitFor();
    assert.equal(await workbench.page.locator('.getting-started-step').count(), 5);
    await workbench.picture('walkthrough/1-start');
  });

  it('starts the relay', async () => {
    await press('Start Relay');
    await untilStatusBar(workbench, 'listens on this machine only');
    await workbench.answerNotification('subscribers', 'Only This Machine');
    await done('Start the relay');
  });

  it('sends sample events, which a sample receiver answers', async () => {
    await step('Send sample events').click();
    await workbench.picture('walkthrough/2-sample');
    await press('Send Sample Events');
    await workbench.quickInputWidget.filter({ hasText: 'One of each' }).waitFor();
    await workbench.picture('walkthrough/2-sample-choice');
    await workbench.page.keyboard.press('Enter');
    await done('Send sample events');
  });

  it('shows the events, normalised and answered by a callback, within a minute of opening VS Code', async () => {
    await step('Look at an event').click();
    await press('Show Events');
    await workbench.view(eventsView).locator('.monaco-list-row').filter({ hasText: 'sent 200' }).first().waitFor();
    const { counts } = await statusOf(dataDirs(workbench)[0]!);
    assert.equal(counts.events, 3);
    console.log(`      after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    await workbench.picture('walkthrough/3-look');
    await workbench.view(eventsView).locator('.monaco-list-row').first().click();
    await workbench.page.locator('.tab').nth(1).waitFor();
    await workbench.picture('walkthrough/3-event');
  });

  it('leads to the destinations and to a public URL that asks first', async () => {
    await workbench.runCommand(`${category}: Get Started`);
    await done('Look at an event');
    await step('Forward to your callback').click();
    await workbench.picture('walkthrough/4-callback');
    await press('Open Settings');
    await workbench.page.locator('.settings-editor').getByText('Destinations').first().waitFor();
    await workbench.picture('walkthrough/4-settings');
    await workbench.runCommand(`${category}: Get Started`);
    await step('Receive from the real Campaign Monitor').click();
    await workbench.picture('walkthrough/5-public');
    await press('Open Public URL');
    await workbench.dialog.getByText('passes through the servers of the tunnel').waitFor();
    await workbench.answerDialog('Cancel');
    assert.equal((await statusOf(dataDirs(workbench)[0]!)).tunnel.state, 'closed');
  });
});
